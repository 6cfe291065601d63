/* Every product counts itself once, under whoever made it, whatever thread it was made on. */
#include "lambert/kernels/product_counts.h"

#include "lib/unit.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/tile.h"
#include "lambert/base/memory.h"
#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"

static struct product_count counts[2 * PRODUCT_MAKERS];

/* The only count there is. */
static void expect_one(const char *maker, enum float_type type, double operations)
{
    assert_int_equal(product_counts_read(counts), 1);
    assert_string_equal(counts[0].maker, maker);
    assert_int_equal(counts[0].type, type);
    assert_true(counts[0].operations == operations);
}

static void counts_of_all_threads_are_added(void **state)
{
    (void)state;
    static const char one[] = "same name", other[] = "same name"; /* in two places */
    product_counts_reset();
    assert_int_equal(product_counts_read(counts), 0);
#pragma omp parallel num_threads(4)
    for (int i = 0; i < 3; i++)
        product_counts_add(omp_get_thread_num() % 2 ? one : other, TYPE_BFLOAT16, 10);
    expect_one("same name", TYPE_BFLOAT16, 120);
    product_counts_reset();
    assert_int_equal(product_counts_read(counts), 0);
}

static void the_largest_comes_first(void **state)
{
    (void)state;
    product_counts_reset();
    product_counts_add("a", TYPE_FLOAT32, 1);
    product_counts_add("b", TYPE_BFLOAT16, 7);
    product_counts_add("b", TYPE_FLOAT32, 2);
    product_counts_add("c", TYPE_FLOAT32, 5);
    product_counts_add("c", TYPE_FLOAT32, 0);
    assert_int_equal(product_counts_read(counts), 4);
    static const char order[] = "bcba";
    for (int i = 0; i < 4; i++)
        assert_int_equal(counts[i].maker[0], order[i]);
    assert_int_equal(counts[0].type, TYPE_BFLOAT16);
    assert_int_equal(counts[2].type, TYPE_FLOAT32);
}

/* --- products --------------------------------------------------------------------------------- */

enum { M = 70, N = 40, K = 30, PACKED = 5 };

static real a[M * K], b[K * N], c[M * N];

static void multiply_in_parallel(const struct gemm *product)
{
    gemm_parallel(product);
}

/* B packed once, rows of A on several threads. */
static void multiply_packed(const struct gemm *product)
{
    real *packed = memory_new(gemm_packed_size(N, K), sizeof *packed);
    gemm_pack(product, packed);
#pragma omp parallel for num_threads(PACKED)
    for (int i = 0; i < PACKED; i++) {
        real *copy = memory_new(gemm_copy_size(M / PACKED, K), sizeof *copy);
        struct gemm rows = *product;
        rows.m = M / PACKED;
        rows.a = a + (size_t)i * (M / PACKED) * K;
        rows.b = packed;
        rows.c = c + (size_t)i * (M / PACKED) * N;
        gemm_packed(&rows, copy);
        free(copy);
    }
    free(packed);
}

/* The name that a product of this type is counted under, with what is chosen now. */
static const char *maker_of(enum float_type type)
{
    if (gemm_is_blas())
        return "BLAS";
    return type == TYPE_BFLOAT16 && kernels->bfloat16_tile ? kernels->bfloat16_tile->name
                                                           : kernels->tile->name;
}

static void check_products(enum float_type type)
{
    void (*const ways[])(const struct gemm *product) = {multiply_in_parallel, multiply_packed};
    const struct gemm product = {.form = GEMM_NN,
                                 .m = M,
                                 .n = N,
                                 .k = K,
                                 .compute_type = type,
                                 .a = a,
                                 .lda = K,
                                 .b = b,
                                 .ldb = N,
                                 .c = c,
                                 .ldc = N};
    assert_string_equal(gemm_maker(type), maker_of(type));
    for (size_t w = 0; w < sizeof ways / sizeof *ways; w++) {
        product_counts_reset();
        ways[w](&product);
        expect_one(maker_of(type), type, (double)M * N * K);
    }
    /* Nothing to multiply, nothing to count. */
    struct gemm nothing = product;
    nothing.k = 0;
    product_counts_reset();
    gemm_parallel(&nothing);
    gemm_packed(&nothing, NULL);
    assert_int_equal(product_counts_read(counts), 0);
}

static void products_count_under_their_maker(void **state)
{
    (void)state;
    for (const struct kernels *const *table = kernels_available(); *table; table++)
        for (int blas = 0; blas < 2; blas++) {
            kernels = *table;
            gemm_use_blas(blas);
            check_products(TYPE_FLOAT32);
            check_products(TYPE_BFLOAT16);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_of_all_threads_are_added),
        cmocka_unit_test(the_largest_comes_first),
        cmocka_unit_test(products_count_under_their_maker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
