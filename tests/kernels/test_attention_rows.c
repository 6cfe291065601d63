/* Rows of attention, forward and backward, of every table, against what kernels.h says, computed in
 * double (trial.h). */
#include "trial.h"

#include <math.h>

#include "exponentials.h"
#include "rounding.h"

static const struct dropout some_dropout = {0x0123456789abcdef, 7, 6554};

/* The relative error of exp(v), v made of numbers as large as `size`. */
static double off_by(double size)
{
    return (12 + 2 * size) * U;
}

/* exp(v) times `kept`. What is too small for any float must be 0. */
static void expect_exp(const char *what, int i, float got, double v, double size, double kept)
{
    double want = exp(v);
    double tolerance = off_by(size) * want + (want < 1e-46 ? want : TINY);
    expect_near(what, i, (double)got, want * kept, tolerance * kept);
}

static const struct dropout no_dropout = {0x0123456789abcdef, 7, 0};
enum { QUERY = 11 };

/* What dropout multiplies each element by: 0 or its scale. */
static float *row_of_mask(const struct kernels *k, const struct dropout *dropout, int n)
{
    float *mask = row_normal(n, 1, 0);
    k->dropout(dropout, QUERY, mask, mask, n);
    row_freeze(mask);
    return mask;
}

static void weights_on(const struct kernels *k, const struct dropout *dropout, float scale,
                       const float *s, float *sum, float *lse, int n)
{
    float *weights = row_copy(s, n), *mask = row_of_mask(k, dropout, n);
    struct sum_of_exponentials e = sum_exponentials((double)scale, s, n);
    double terms = exp(e.lse - e.top), apart = 0;
    *sum = k->attention_weights(dropout, QUERY, scale, TYPE_FLOAT32, weights, weights, lse, n);
    for (int i = 0; i < n; i++) {
        double v = (double)scale * (double)s[i], size = fabs(v) + fabs(e.top);
        expect_exp("weight", i, weights[i], v - e.top, size, (double)mask[i]);
        apart += off_by(size) * exp(v - e.top) + TINY;
    }
    apart += 8 * U * terms;
    expect_near("sum", 0, (double)*sum, terms, apart);
    expect_near("lse", 0, (double)*lse, e.lse,
                apart / terms + 2 * U * (fabs(e.top) + fabs(e.lse - e.top) + fabs(e.lse)));
}

/* The sum is that before dropout. */
static void attention_weights_on(const struct kernels *k, float scale, const float *s, int n)
{
    float sum, lse, sum_dropped, lse_dropped;
    weights_on(k, &no_dropout, scale, s, &sum, &lse, n);
    weights_on(k, &some_dropout, scale, s, &sum_dropped, &lse_dropped, n);
    expect_same_row("sum, with dropout", &sum_dropped, &sum, 1);
    expect_same_row("lse, with dropout", &lse_dropped, &lse, 1);
}

static void try_weights(const struct kernels *k, int n)
{
    float *s = row_normal(n, 0, 5);
    row_freeze(s);
    attention_weights_on(k, 0.125f, s, n);
    attention_weights_on(k, 1, s, n);
}

static void try_spread_weights(const struct kernels *k, int n)
{
    float *spread = row_normal(n, 0, 40), *far = row_normal(n, 0, 2); /* the whole range of exp */
    for (int i = 0; i < n; i++)
        far[i] -= 1e4f;
    attention_weights_on(k, 1, spread, n);
    attention_weights_on(k, 0.125f, far, n);
}

static void try_uneven_weights(const struct kernels *k, int n)
{
    float *some = row_normal(n, 3, 2);
    for (int i = n / 2; i < n - 1; i++)
        some[i] = -1e4f;
    attention_weights_on(k, 1, some, n);
    float *alone = row_normal(n, -90, 0); /* all equal, and one that outweighs all */
    attention_weights_on(k, 1, alone, n);
    alone[n / 3] = 90;
    attention_weights_on(k, 1, alone, n);
}

static void attention_weights(void **state)
{
    (void)state;
    trials(try_weights);
    trials(try_spread_weights);
    trials(try_uneven_weights);
}

static void attention_backward_on(const struct kernels *k, const struct dropout *dropout,
                                  float scale, float lse, const float *s, int n)
{
    const float delta = 0.3f;
    float *dp = row_normal(n, 0, 2), *p = row_copy(s, n), *mask = row_of_mask(k, dropout, n);
    dp[n / 2] = delta;
    float *ds = row_copy(dp, n);
    k->attention_backward(dropout, QUERY, scale, lse, delta, TYPE_FLOAT32, p, ds, p, ds, n);
    for (int i = 0; i < n; i++) {
        double v = (double)scale * (double)s[i], size = fabs(v) + fabs((double)lse);
        double kept = (double)mask[i], d = kept * (double)dp[i], less = d - (double)delta;
        double weight = exp(v - (double)lse), sizes = fabs(d) + fabs((double)delta);
        expect_exp("p", i, p[i], v - (double)lse, size, kept);
        expect_near("ds", i, (double)ds[i], (double)scale * weight * less,
                    (double)scale *
                            ((off_by(size) * weight + TINY) * fabs(less) + 4 * U * weight * sizes) +
                        TINY);
    }
}

static void try_attention_backward(const struct kernels *k, int n)
{
    float *s = row_normal(n, 0, 5), *spread = row_normal(n, 0, 40);
    float lse = (float)sum_exponentials(0.125, s, n).lse;
    float lse_spread = (float)sum_exponentials(1, spread, n).lse;
    row_freeze(s), row_freeze(spread);
    attention_backward_on(k, &no_dropout, 0.125f, lse, s, n);
    attention_backward_on(k, &some_dropout, 0.125f, lse, s, n);
    attention_backward_on(k, &some_dropout, 1, lse_spread, spread, n);
}

static void sweep_exp(const struct kernels *k, int n)
{
    attention_backward_on(k, &no_dropout, 1, 0, row_of_steps(-110, 0, n), n);
}

static void attention_backward(void **state)
{
    (void)state;
    trials(try_attention_backward);
    trials_of_length(sweep_exp, 30011);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(attention_weights),
        cmocka_unit_test(attention_backward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
