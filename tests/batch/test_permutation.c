#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/batch/permutation.h"

static void assert_bijection(uint64_t size, uint64_t key)
{
    struct permutation permutation;
    uint8_t *seen = calloc(size, 1);
    permutation_init(&permutation, size, key);
    for (uint64_t i = 0; i < size; i++) {
        uint64_t to = permutation_apply(&permutation, i);
        assert_true(to < size);
        assert_int_equal(seen[to], 0);
        seen[to] = 1;
    }
    free(seen);
}

static void every_small_size_is_a_bijection(void **state)
{
    (void)state;
    for (uint64_t size = 1; size <= 1000; size++)
        assert_bijection(size, 0x1234567 + size);
}

static void large_sizes_are_bijections(void **state)
{
    (void)state;
    assert_bijection((1 << 20) - 1, 1);
    assert_bijection(1 << 20, 2);
    assert_bijection((1 << 20) + 1, 3);
    assert_bijection(1000003, 4);
}

/* Too large to try all: what comes out stays inside, and does not repeat in what was tried. */
static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

static void huge_sizes_stay_inside(void **state)
{
    (void)state;
    enum { TRIES = 20000 };
    static const uint64_t sizes[] = {UINT64_C(1) << 33, (UINT64_C(1) << 40) + 12345, UINT64_MAX};
    uint64_t *out = calloc(TRIES, sizeof *out);
    for (int s = 0; s < 3; s++) {
        struct permutation permutation;
        permutation_init(&permutation, sizes[s], 77);
        for (uint64_t i = 0; i < TRIES; i++) {
            out[i] = permutation_apply(&permutation, sizes[s] - 1 - i);
            assert_true(out[i] < sizes[s]);
        }
        qsort(out, TRIES, sizeof *out, by_value);
        for (int i = 1; i < TRIES; i++)
            assert_true(out[i - 1] != out[i]);
    }
    free(out);
}

/* Over many keys, where two neighbours go: each of the n (n - 1) outcomes as often as the others.
 * chi-square with that many cells less one; the bound is beyond its 99.99th percentile. */
static void assert_uniform(uint64_t size, int keys, double bound)
{
    double expected = (double)keys / (double)(size * (size - 1)), chi_square = 0;
    int *count = calloc(size * size, sizeof *count);
    for (int k = 0; k < keys; k++) {
        struct permutation permutation;
        permutation_init(&permutation, size, (uint64_t)k);
        count[permutation_apply(&permutation, 0) * size + permutation_apply(&permutation, 1)]++;
    }
    for (uint64_t cell = 0; cell < size * size; cell++) {
        if (cell / size == cell % size)
            assert_int_equal(count[cell], 0);
        else
            chi_square += (count[cell] - expected) * (count[cell] - expected) / expected;
    }
    assert_true(chi_square < bound);
    free(count);
}

static void orders_are_uniform(void **state)
{
    (void)state;
    assert_uniform(3, 30000, 25.8); /* 5 degrees of freedom */
    assert_uniform(5, 40000, 52.4); /* 19 */
    assert_uniform(13, 60000, 230); /* 155 */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_small_size_is_a_bijection),
        cmocka_unit_test(large_sizes_are_bijections),
        cmocka_unit_test(huge_sizes_stay_inside),
        cmocka_unit_test(orders_are_uniform),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
