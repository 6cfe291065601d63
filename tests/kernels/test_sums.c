/* Sums and multiples of rows, of every table, against what kernels.h says, computed in double
 * (trial.h). */
#include "trial.h"

#include <math.h>

#include "rounding.h"

static void try_accumulate(const struct kernels *k, int n)
{
    float *x = row_normal(n, 0, 3), *sum = row_normal(n, 0, 1), *want = row_copy(sum, n);
    row_freeze(x);
    for (int i = 0; i < n; i++)
        want[i] += x[i];
    k->accumulate(x, sum, (size_t)n);
    expect_same_row("sum", sum, want, n);
    k->accumulate(x, sum, 0);
    expect_same_row("sum, and nothing more", sum, want, n);
}

static void try_multiply(const struct kernels *k, int n)
{
    const float alpha = -0.3f;
    float *x = row_normal(n, 0, 3), *want = row_copy(x, n);
    for (int i = 0; i < n; i++)
        want[i] = alpha * x[i];
    k->multiply(alpha, x, (size_t)n);
    expect_same_row("x", x, want, n);
    k->multiply(alpha, x, 0);
    expect_same_row("x, and nothing more", x, want, n);
}

static void try_axpy(const struct kernels *k, int n)
{
    const float alpha = -0.3f;
    float *x = row_normal(n, 0, 3), *old = row_normal(n, 0, 1), *y = row_copy(old, n);
    row_freeze(x);
    k->axpy(alpha, x, y, (size_t)n);
    for (int i = 0; i < n; i++) {
        double add = (double)alpha * (double)x[i], want = (double)old[i] + add;
        expect_near("y", i, (double)y[i], want, 2 * U * (fabs(want) + fabs(add)));
    }
    float *same = row_copy(y, n);
    k->axpy(alpha, x, y, 0);
    expect_same_row("y, and nothing more", y, same, n);
}

static void try_dot(const struct kernels *k, int n)
{
    float *x = row_normal(n, 0.2, 1), *y = row_normal(n, 0.1, 3);
    double want = 0, size = 0;
    row_freeze(x), row_freeze(y);
    for (int i = 0; i < n; i++) {
        want += (double)x[i] * (double)y[i];
        size += fabs((double)x[i] * (double)y[i]);
    }
    expect_near("dot", 0, (double)k->dot(x, y, n), want, 8 * U * size);
    expect_near("dot of a row with itself", 0, (double)k->dot(x, x, n),
                k->sum_squares(x, (size_t)n), 8 * U * k->sum_squares(x, (size_t)n));
}

/* In double: neither squares that a float cannot hold nor small ones beside large ones are lost. */
static void try_sum_squares(const struct kernels *k, int n)
{
    float *x = row_normal(n, 0, 1), *wide = row_normal(n, 0, 1e-3);
    wide[n / 2] = 2e4f;
    double want = 0, want_wide = 0, large = 0;
    for (int i = 0; i < n; i++) {
        want += (double)x[i] * (double)x[i];
        want_wide += (double)wide[i] * (double)wide[i];
    }
    row_freeze(x), row_freeze(wide);
    expect_near("sum of squares", 0, k->sum_squares(x, (size_t)n), want, 1e-13 * want);
    expect_near("wide sum", 0, k->sum_squares(wide, (size_t)n), want_wide, 1e-13 * want_wide);
    float *huge = row_normal(n, 0, 1e30);
    for (int i = 0; i < n; i++)
        large += (double)huge[i] * (double)huge[i];
    expect_near("huge sum", 0, k->sum_squares(huge, (size_t)n), large, 1e-13 * large);
    expect_near("sum of nothing", 0, k->sum_squares(x, 0), 0, 0);
}

static void sums(void **state)
{
    (void)state;
    trials(try_accumulate);
    trials(try_multiply);
    trials(try_axpy);
    trials(try_dot);
    trials(try_sum_squares);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
