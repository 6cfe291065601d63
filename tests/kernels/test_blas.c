/* Whether the BLAS will be called at all, which is known before the kernels are chosen: the same that
 * is then chosen, for all that the environment may say. */
#include "lib/unit.h"

#include <stdlib.h>

#include "lambert/kernels/blas.h"
#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"

static void set(const char *name, const char *value)
{
    assert_int_equal(value ? setenv(name, value, 1) : unsetenv(name), 0);
}

static void what_is_needed_is_what_is_chosen(void **state)
{
    (void)state;
    static const char *const isas[] = {NULL, "", "plain", "v3", "v4", "v5"};
    static const char *const engines[] = {NULL, "", "lambert", "blas", "mkl"};
    for (size_t i = 0; i < sizeof isas / sizeof *isas; i++)
        for (size_t e = 0; e < sizeof engines / sizeof *engines; e++) {
            struct error err;
            set("LAMBERT_ISA", isas[i]);
            set("LAMBERT_GEMM", engines[e]);
            const bool needed = blas_needed();
            if (kernels_select(&err) == 0)
                assert_int_equal(needed, gemm_is_blas());
        }
}

/* No word of the environment makes cblas necessary on a CPU with AVX2, but for these two. */
static void own_products_need_none(void **state)
{
    (void)state;
    const bool own = kernels_available()[1] != NULL;
    set("LAMBERT_ISA", NULL);
    set("LAMBERT_GEMM", NULL);
    assert_int_equal(blas_needed(), !own);
    set("LAMBERT_GEMM", "blas");
    assert_true(blas_needed());
    set("LAMBERT_GEMM", NULL);
    set("LAMBERT_ISA", "plain");
    assert_true(blas_needed());
    set("LAMBERT_ISA", "v5"); /* refused later, whoever makes products */
    assert_false(blas_needed());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_needed_is_what_is_chosen),
        cmocka_unit_test(own_products_need_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
