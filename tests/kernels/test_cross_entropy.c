/* Cross-entropy of every table against what kernels.h says, computed in double (trial.h). */
#include "trial.h"

#include <math.h>

#include "exponentials.h"
#include "rounding.h"

static void cross_entropy_on(const struct kernels *k, const float *logits, const float *bias,
                             int label, int n)
{
    const float scale = 0.0625f;
    float *x = row_new((size_t)n), *gradient = row_copy(logits, n);
    int best = 0;
    for (int i = 0; i < n; i++) {
        x[i] = logits[i] + bias[i];
        best = x[i] > x[best] ? i : best;
    }
    struct sum_of_exponentials e = sum_exponentials(1, x, n);
    bool correct = label != best; /* to be overwritten */
    double loss = k->cross_entropy(bias, label, scale, gradient, &correct, n);
    double behind = e.top - (double)x[label];
    expect_near("loss", label, loss, e.lse - (double)x[label], (20 + behind) * U);
    expect_near("correct", label, correct, label == best, 0);
    for (int i = 0; i < n; i++) {
        double p = exp((double)x[i] - e.lse), away = e.top - (double)x[i], one = i == label;
        double tolerance = ((20 + 2 * away) * p + 2 * one) * U + TINY;
        expect_near("gradient", i, (double)gradient[i], (double)scale * (p - one),
                    (double)scale * tolerance);
    }
}

static void try_cross_entropy(const struct kernels *k, int n)
{
    float *logits = row_normal(n, 0, 4), *bias = row_normal(n, 0, 1);
    row_freeze(logits), row_freeze(bias);
    cross_entropy_on(k, logits, bias, 0, n);
    cross_entropy_on(k, logits, bias, n / 2, n);
    cross_entropy_on(k, logits, bias, n - 1, n);
}

static void try_certain_cross_entropy(const struct kernels *k, int n)
{
    float *logits = row_normal(n, -1e4, 1), *bias = row_normal(n, 0, 0);
    logits[n / 3] = 200;
    row_freeze(logits), row_freeze(bias);
    cross_entropy_on(k, logits, bias, n / 3, n);
    cross_entropy_on(k, logits, bias, n - 1, n);
}

/* The largest logit stands in two places (and, sums of unequal parts, in a third). */
static void try_ties(const struct kernels *k, int n)
{
    float *logits = row_normal(n, 0, 1), *bias = row_normal(n, 0, 0);
    int places[] = {n / 4, n / 2, n - 1};
    logits[places[0]] = logits[places[1]] = 16;
    logits[places[2]] = 10, bias[places[2]] = 6;
    if (places[2] == places[0] || places[2] == places[1])
        bias[places[2]] = 0, logits[places[2]] = 16;
    row_freeze(logits), row_freeze(bias);
    for (int i = 0; i < 3; i++) {
        bool correct = places[i] != places[0];
        k->cross_entropy(bias, places[i], 1, row_copy(logits, n), &correct, n);
        expect_near("correct, of equals", places[i], correct, places[i] == places[0], 0);
        cross_entropy_on(k, logits, bias, places[i], n);
    }
}

static void try_all_equal(const struct kernels *k, int n)
{
    float *logits = row_normal(n, -2, 0), *bias = row_normal(n, 1, 0);
    cross_entropy_on(k, logits, bias, 0, n);
    cross_entropy_on(k, logits, bias, n - 1, n);
}

static void cross_entropy(void **state)
{
    (void)state;
    trials(try_cross_entropy);
    trials(try_certain_cross_entropy);
    trials(try_ties);
    trials(try_all_equal);
    trials_of_length(try_cross_entropy, 30522); /* the vocabulary of BERT */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cross_entropy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
