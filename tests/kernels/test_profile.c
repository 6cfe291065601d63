/* Seconds by part of the model: counted for all threads, only between start and stop, and products
 * where they say. */
#include "lib/unit.h"

#include <ctype.h>
#include <omp.h>
#include <string.h>

#include "lambert/base/clock.h"
#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/profile.h"

static void parts_have_names(void **state)
{
    (void)state;
    for (int p = 0; p < PROFILE_PARTS; p++) {
        const char *name = profile_part_name((enum profile_part)p), *end = strstr(name, "-gemm");
        assert_true(islower((unsigned char)name[0]));
        assert_int_equal(strspn(name, "abcdefghijklmnopqrstuvwxyz-"), strlen(name));
        assert_int_equal(profile_part_is_gemm((enum profile_part)p),
                         end && strlen(end) == strlen("-gemm"));
        for (int q = 0; q < p; q++)
            assert_string_not_equal(name, profile_part_name((enum profile_part)q));
    }
}

/* Sums are those, and no other part has any. */
static void expect_only(const double seconds[PROFILE_PARTS], enum profile_part part, double wanted)
{
    for (int p = 0; p < PROFILE_PARTS; p++)
        assert_true(seconds[p] == (p == (int)part ? wanted : 0));
}

static void seconds_of_all_threads_are_added(void **state)
{
    (void)state;
    double seconds[PROFILE_PARTS];
    for (int again = 0; again < 2; again++) { /* starting clears */
        profile_start();
#pragma omp parallel num_threads(4)
        {
            profile_add(PROFILE_GELU, 0.25);
            profile_add(PROFILE_GELU, 0.5);
        }
        profile_stop(seconds);
        expect_only(seconds, PROFILE_GELU, 3);
    }
}

static void the_first_thread_is_told_alone(void **state)
{
    (void)state;
    double seconds[PROFILE_PARTS];
    profile_start();
#pragma omp parallel num_threads(4)
    profile_add(PROFILE_NORM, 1 + omp_get_thread_num());
    profile_first_thread(seconds);
    expect_only(seconds, PROFILE_NORM, 1);
    profile_add(PROFILE_NORM, 2); /* it goes on */
    profile_first_thread(seconds);
    expect_only(seconds, PROFILE_NORM, 3);
    profile_stop(seconds);
    expect_only(seconds, PROFILE_NORM, 12);
}

static void nothing_is_counted_unasked(void **state)
{
    (void)state;
    double seconds[PROFILE_PARTS];
    profile_start();
    profile_stop(seconds);
    double begun = profile_begin();
    assert_true(begun == 0);
    profile_end(PROFILE_NORM, begun);
    profile_stop(seconds);
    expect_only(seconds, PROFILE_NORM, 0);
}

static void what_lies_between_is_counted(void **state)
{
    (void)state;
    double seconds[PROFILE_PARTS], outside = clock_seconds();
    profile_start();
    double begun = profile_begin();
    while (clock_seconds() - begun < 2e-3)
        ;
    profile_end(PROFILE_NORM, begun);
    profile_stop(seconds);
    assert_true(seconds[PROFILE_NORM] >= 2e-3);
    assert_true(seconds[PROFILE_NORM] <= clock_seconds() - outside);
    expect_only(seconds, PROFILE_NORM, seconds[PROFILE_NORM]);
}

static void products_count_where_they_belong(void **state)
{
    (void)state;
    enum { SIDE = 100 };
    static real a[SIDE * SIDE], b[SIDE * SIDE], c[SIDE * SIDE];
    double seconds[PROFILE_PARTS];
    for (int blas = 0; blas < 2; blas++)
        for (int part = 0; part < PROFILE_PARTS; part++) {
            gemm_use_blas(blas);
            profile_start();
            gemm_parallel(&(struct gemm){.form = GEMM_NN,
                                         .m = SIDE,
                                         .n = SIDE,
                                         .k = SIDE,
                                         .a = a,
                                         .lda = SIDE,
                                         .b = b,
                                         .ldb = SIDE,
                                         .c = c,
                                         .ldc = SIDE,
                                         .profile = (enum profile_part)part});
            profile_stop(seconds);
            assert_true(seconds[part] > 0);
            expect_only(seconds, (enum profile_part)part, seconds[part]);
        }
}

static int select_fastest(void **state)
{
    struct error err;
    (void)state;
    return kernels_select(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_have_names),
        cmocka_unit_test(seconds_of_all_threads_are_added),
        cmocka_unit_test(the_first_thread_is_told_alone),
        cmocka_unit_test(nothing_is_counted_unasked),
        cmocka_unit_test(what_lies_between_is_counted),
        cmocka_unit_test(products_count_where_they_belong),
    };
    return cmocka_run_group_tests(tests, select_fastest, NULL);
}
