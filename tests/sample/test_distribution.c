#include "lib/unit.h"

#include <math.h>
#include <stdlib.h>

#include "lambert/base/rng.h"
#include "lambert/sample/distribution.h"

enum { VALUES = 5000 };

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* Values of every size up to 2^bits, in order. */
static void draw(uint64_t values[VALUES], int bits, struct distribution *distribution)
{
    struct rng rng;
    rng_init(&rng, (uint64_t)bits);
    distribution_init(distribution);
    for (int i = 0; i < VALUES; i++) {
        values[i] = (uint64_t)exp2(rng_uniform(&rng) * bits);
        distribution_add(distribution, values[i]);
    }
    qsort(values, VALUES, sizeof *values, by_value);
}

static void small_values_are_as_if_sorted(void **state)
{
    (void)state;
    uint64_t values[VALUES];
    struct distribution d;
    double sum = 0;
    draw(values, 16, &d);
    for (int i = 0; i < VALUES; i++) {
        sum += (double)values[i];
        assert_int_equal(distribution_quantile(&d, (i + 0.5) / VALUES), values[i]);
    }
    assert_int_equal(d.count, VALUES);
    assert_int_equal(d.largest, values[VALUES - 1]);
    assert_int_equal(distribution_quantile(&d, 1), values[VALUES - 1]);
    assert_true(distribution_mean(&d) == sum / VALUES);
    distribution_release(&d);
}

static void large_values_are_close(void **state)
{
    (void)state;
    uint64_t values[VALUES];
    struct distribution d;
    draw(values, 64, &d);
    for (int i = 0; i < VALUES; i++) {
        uint64_t found = distribution_quantile(&d, (i + 0.5) / VALUES);
        assert_true(found >= values[i]);
        assert_true((double)(found - values[i]) <= (double)values[i] / 32768);
    }
    assert_int_equal(distribution_quantile(&d, 1), values[VALUES - 1]);
    distribution_release(&d);
}

static void every_border_is_counted_apart(void **state)
{
    (void)state;
    for (int bit = 0; bit < 64; bit++) {
        struct distribution d;
        uint64_t border = UINT64_C(1) << bit;
        distribution_init(&d);
        distribution_add(&d, border - 1);
        distribution_add(&d, border);
        assert_int_equal(distribution_quantile(&d, 0), border - 1);
        assert_int_equal(distribution_quantile(&d, 0.5), border);
        distribution_release(&d);
    }
    struct distribution d;
    distribution_init(&d);
    distribution_add(&d, UINT64_MAX);
    assert_true(distribution_quantile(&d, 0) == UINT64_MAX);
    distribution_release(&d);
}

static void nothing_has_no_values(void **state)
{
    (void)state;
    struct distribution d;
    distribution_init(&d);
    assert_int_equal(distribution_quantile(&d, 0.5), 0);
    assert_true(distribution_mean(&d) == 0);
    distribution_release(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_values_are_as_if_sorted),
        cmocka_unit_test(large_values_are_close),
        cmocka_unit_test(every_border_is_counted_apart),
        cmocka_unit_test(nothing_has_no_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
