/* ranks: 1 2 3 */
/* Against sums whose exact value is known, in any order. */
#include "../dist/ranks.h"

#include <math.h>
#include <stdlib.h>

#include "lambert/base/rng.h"
#include "optim/exact_sum.h"

static double sum_of(const double *values, int count, int stride)
{
    struct exact_sum sum = {0};
    for (int i = 0, at = 0; i < count; i++, at = (at + stride) % count)
        exact_sum_add(&sum, values[at]);
    return exact_sum_read(&sum);
}

static void single_values_come_back(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 1);
    for (int i = 0; i < 20000; i++) {
        double value = ldexp(1 + rng_uniform(&rng), (int)rng_below(&rng, 500) - 260);
        assert_true(sum_of(&value, 1, 1) == value);
    }
    const double edges[] = {0, 1, 0x1p-260, 0x1.fffffffffffffp255, 0x1p-1, 0x1p40, 0x1p-40};
    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        assert_true(sum_of(&edges[i], 1, 1) == edges[i]);
}

static void below_the_lowest_bit_is_cut_off(void **state)
{
    (void)state;
    const double lowest = ldexp(1, EXACT_LOWEST);
    const double values[][2] = {{1.75 * lowest, lowest},
                                {0.75 * lowest, 0},
                                {lowest * 0x1.fffffffffffffp20, lowest * 0x1.fffffp20},
                                {0x1p-1060, 0}, /* subnormal */
                                {0x1p-1074, 0},
                                {0, 0}};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        assert_true(sum_of(&values[i][0], 1, 1) == values[i][1]);
}

/* Ones beside 2^70, where double alone forgets them. */
static void nothing_is_forgotten(void **state)
{
    (void)state;
    struct exact_sum sum = {0};
    exact_sum_add(&sum, 0x1p70);
    for (int i = 0; i < (1 << 18); i++)
        exact_sum_add(&sum, 1);
    assert_true(exact_sum_read(&sum) == 0x1p70 + 0x1p18);
}

/* Integers up to 2^53 in many sizes: the sum in uint64_t is exact too. */
static void order_does_not_matter(void **state)
{
    (void)state;
    enum { COUNT = 9973 }; /* a prime: any stride visits all */
    static double values[COUNT];
    struct rng rng;
    uint64_t wanted = 0;
    rng_init(&rng, 2);
    for (int i = 0; i < COUNT; i++) {
        uint64_t value = rng_u64(&rng) >> (24 + rng_below(&rng, 40));
        values[i] = (double)value;
        wanted += value;
    }
    for (int stride = 1; stride < 60; stride++)
        assert_true(sum_of(values, COUNT, stride) == (double)wanted);
}

static void what_is_not_finite_shows(void **state)
{
    (void)state;
    const double bad[] = {NAN, -NAN, INFINITY, 0x1p500};
    for (int i = 0; i < 4; i++) {
        const double values[] = {1, bad[i], 2};
        assert_true(isnan(sum_of(values, 3, 1)));
    }
}

/* Any way to deal terms to ranks gives the same. */
static void over_ranks(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    double values[COUNT];
    struct exact_sum sums[2] = {0};
    struct rng rng;
    rng_init(&rng, 3);
    for (int i = 0; i < COUNT; i++)
        values[i] = ldexp(rng_uniform(&rng), (int)rng_below(&rng, 100) - 50);
    for (int i = 0; i < COUNT; i++) {
        if (i % dist_size(ranks) == dist_rank(ranks))
            exact_sum_add(&sums[0], values[i]);
        if (i * dist_size(ranks) / COUNT == dist_rank(ranks))
            exact_sum_add(&sums[1], values[i]);
    }
    exact_sum_all(ranks, sums, 2);
    assert_true(exact_sum_read(&sums[0]) == sum_of(values, COUNT, 1));
    assert_true(exact_sum_read(&sums[1]) == sum_of(values, COUNT, 1));
}

/* The sum of parts is that of the whole. */
static void parts_are_merged(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    double values[COUNT];
    struct exact_sum whole = {0}, parts[3] = {0}, merged = {0};
    struct rng rng;
    rng_init(&rng, 4);
    for (int i = 0; i < COUNT; i++) {
        values[i] = ldexp(rng_uniform(&rng), (int)rng_below(&rng, 100) - 50);
        exact_sum_add(&whole, values[i]);
        exact_sum_add(&parts[i % 3], values[i]);
    }
    for (int k = 0; k < 3; k++)
        exact_sum_merge(&merged, &parts[k]);
    assert_memory_equal(&merged, &whole, sizeof whole);
    exact_sum_add(&parts[1], NAN);
    exact_sum_merge(&merged, &parts[1]);
    assert_true(isnan(exact_sum_read(&merged)));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(single_values_come_back),  RANKS_TEST(below_the_lowest_bit_is_cut_off),
        RANKS_TEST(nothing_is_forgotten),     RANKS_TEST(order_does_not_matter),
        RANKS_TEST(what_is_not_finite_shows), RANKS_TEST(over_ranks),
        RANKS_TEST(parts_are_merged),
    };
    return RANKS_RUN(tests, &argc, &argv);
}
