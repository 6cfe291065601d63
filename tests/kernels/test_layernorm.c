/* LayerNorm, alone and behind a residual, forward and backward, of every table, against what kernels.h
 * says, computed in double (trial.h). */
#include "trial.h"

#include <math.h>

#include "rounding.h"

static const struct dropout some_dropout = {0x0123456789abcdef, 7, 6554};

static double mean_size(const float *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += fabs((double)x[i]);
    return sum / n;
}

static void moments(const float *z, double eps, int n, double *mean, double *rstd)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++)
        sum += (double)z[i];
    *mean = sum / n;
    for (int i = 0; i < n; i++)
        squares += ((double)z[i] - *mean) * ((double)z[i] - *mean);
    *rstd = 1 / sqrt(squares / n + eps);
}

/* A mean that is wrong by d makes the variance larger by d². y must follow from the mean and rstd
 * that were stored, which the backward pass goes by. */
static void expect_layernorm(const float *gamma, const float *beta, float eps, const float *z,
                             const float *y, float mean, float rstd, int n)
{
    double m, r, shift = 8 * U * mean_size(z, n);
    moments(z, (double)eps, n, &m, &r);
    expect_near("mean", 0, (double)mean, m, shift);
    expect_near("rstd", 0, (double)rstd, r, r * (8 * U + r * shift * r * shift));
    for (int i = 0; i < n; i++) {
        double scaled = ((double)z[i] - (double)mean) * (double)rstd * (double)gamma[i];
        double want = scaled + (double)beta[i];
        expect_near("y", i, (double)y[i], want, 4 * U * fabs(scaled) + U * fabs(want));
    }
}

/* Rows of several natures; constant ones have no variance but eps. */
enum { NATURES = 6 };
static float *row_of_nature(int nature, int n)
{
    static const double mean[NATURES] = {0, 3, 1000, 0, 0.5, 0};
    static const double deviation[NATURES] = {1, 2, 1, 1e-4, 0, 1};
    float *row = row_normal(n, mean[nature], deviation[nature]);
    if (nature == NATURES - 1)
        row[n / 2] = -2e4f;
    return row;
}

static void try_layernorm(const struct kernels *k, int n, int nature, float eps)
{
    float *gamma = row_normal(n, 1, 0.3), *beta = row_normal(n, 0, 1), mean, rstd;
    float *z = row_of_nature(nature, n), *y = row_new((size_t)n);
    row_freeze(gamma), row_freeze(beta), row_freeze(z);
    k->layernorm(gamma, beta, eps, z, y, &mean, &rstd, n);
    expect_layernorm(gamma, beta, eps, z, y, mean, rstd, n);
}

static void layernorm_of(const struct kernels *k, int n, int nature)
{
    try_layernorm(k, n, nature, 1e-12f);
    try_layernorm(k, n, nature, 1e-5f);
}

static void layernorm_small(const struct kernels *k, int n)
{
    layernorm_of(k, n, 0);
    layernorm_of(k, n, 1);
}

static void layernorm_far(const struct kernels *k, int n)
{
    layernorm_of(k, n, 2);
    layernorm_of(k, n, 3);
}

static void layernorm_odd(const struct kernels *k, int n)
{
    layernorm_of(k, n, 4);
    layernorm_of(k, n, 5);
}

static void layernorm(void **state)
{
    (void)state;
    trials(layernorm_small);
    trials(layernorm_far);
    trials(layernorm_odd);
}

/* z = residual + branch, where the branch may have been rounded before it was added, or not. */
static void expect_sum(const struct kernels *k, const float *x, const float *bias,
                       const float *residual, const float *z, int n)
{
    float *branch = row_new((size_t)n);
    for (int i = 0; i < n; i++)
        branch[i] = x[i] + bias[i];
    k->dropout(&some_dropout, 5, branch, branch, n);
    for (int i = 0; i < n; i++) {
        double b = (double)branch[i], r = (double)residual[i];
        expect_near("z", i, (double)z[i], b + r, b == 0 ? 0 : 2 * U * (fabs(b) + fabs(r)));
    }
}

static void try_residual_layernorm(const struct kernels *k, int n)
{
    const float eps = 1e-12f;
    float *gamma = row_normal(n, 1, 0.3), *beta = row_normal(n, 0, 1), mean, rstd;
    float *x = row_normal(n, 0, 2), *bias = row_normal(n, 0, 1), *residual = row_normal(n, 1, 1);
    float *z = row_copy(x, n), *y = row_new((size_t)n);
    float *z_again = row_copy(x, n), *in_place = row_copy(residual, n), mean_again, rstd_again;
    row_freeze(gamma), row_freeze(beta), row_freeze(bias), row_freeze(residual);
    k->residual_layernorm(&some_dropout, 5, bias, residual, gamma, beta, eps, z, y, &mean, &rstd,
                          n);
    expect_sum(k, x, bias, residual, z, n);
    expect_layernorm(gamma, beta, eps, z, y, mean, rstd, n);
    k->residual_layernorm(&some_dropout, 5, bias, in_place, gamma, beta, eps, z_again, in_place,
                          &mean_again, &rstd_again, n);
    expect_same_row("y over residual", in_place, y, n);
    expect_same_row("z, y over residual", z_again, z, n);
    expect_same_row("mean, y over residual", &mean_again, &mean, 1);
    expect_same_row("rstd, y over residual", &rstd_again, &rstd, 1);
}

static void residual_layernorm(void **state)
{
    (void)state;
    trials(try_residual_layernorm);
}

/* With h = (z - mean) rstd and e = dy gamma: dz = rstd (e - mean(e) - h mean(e h)). */
static void expect_layernorm_gradient(const float *gamma, const float *z, double mean, double rstd,
                                      const float *dy, const float *dz, int n)
{
    double sum = 0, product = 0, size = 0, product_size = 0;
    for (int i = 0; i < n; i++) {
        double e = (double)dy[i] * (double)gamma[i], h = ((double)z[i] - mean) * rstd;
        sum += e, product += e * h;
        size += fabs(e), product_size += fabs(e * h);
    }
    for (int i = 0; i < n; i++) {
        double e = (double)dy[i] * (double)gamma[i], h = ((double)z[i] - mean) * rstd;
        double want = rstd * (e - sum / n - h * product / n);
        double sizes = fabs(e) + size / n + fabs(h) * product_size / n;
        expect_near("dz", i, (double)dz[i], want, rstd * 12 * U * sizes);
    }
}

static void try_layernorm_backward(const struct kernels *k, int n)
{
    float *gamma = row_normal(n, 1, 0.3), *z = row_normal(n, 1, 2), *dy = row_normal(n, 0.1, 1);
    float *dgamma0 = row_normal(n, 0, 1), *dbeta0 = row_normal(n, 0, 1);
    float *dgamma = row_copy(dgamma0, n), *dbeta = row_copy(dbeta0, n), *dz = row_new((size_t)n);
    double m, r;
    moments(z, 0.1, n, &m, &r);
    float mean = (float)m, rstd = (float)r;
    row_freeze(gamma), row_freeze(z), row_freeze(dy);
    k->layernorm_backward(gamma, z, mean, rstd, dy, dz, dgamma, dbeta, n);
    expect_layernorm_gradient(gamma, z, (double)mean, (double)rstd, dy, dz, n);
    for (int i = 0; i < n; i++) {
        double old = (double)dgamma0[i], sum = dbeta0[i] + dy[i];
        double add = (double)dy[i] * ((double)z[i] - (double)mean) * (double)rstd;
        expect_near("dgamma", i, (double)dgamma[i], old + add, 4 * U * (fabs(old) + fabs(add)));
        expect_near("dbeta", i, (double)dbeta[i], sum, 0);
    }
    float *in_place = row_copy(dy, n);
    k->layernorm_backward(gamma, z, mean, rstd, in_place, in_place, dgamma0, dbeta0, n);
    expect_same_row("dz over dy", in_place, dz, n);
    expect_same_row("dgamma, dz over dy", dgamma0, dgamma, n);
    expect_same_row("dbeta, dz over dy", dbeta0, dbeta, n);
}

static void layernorm_backward(void **state)
{
    (void)state;
    trials(try_layernorm_backward);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layernorm),
        cmocka_unit_test(residual_layernorm),
        cmocka_unit_test(layernorm_backward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
