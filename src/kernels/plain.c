/* The definitions of the row kernels, in plain C. Sums are in double: this table says what is
 * right, the vector tables are held against it. */
#include "plain.h"

#include <math.h>
#include <string.h>

#include "dropout_bits.h"
#include "peak.h"

#ifdef LAMBERT_DOUBLE
#define REAL(function) function
#else
#define REAL(function) function##f
#endif

static const double SQRT_HALF = 0.70710678118654752440;
static const double SQRT_2_PI = 0.79788456080286535588; /* √(2/π) */
static const double CUBE = 0.044715;

/* --- operands ---------------------------------------------------------------------------------- */

/* Element i of a row that is real or bfloat16. What is stored may lie where a real that was read
 * before lay, which only a copy of bytes is allowed. */
static real load(enum float_type type, const void *row, size_t i)
{
    if (type == TYPE_FLOAT32)
        return ((const real *)row)[i];
    return (real)bfloat16_to_float(((const uint16_t *)row)[i]);
}

static void store(enum float_type type, void *row, size_t i, real x)
{
    const uint16_t rounded = bfloat16_from_float((float)x);
    if (type == TYPE_FLOAT32)
        memcpy((real *)row + i, &x, sizeof x);
    else
        memcpy((uint16_t *)row + i, &rounded, sizeof rounded);
}

static void to_bfloat16(const real *x, uint16_t *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        store(TYPE_BFLOAT16, y, i, x[i]);
}

static void from_bfloat16(const uint16_t *x, real *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = load(TYPE_BFLOAT16, x, i);
}

/* --- dropout ----------------------------------------------------------------------------------- */

/* Dropout along a row, for columns taken one after the other from 0 on. */
struct dropper {
    const struct dropout *dropout;
    uint32_t row;
    uint32_t words[4]; /* of the eight columns at hand */
};

static real drop(struct dropper *dropper, int column, real x)
{
    const struct dropout *dropout = dropper->dropout;
    if (column % 8 == 0)
        dropout_bits(dropout, dropper->row, (uint32_t)column / 8, dropper->words);
    const uint32_t bits = dropper->words[column % 8 / 2] >> (column % 2 * 16) & 0xffff;
    return bits < dropout->threshold ? 0 : x * dropout_scale(dropout->threshold);
}

static void dropout(const struct dropout *dropout, uint32_t row, const real *x, real *y, int n)
{
    struct dropper dropper = {.dropout = dropout, .row = row};
    for (int i = 0; i < n; i++)
        y[i] = drop(&dropper, i, x[i]);
}

static void layernorm(const real *gamma, const real *beta, real eps, const real *z, real *y,
                      real *mean, real *rstd, int n)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < n; i++)
        sum += z[i];
    *mean = (real)(sum / n);
    for (int i = 0; i < n; i++)
        squares += (double)(z[i] - *mean) * (double)(z[i] - *mean);
    *rstd = (real)(1 / sqrt(squares / n + (double)eps));
    for (int i = 0; i < n; i++)
        y[i] = gamma[i] * ((z[i] - *mean) * *rstd) + beta[i];
}

static void residual_layernorm(const struct dropout *dropped, uint32_t row, const real *bias,
                               const real *residual, const real *gamma, const real *beta, real eps,
                               real *x, real *y, real *mean, real *rstd, int n)
{
    for (int i = 0; i < n; i++)
        x[i] += bias[i];
    dropout(dropped, row, x, x, n);
    for (int i = 0; i < n; i++)
        x[i] += residual[i];
    layernorm(gamma, beta, eps, x, y, mean, rstd, n);
}

/* With h = (z - mean) rstd and e = dy gamma: dz = rstd (e - mean(e) - h mean(e h)). */
static void layernorm_backward(const real *gamma, const real *z, real mean, real rstd,
                               const real *dy, real *dz, real *dgamma, real *dbeta, int n)
{
    double sum = 0, product = 0;
    for (int i = 0; i < n; i++) {
        double e = (double)dy[i] * (double)gamma[i];
        sum += e;
        product += e * (double)((z[i] - mean) * rstd);
    }
    real mean_e = (real)(sum / n), mean_eh = (real)(product / n);
    for (int i = 0; i < n; i++) {
        real h = (z[i] - mean) * rstd, e = dy[i] * gamma[i];
        dgamma[i] += dy[i] * h;
        dbeta[i] += dy[i];
        dz[i] = rstd * (e - mean_e - h * mean_eh);
    }
}

static double gelu(enum gelu_form form, double x)
{
    if (form == GELU_ERF)
        return 0.5 * x * (1 + erf(x * SQRT_HALF));
    return 0.5 * x * (1 + tanh(SQRT_2_PI * (x + CUBE * x * x * x)));
}

static double gelu_slope(enum gelu_form form, double x)
{
    if (form == GELU_ERF)
        return 0.5 * (1 + erf(x * SQRT_HALF)) + 0.5 * SQRT_2_PI * x * exp(-0.5 * x * x);
    double t = tanh(SQRT_2_PI * (x + CUBE * x * x * x));
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * SQRT_2_PI * (1 + 3 * CUBE * x * x);
}

static void bias_gelu(enum gelu_form form, enum float_type type, const real *bias, const real *x,
                      void *a, void *y, int n)
{
    for (int i = 0; i < n; i++) {
        store(type, a, i, x[i] + bias[i]);
        store(type, y, i, (real)gelu(form, (double)load(type, a, i)));
    }
}

static void gelu_backward(enum gelu_form form, enum float_type type, const void *a, const real *dy,
                          void *da, void *y, real *dbias, int n)
{
    for (int i = 0; i < n; i++) {
        const double x = (double)load(type, a, i);
        const real d = dy[i] * (real)gelu_slope(form, x);
        store(type, y, i, (real)gelu(form, x));
        store(type, da, i, d);
        dbias[i] += d;
    }
}

static void bias_tanh(const real *bias, real *x, int n)
{
    for (int i = 0; i < n; i++)
        x[i] = REAL(tanh)(x[i] + bias[i]);
}

static real largest(const real *x, int n)
{
    real best = x[0];
    for (int i = 1; i < n; i++)
        best = x[i] > best ? x[i] : best;
    return best;
}

/* exp(x - top) over x; returns the sum. */
static double exponentials(real top, real *x, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++) {
        x[i] = REAL(exp)(x[i] - top);
        sum += (double)x[i];
    }
    return sum;
}

static real attention_weights(const struct dropout *dropout, uint32_t row, real scale,
                              enum float_type type, const real *s, void *p, real *lse, int n)
{
    struct dropper dropper = {.dropout = dropout, .row = row};
    const real top = scale * largest(s, n);
    double sum = 0;
    for (int i = 0; i < n; i++) {
        const real e = REAL(exp)(scale * s[i] - top);
        sum += (double)e;
        store(type, p, i, drop(&dropper, i, e));
    }
    *lse = top + (real)log(sum);
    return (real)sum;
}

static void attention_backward(const struct dropout *dropout, uint32_t row, real scale, real lse,
                               real delta, enum float_type type, const real *s, const real *dp,
                               void *p, void *ds, int n)
{
    struct dropper dropper = {.dropout = dropout, .row = row};
    for (int i = 0; i < n; i++) {
        const real weight = REAL(exp)(scale * s[i] - lse);
        const real kept = drop(&dropper, i, 1);
        const real d = scale * weight * (dp[i] * kept - delta);
        store(type, p, i, weight * kept);
        store(type, ds, i, d);
    }
}

static double cross_entropy(const real *bias, int32_t label, real gradient_scale, real *logits,
                            bool *correct, int n)
{
    int best = 0;
    for (int i = 0; i < n; i++) {
        logits[i] += bias[i];
        if (logits[i] > logits[best])
            best = i;
    }
    real top = logits[best];
    double loss = (double)(top - logits[label]), sum = exponentials(top, logits, n);
    for (int i = 0; i < n; i++)
        logits[i] *= gradient_scale * (real)(1 / sum);
    logits[label] -= gradient_scale;
    *correct = best == label;
    return loss + log(sum);
}

static void accumulate(const real *x, real *sum, size_t n)
{
    for (size_t i = 0; i < n; i++)
        sum[i] += x[i];
}

static void multiply(real alpha, real *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] *= alpha;
}

static void axpy(real alpha, const real *x, real *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] += alpha * x[i];
}

static real dot(const real *x, const real *y, int n)
{
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += (double)x[i] * (double)y[i];
    return (real)sum;
}

static double sum_squares(const real *x, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return sum;
}

/* The direction of an element, and its moments. */
static inline real adam_element(const struct adam_numbers *k, real w, real g, real *m, real *v)
{
    real gradient = k->clip * g;
    *m = k->beta1 * *m + k->rest1 * gradient;
    *v = k->beta2 * *v + k->rest2 * gradient * gradient;
    return k->unbias1 * *m / (REAL(sqrt)(k->unbias2 * *v) + k->epsilon) + k->decay * w;
}

static void adam_direction(const struct adam_numbers *k, const real *restrict w, real *restrict g,
                           real *restrict m, real *restrict v, double *restrict squares, size_t n)
{
    for (size_t i = 0; i < n; i++)
        g[i] = adam_element(k, w[i], g[i], &m[i], &v[i]);
    squares[0] = sum_squares(w, n);
    squares[1] = sum_squares(g, n);
}

static void adam_update(const struct adam_numbers *k, real step, real *restrict w,
                        const real *restrict g, real *restrict m, real *restrict v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        w[i] += -step * adam_element(k, w[i], g[i], &m[i], &v[i]);
}

const struct kernels kernels_plain = {
    .name = "plain",
    .peak = peak_plain,
    .dropout = dropout,
    .layernorm = layernorm,
    .residual_layernorm = residual_layernorm,
    .layernorm_backward = layernorm_backward,
    .bias_gelu = bias_gelu,
    .gelu_backward = gelu_backward,
    .bias_tanh = bias_tanh,
    .attention_weights = attention_weights,
    .attention_backward = attention_backward,
    .cross_entropy = cross_entropy,
    .to_bfloat16 = to_bfloat16,
    .from_bfloat16 = from_bfloat16,
    .accumulate = accumulate,
    .multiply = multiply,
    .axpy = axpy,
    .adam_direction = adam_direction,
    .adam_update = adam_update,
    .dot = dot,
    .sum_squares = sum_squares,
};
