/* Sums over blocks of rows: added in order, whatever the table and the number of threads; and
 * clearing. */
#include "lib/unit.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"

static void rows_make_blocks(void **state)
{
    (void)state;
    assert_int_equal(row_blocks(0), 0);
    assert_int_equal(row_blocks(1), 1);
    assert_int_equal(row_blocks(ROW_BLOCK), 1);
    assert_int_equal(row_blocks(ROW_BLOCK + 1), 2);
    assert_int_equal(row_blocks(10 * ROW_BLOCK), 10);
}

enum { BEHIND = 16 };

struct problem {
    int blocks, n;
    real *partial, *before, *want, *sum; /* but partial: [n], and BEHIND more that are not summed */
};

static void problem_init(struct problem *p, int blocks, int n)
{
    size_t length = (size_t)(n + BEHIND);
    struct rng rng;
    rng_init(&rng, rng_key(3, RNG_TEST, (uint64_t)blocks, (uint64_t)n));
    *p = (struct problem){.blocks = blocks, .n = n};
    p->partial = memory_new((size_t)blocks * (size_t)n + 1, sizeof(real));
    p->before = memory_new(length, sizeof(real));
    p->want = memory_new(length, sizeof(real));
    p->sum = memory_new(length, sizeof(real));
    for (int i = 0; i < blocks * n; i++)
        p->partial[i] = (real)rng_normal(&rng);
    for (size_t i = 0; i < length; i++)
        p->want[i] = p->before[i] = (real)rng_normal(&rng);
    for (int b = 0; b < blocks; b++)
        for (int i = 0; i < n; i++)
            p->want[i] += p->partial[b * n + i];
}

static void problem_release(struct problem *p)
{
    free(p->partial);
    free(p->before);
    free(p->want);
    free(p->sum);
}

static void expect_sums(struct problem *p)
{
    size_t bytes = (size_t)(p->n + BEHIND) * sizeof(real);
    for (int threads = 1; threads <= 5; threads++) {
        omp_set_num_threads(threads);
        memcpy(p->sum, p->before, bytes);
        column_sums(p->partial, p->blocks, p->n, p->sum);
        if (memcmp(p->sum, p->want, bytes) != 0)
            fail_msg("%s kernels, %d threads: other sums of %d blocks of %d", kernels->name,
                     threads, p->blocks, p->n);
    }
}

static void blocks_are_added_in_order(void **state)
{
    (void)state;
    static const int lengths[] = {1, 7, 255, 256, 257, 513, 768, 3072};
    static const int blocks[] = {0, 1, 2, 5, 33};
    for (const struct kernels *const *table = kernels_available(); *table; table++) {
        kernels = *table;
        for (int i = 0; i < 8; i++)
            for (int b = 0; b < 5; b++) {
                struct problem p;
                problem_init(&p, blocks[b], lengths[i]);
                expect_sums(&p);
                problem_release(&p);
            }
    }
}

static void exactly_the_array_is_cleared(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 1000, 65535, 65536, 65537, 300000};
    enum { LONGEST = 300000 };
    real *x = memory_new(LONGEST + 1, sizeof *x);
    omp_set_num_threads(3);
    for (size_t l = 0; l < sizeof lengths / sizeof *lengths; l++) {
        for (size_t i = 0; i <= LONGEST; i++)
            x[i] = 1;
        array_clear(x, lengths[l]);
        for (size_t i = 0; i <= LONGEST; i++)
            assert_true(x[i] == (i < lengths[l] ? 0 : 1));
    }
    free(x);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_make_blocks),
        cmocka_unit_test(blocks_are_added_in_order),
        cmocka_unit_test(exactly_the_array_is_cleared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
