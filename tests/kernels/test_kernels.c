/* Every table of row kernels against what the header says, computed in double, on every length,
 * unaligned, next to forbidden memory and in place; and the choice of a table.
 *
 * Tolerances are counted in U, the relative error of one rounding to float. A sum in float of n
 * terms over 8 or more lanes is off by a random walk of up to n / 8 roundings of partial sums: for
 * n = 3072 that is 2 U times the sum of the terms' sizes; 8 U are allowed. exp(v) turns an error of
 * v into a relative error, so where v was rounded, |v| U is added. exp may give 0 instead of
 * numbers near and below the smallest normal float: TINY.
 *
 * It is the micro-benchmark of these kernels too: `build/tests/kernels/test_kernels --bench [N]`
 * tests nothing and prints how long each takes for a row of N elements (bench_rows.h). */
#include "trial.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench_rows.h"

static const double U = 0x1p-24;
static const double TINY = 2e-38;

/* --- the choice of a table ---------------------------------------- */

static void plain_until_chosen(void **state)
{
    (void)state;
    assert_string_equal(kernels->name, "plain");
    assert_string_equal(kernels_available()[0]->name, "plain");
}

static void select_expecting(const char *isa, const struct kernels *wanted)
{
    struct error err;
    assert_int_equal(isa ? setenv("LAMBERT_ISA", isa, 1) : unsetenv("LAMBERT_ISA"), 0);
    assert_int_equal(unsetenv("LAMBERT_GEMM"), 0); /* lambert goes ill with plain */
    assert_int_equal(kernels_select(&err), 0);
    assert_ptr_equal(kernels, wanted);
}

static void a_table_is_chosen_by_name(void **state)
{
    (void)state;
    const struct kernels *const *tables = kernels_available();
    const struct kernels *last = NULL;
    for (int i = 0; tables[i]; i++) {
        last = tables[i];
        select_expecting(last->name, last);
    }
    select_expecting("plain", tables[0]);
    select_expecting(NULL, last);
    select_expecting("plain", tables[0]);
    select_expecting("", last);
}

static void an_unknown_name_is_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"v9", "Plain", "plain ", "v"};
    select_expecting("plain", kernels_available()[0]);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct error err = {""};
        setenv("LAMBERT_ISA", names[i], 1);
        assert_int_equal(kernels_select(&err), -1);
        assert_non_null(strstr(err.text, "LAMBERT_ISA"));
        assert_non_null(strstr(err.text, names[i]));
        assert_string_equal(kernels->name, "plain");
    }
}

/* --- layer normalisation ---------------------------------------- */

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

static const struct dropout some_dropout = {0x0123456789abcdef, 7, 6554};

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

/* --- activations ---------------------------------------- */

/* gelu(x) = x Φ(x): Φ, its slope, and the exponent v that Φ decays with where x is negative. The
 * tanh form's (1 + tanh(v / 2)) / 2 is written as the logistic function of v. */
static void gelu_gate(enum gelu_form form, double x, double *gate, double *slope, double *v)
{
    const double pi = 3.14159265358979323846, c = 2 * sqrt(2 / pi);
    if (form == GELU_ERF) {
        *gate = 0.5 * erfc(-x / sqrt(2));
        *slope = exp(-0.5 * x * x) / sqrt(2 * pi);
        *v = 0.5 * x * x;
    } else {
        *v = c * fabs(x + 0.044715 * x * x * x);
        double e = exp(-*v);
        *gate = (x < 0 ? e : 1) / (1 + e);
        *slope = e / ((1 + e) * (1 + e)) * c * (1 + 3 * 0.044715 * x * x);
    }
}

/* The plain kernel subtracts numbers near 1, in double, where x is far below zero: hence 1e-15. */
static void expect_gelu(enum gelu_form form, const float *a, const float *y, int n)
{
    for (int i = 0; i < n; i++) {
        double x = (double)a[i], gate, slope, v;
        gelu_gate(form, x, &gate, &slope, &v);
        double tolerance = fabs(x) * (gate * (20 + (x < 0 ? 5 * v : 0)) * U + 1e-15);
        expect_near(form == GELU_ERF ? "gelu" : "gelu, tanh", i, (double)y[i], x * gate, tolerance);
    }
}

static void expect_gelu_gradient(enum gelu_form form, const float *a, const float *dy,
                                 const float *da, const float *dbias0, const float *dbias, int n)
{
    for (int i = 0; i < n; i++) {
        double x = (double)a[i], d = (double)dy[i], old = (double)dbias0[i], gate, slope, v;
        gelu_gate(form, x, &gate, &slope, &v);
        double small = (x < 0 ? gate : 0) + fabs(x) * slope;
        double tolerance = (20 * (gate + fabs(x) * slope) + 5 * v * small) * U;
        tolerance = fabs(d) * (tolerance + 1e-15 * (1 + fabs(x * x * x)));
        double want = d * (gate + x * slope);
        expect_near("da", i, (double)da[i], want, tolerance);
        expect_near("dbias", i, (double)dbias[i], old + want,
                    tolerance + 2 * U * (fabs(old) + fabs(want)));
    }
}

/* Normal numbers with special ones among them, at other places in each row. */
static float *row_with_specials(int n)
{
    static const float specials[] = {0,       -0.0f, 1e-30f, -1e-30f, 1e-4f, -1e-4f, 0.624f,
                                     -0.626f, 0.75f, -0.75f, 1,       -1,    3,      -3,
                                     6,       -6,    9,      -9,      10,    -10,    13.2f,
                                     -13.2f,  20,    -20,    50,      -50,   1000,   -1000};
    enum { COUNT = sizeof specials / sizeof *specials };
    float *row = row_normal(n, 0, 2);
    for (int i = n % 3; i < n; i += 3)
        row[i] = specials[(i / 3 + n) % COUNT];
    return row;
}

static void gelu_on(const struct kernels *k, enum gelu_form form, const float *x0,
                    const float *bias, int n)
{
    float *x = row_copy(x0, n), *y = row_new((size_t)n), *a = row_new((size_t)n);
    for (int i = 0; i < n; i++)
        a[i] = x0[i] + bias[i];
    k->bias_gelu(form, bias, x, y, n);
    expect_same_row("a", x, a, n);
    expect_gelu(form, a, y, n);
}

static void gelu_backward_on(const struct kernels *k, enum gelu_form form, const float *a, int n)
{
    float *dy = row_normal(n, 0, 1), *dbias0 = row_normal(n, 0, 1);
    float *dbias = row_copy(dbias0, n), *da = row_new((size_t)n), *in_place = row_copy(dy, n);
    float *y = row_new((size_t)n), *y_again = row_new((size_t)n);
    row_freeze(dy);
    k->gelu_backward(form, a, dy, da, y, dbias, n);
    expect_gelu_gradient(form, a, dy, da, dbias0, dbias, n);
    expect_gelu(form, a, y, n);
    k->gelu_backward(form, a, in_place, in_place, y_again, dbias0, n);
    expect_same_row("da over dy", in_place, da, n);
    expect_same_row("y, da over dy", y_again, y, n);
    expect_same_row("dbias, da over dy", dbias0, dbias, n);
}

static void try_gelu(const struct kernels *k, int n)
{
    float *x = row_with_specials(n), *bias = row_normal(n, 0, 0.5);
    memset(bias, 0,
           (size_t)(n / 2) * sizeof *bias); /* half of the specials reach gelu as they are */
    row_freeze(x), row_freeze(bias);
    gelu_on(k, GELU_ERF, x, bias, n);
    gelu_on(k, GELU_TANH, x, bias, n);
}

static void try_gelu_backward_erf(const struct kernels *k, int n)
{
    float *a = row_with_specials(n);
    row_freeze(a);
    gelu_backward_on(k, GELU_ERF, a, n);
}

static void try_gelu_backward_tanh(const struct kernels *k, int n)
{
    float *a = row_with_specials(n);
    row_freeze(a);
    gelu_backward_on(k, GELU_TANH, a, n);
}

static void gelu(void **state)
{
    (void)state;
    trials(try_gelu);
}

static void gelu_backward(void **state)
{
    (void)state;
    trials(try_gelu_backward_erf);
    trials(try_gelu_backward_tanh);
}

static void tanh_on(const struct kernels *k, const float *x0, const float *bias, int n)
{
    float *x = row_copy(x0, n);
    k->bias_tanh(bias, x, n);
    for (int i = 0; i < n; i++) {
        double want = tanh((double)(x0[i] + bias[i]));
        expect_near("tanh", i, (double)x[i], want, 4 * U * fabs(want));
        assert_true(fabsf(x[i]) <= 1);
    }
}

static void try_tanh(const struct kernels *k, int n)
{
    float *x = row_with_specials(n), *bias = row_normal(n, 0, 0.5);
    memset(bias, 0, (size_t)(n / 2) * sizeof *bias);
    row_freeze(x), row_freeze(bias);
    tanh_on(k, x, bias, n);
}

static void bias_tanh(void **state)
{
    (void)state;
    trials(try_tanh);
}

static float *row_of_steps(float first, float last, int n)
{
    float *row = row_new((size_t)n);
    for (int i = 0; i < n; i++)
        row[i] = first + (last - first) * (float)i / (float)(n - 1);
    row_freeze(row);
    return row;
}

static void sweep_activations(const struct kernels *k, int n)
{
    float *x = row_of_steps(-25, 25, n), *zero = row_normal(n, 0, 0);
    gelu_on(k, GELU_ERF, x, zero, n);
    gelu_on(k, GELU_TANH, x, zero, n);
    tanh_on(k, x, zero, n);
    tanh_on(k, row_of_steps(-0.7f, 0.7f, n), zero, n);
}

static void sweep_slopes(const struct kernels *k, int n)
{
    float *x = row_of_steps(-25, 25, n);
    gelu_backward_on(k, GELU_ERF, x, n);
    gelu_backward_on(k, GELU_TANH, x, n);
}

static void activations_over_their_range(void **state)
{
    (void)state;
    trials_of_length(sweep_activations, 10007);
    trials_of_length(sweep_slopes, 10007);
}

/* --- attention ---------------------------------------- */

struct sum_of_exponentials {
    double top, lse;
};

static struct sum_of_exponentials sum_exponentials(double scale, const float *s, int n)
{
    double top = -INFINITY, sum = 0;
    for (int i = 0; i < n; i++)
        top = fmax(top, scale * (double)s[i]);
    for (int i = 0; i < n; i++)
        sum += exp(scale * (double)s[i] - top);
    return (struct sum_of_exponentials){top, top + log(sum)};
}

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
    *sum = k->attention_weights(dropout, QUERY, scale, weights, lse, n);
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
    k->attention_backward(dropout, QUERY, scale, lse, delta, p, ds, n);
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

/* --- cross-entropy ---------------------------------------- */

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

/* --- sums ---------------------------------------- */

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

/* --- the optimizer ---------------------------------------- */

static const struct adam_numbers adam = {.clip = 0.5f,
                                         .beta1 = 0.9f,
                                         .beta2 = 0.999f,
                                         .rest1 = 0.1f,
                                         .rest2 = 0.001f,
                                         .unbias1 = 2.5f,
                                         .unbias2 = 300,
                                         .epsilon = 1e-6f,
                                         .decay = 0.01f};

/* Moments from the old ones and the gradient; the direction from the moments that were stored. */
static void expect_adam(int i, double w, double g, double m0, double v0, double m, double v,
                        double u)
{
    const double d = (double)adam.clip * g, m_old = (double)adam.beta1 * m0;
    const double v_old = (double)adam.beta2 * v0, m_add = (double)adam.rest1 * d;
    const double v_add = (double)adam.rest2 * d * d;
    expect_near("m", i, m, m_old + m_add, 4 * U * (fabs(m_old) + fabs(m_add)));
    expect_near("v", i, v, v_old + v_add, 5 * U * (v_old + v_add));
    const double step =
        (double)adam.unbias1 * m / (sqrt((double)adam.unbias2 * v) + (double)adam.epsilon);
    const double decay = (double)adam.decay * w;
    expect_near("u", i, u, step + decay, 6 * U * (fabs(step) + fabs(decay)));
}

static void try_adam(const struct kernels *k, int n)
{
    float *w = row_normal(n, 0, 1), *g = row_normal(n, 0, 1e-2), *m0 = row_normal(n, 0, 1e-2);
    float *v0 = row_normal(n, 0, 1e-2);
    for (int i = 0; i < n; i++)
        v0[i] *= v0[i];
    g[n / 2] = m0[n / 2] = v0[n / 2] = 0; /* as an embedding that does not occur */
    float *u = row_copy(g, n), *m = row_copy(m0, n), *v = row_copy(v0, n);
    row_freeze(w);
    k->adam_direction(&adam, w, u, m, v, (size_t)n);
    for (int i = 0; i < n; i++)
        expect_adam(i, (double)w[i], (double)g[i], (double)m0[i], (double)v0[i], (double)m[i],
                    (double)v[i], (double)u[i]);
    float *same = row_copy(u, n);
    k->adam_direction(&adam, w, u, m, v, 0);
    expect_same_row("u, and nothing more", u, same, n);
}

static void adam_direction(void **state)
{
    (void)state;
    trials(try_adam);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_until_chosen),
        cmocka_unit_test(a_table_is_chosen_by_name),
        cmocka_unit_test(an_unknown_name_is_refused),
        cmocka_unit_test(layernorm),
        cmocka_unit_test(residual_layernorm),
        cmocka_unit_test(layernorm_backward),
        cmocka_unit_test(gelu),
        cmocka_unit_test(gelu_backward),
        cmocka_unit_test(bias_tanh),
        cmocka_unit_test(activations_over_their_range),
        cmocka_unit_test(attention_weights),
        cmocka_unit_test(attention_backward),
        cmocka_unit_test(cross_entropy),
        cmocka_unit_test(sums),
        cmocka_unit_test(adam_direction),
    };
    if (argc > 1 && strcmp(argv[1], "--bench") == 0)
        return bench_rows(argc > 2 ? atoi(argv[2]) : 768);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
