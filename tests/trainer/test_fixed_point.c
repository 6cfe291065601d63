/* Sums that know no order, and what does not fit. */
#include "lib/unit.h"

#include <math.h>
#include <string.h>

#include "lambert/base/rng.h"
#include "lambert/dist/exchange.h"
#include "trainer/fixed_point.h"

enum { SIZE = 1001, TERMS = 37 };

static real terms[TERMS][SIZE];

static void make_terms(void)
{
    struct rng rng;
    rng_init(&rng, 1);
    for (int t = 0; t < TERMS; t++)
        for (int i = 0; i < SIZE; i++)
            terms[t][i] = (real)ldexp(rng_normal(&rng), (int)rng_below(&rng, 30) - 30);
}

static void sum_in_steps_of(int stride, int64_t *sum)
{
    double limit = fixed_point_limit(TERMS);
    for (int k = 0, t = 0; k < TERMS; k++, t = (t + stride) % TERMS) {
        if (k == 0)
            fixed_point_put(terms[t], SIZE, limit, sum);
        else
            fixed_point_add(terms[t], SIZE, limit, sum);
    }
}

static void order_does_not_matter(void **state)
{
    (void)state;
    int64_t first[SIZE], other[SIZE];
    sum_in_steps_of(1, first);
    for (int stride = 2; stride < TERMS; stride++) {
        sum_in_steps_of(stride, other);
        assert_memory_equal(first, other, sizeof first);
    }
}

/* To half a quantum a term. */
static void sums_are_right(void **state)
{
    (void)state;
    int64_t sum[SIZE];
    real values[SIZE];
    sum_in_steps_of(1, sum);
    fixed_point_read(sum, SIZE, values);
    for (int i = 0; i < SIZE; i++) {
        double wanted = 0;
        for (int t = 0; t < TERMS; t++)
            wanted += (double)terms[t][i];
        assert_true(fabs((double)values[i] - wanted) <= 6e-8 * fabs(wanted) + TERMS * 0x1p-51);
    }
}

/* The greatest terms that are let in have a sum that fits, the next greater ones are told. */
static void the_limit(void **state)
{
    (void)state;
    for (int64_t count = 1; count <= 1 << 12; count *= 2) {
        double limit = fixed_point_limit(count);
        real at = (real)limit, above = (real)(limit * (1 + 1e-6)), value;
        int64_t sum;
        fixed_point_put(&at, 1, limit, &sum);
        for (int64_t i = 1; i < count; i++)
            fixed_point_add(&at, 1, limit, &sum);
        fixed_point_read(&sum, 1, &value);
        assert_true(value == (real)(limit * (double)count));
        fixed_point_put(&above, 1, limit, &sum);
        assert_true(sum == EXCHANGE_NOT_FINITE);
    }
}

static void what_is_not_finite_stays(void **state)
{
    (void)state;
    const real bad[] = {NAN, INFINITY, -INFINITY}, one = 1;
    for (int i = 0; i < 3; i++) {
        int64_t sum;
        real value;
        fixed_point_put(&bad[i], 1, 100, &sum);
        fixed_point_add(&one, 1, 100, &sum);
        fixed_point_read(&sum, 1, &value);
        assert_true(isnan(value));
        fixed_point_put(&one, 1, 100, &sum);
        fixed_point_add(&bad[i], 1, 100, &sum);
        fixed_point_read(&sum, 1, &value);
        assert_true(isnan(value));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(sums_are_right),
        cmocka_unit_test(the_limit),
        cmocka_unit_test(what_is_not_finite_stays),
    };
    make_terms();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
