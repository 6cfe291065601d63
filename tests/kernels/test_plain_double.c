/* The plain kernels in double precision: each backward kernel against central differences of its
 * forward kernel. The function that is differentiated is sum of w y, where y is the forward
 * kernel's row and w a row of random weights, so that dy = w.
 *
 * With a step h a central difference is off by h² times a third derivative and by rounding, 1e-16 /
 * h times the function: with h = 1e-5 and numbers near 1 about 1e-10. PRECISION leaves room for
 * third derivatives and for sums of a few dozen terms. */
#include "lib/unit.h"

#include <math.h>
#include <string.h>

#include "lambert/base/rng.h"
#include "lambert/kernels/kernels.h"

enum { LONGEST = 41 };
static const double STEP = 1e-5;
static const double PRECISION = 1e-8;

static const int lengths[] = {2, 3, 7, 16, LONGEST};
enum { LENGTHS = sizeof lengths / sizeof *lengths };

/* The inputs and parameters of whatever is differentiated; each kernel uses some. */
struct point {
    int n;
    enum gelu_form form;
    int32_t label;
    double scale;
    struct dropout dropout;
    double x[LONGEST], bias[LONGEST], residual[LONGEST], gamma[LONGEST], beta[LONGEST];
    double w[LONGEST];
};

static const double EPS = 1e-5;
enum { ROW = 9 };

static void fill(double *row, int n, double mean, double deviation, struct rng *rng)
{
    for (int i = 0; i < n; i++)
        row[i] = mean + deviation * rng_normal(rng);
}

static void point_init(struct point *p, int n)
{
    struct rng rng;
    rng_init(&rng, rng_key(4, RNG_TEST, (uint64_t)n, 0));
    *p = (struct point){.n = n, .scale = 0.7, .dropout = {11, 3, 16384}};
    fill(p->x, n, 0.5, 1.5, &rng);
    fill(p->bias, n, 0, 0.5, &rng);
    fill(p->residual, n, 0, 1, &rng);
    fill(p->gamma, n, 1, 0.3, &rng);
    fill(p->beta, n, 0, 1, &rng);
    fill(p->w, n, 0.2, 1, &rng);
}

typedef double function(const struct point *p);

static double weighted(const struct point *p, const double *y)
{
    double sum = 0;
    for (int i = 0; i < p->n; i++)
        sum += p->w[i] * y[i];
    return sum;
}

/* p is as it was afterwards. */
static double slope(function *f, const struct point *p, double *x)
{
    double old = *x;
    *x = old + STEP;
    double ahead = f(p);
    *x = old - STEP;
    double behind = f(p);
    *x = old;
    return (ahead - behind) / (2 * STEP);
}

/* gradient [n] is that of f along row `x` of the point. */
static void expect_gradient(const char *what, function *f, const struct point *p, double *x,
                            const double *gradient)
{
    double largest = 0;
    for (int i = 0; i < p->n; i++)
        largest = fmax(largest, fabs(gradient[i]));
    assert_true(largest > 1e-4); /* zeros prove nothing */
    for (int i = 0; i < p->n; i++) {
        double want = slope(f, p, &x[i]);
        if (!(fabs(gradient[i] - want) <= PRECISION * (largest + fabs(want))))
            fail_msg("%s, element %d of %d: %.12g, by differences %.12g", what, i, p->n,
                     gradient[i], want);
    }
}

/* Gradients of parameters are added to what is there. */
enum { BEFORE = 3 };

static void start(double *sum)
{
    for (int i = 0; i < LONGEST; i++)
        sum[i] = BEFORE;
}

static void take_start_away(double *sum, int n)
{
    for (int i = 0; i < n; i++)
        sum[i] -= BEFORE;
    for (int i = n; i < LONGEST; i++)
        assert_true(sum[i] == BEFORE);
}

/* --- layer normalisation -------------------------------------------------------------------- */

static double layernorm(const struct point *p)
{
    double y[LONGEST], mean, rstd;
    kernels->layernorm(p->gamma, p->beta, EPS, p->x, y, &mean, &rstd, p->n);
    return weighted(p, y);
}

static void layernorm_gradients(void **state)
{
    (void)state;
    for (int l = 0; l < LENGTHS; l++) {
        struct point p;
        double y[LONGEST], dz[LONGEST], dgamma[LONGEST], dbeta[LONGEST], mean, rstd;
        point_init(&p, lengths[l]);
        start(dgamma), start(dbeta);
        kernels->layernorm(p.gamma, p.beta, EPS, p.x, y, &mean, &rstd, p.n);
        kernels->layernorm_backward(p.gamma, p.x, mean, rstd, p.w, dz, dgamma, dbeta, p.n);
        take_start_away(dgamma, p.n), take_start_away(dbeta, p.n);
        expect_gradient("dgamma", layernorm, &p, p.gamma, dgamma);
        expect_gradient("dbeta", layernorm, &p, p.beta, dbeta);
        if (p.n > 2) /* of two numbers only the order matters, nearly: the gradient is near 0 */
            expect_gradient("dz", layernorm, &p, p.x, dz);
    }
}

static double residual_layernorm(const struct point *p)
{
    double z[LONGEST], y[LONGEST], mean, rstd;
    memcpy(z, p->x, sizeof z);
    kernels->residual_layernorm(&p->dropout, ROW, p->bias, p->residual, p->gamma, p->beta, EPS, z,
                                y, &mean, &rstd, p->n);
    return weighted(p, y);
}

/* Dropout is linear: its own backward kernel, with the same key, stream and row. */
static void residual_layernorm_gradients(void **state)
{
    (void)state;
    for (int l = 1; l < LENGTHS; l++) {
        struct point p;
        double z[LONGEST], y[LONGEST], dz[LONGEST], dx[LONGEST], unused[2][LONGEST] = {{0}};
        double mean, rstd;
        point_init(&p, lengths[l]);
        memcpy(z, p.x, sizeof z);
        kernels->residual_layernorm(&p.dropout, ROW, p.bias, p.residual, p.gamma, p.beta, EPS, z, y,
                                    &mean, &rstd, p.n);
        kernels->layernorm_backward(p.gamma, z, mean, rstd, p.w, dz, unused[0], unused[1], p.n);
        kernels->dropout(&p.dropout, ROW, dz, dx, p.n);
        expect_gradient("dresidual", residual_layernorm, &p, p.residual, dz);
        expect_gradient("dx", residual_layernorm, &p, p.x, dx);
        expect_gradient("dbias", residual_layernorm, &p, p.bias, dx);
    }
}

/* --- activations ---------------------------------------------------------------------------- */

static double gelu(const struct point *p)
{
    double x[LONGEST], y[LONGEST];
    memcpy(x, p->x, sizeof x);
    kernels->bias_gelu(p->form, TYPE_FLOAT32, p->bias, x, x, y, p->n);
    return weighted(p, y);
}

static void check_gelu(enum gelu_form form, int n, double first, double last)
{
    struct point p;
    double a[LONGEST], y[LONGEST], y_again[LONGEST], da[LONGEST], dbias[LONGEST];
    point_init(&p, n);
    p.form = form;
    for (int i = 0; i < n; i++)
        p.x[i] = first + (last - first) * i / (n - 1);
    memcpy(a, p.x, sizeof a);
    start(dbias);
    kernels->bias_gelu(form, TYPE_FLOAT32, p.bias, a, a, y, n);
    kernels->gelu_backward(form, TYPE_FLOAT32, a, p.w, da, y_again, dbias, n);
    assert_memory_equal(y_again, y, (size_t)n * sizeof *y);
    take_start_away(dbias, n);
    expect_gradient("da", gelu, &p, p.x, da);
    expect_gradient("gelu's dbias", gelu, &p, p.bias, dbias);
}

static void gelu_gradients(void **state)
{
    (void)state;
    for (int l = 0; l < LENGTHS; l++)
        for (int form = GELU_ERF; form <= GELU_TANH; form++) {
            check_gelu((enum gelu_form)form, lengths[l], -3, 3);
            check_gelu((enum gelu_form)form, lengths[l], -12, 9);
        }
}

static double bias_tanh(const struct point *p)
{
    double x[LONGEST];
    memcpy(x, p->x, sizeof x);
    kernels->bias_tanh(p->bias, x, p->n);
    return weighted(p, x);
}

/* The backward pass of tanh, 1 - y², has no kernel. */
static void tanh_gradient(void **state)
{
    (void)state;
    for (int l = 0; l < LENGTHS; l++) {
        struct point p;
        double y[LONGEST], dx[LONGEST];
        point_init(&p, lengths[l]);
        memcpy(y, p.x, sizeof y);
        kernels->bias_tanh(p.bias, y, p.n);
        for (int i = 0; i < p.n; i++)
            dx[i] = p.w[i] * (1 - y[i] * y[i]);
        expect_gradient("tanh's dx", bias_tanh, &p, p.x, dx);
        expect_gradient("tanh's dbias", bias_tanh, &p, p.bias, dx);
    }
}

/* --- attention ------------------------------------------------------------------------------ */

/* Of a row of scores: dropout(softmax) in `weights`; returns log-sum-exp. */
static double attend(const struct point *p, double *weights)
{
    double lse, sum;
    memcpy(weights, p->x, sizeof p->x);
    sum = kernels->attention_weights(&p->dropout, ROW, p->scale, TYPE_FLOAT32, weights, weights,
                                     &lse, p->n);
    kernels->multiply(1 / sum, weights, (size_t)p->n);
    return lse;
}

/* With one value for each key, w: the output that the attention of this row comes to. */
static double attention(const struct point *p)
{
    double weights[LONGEST];
    attend(p, weights);
    return kernels->dot(weights, p->w, p->n);
}

static double log_sum_exp(const struct point *p)
{
    double weights[LONGEST];
    return attend(p, weights);
}

static void attention_gradient_of(const struct point *p, double *x)
{
    double weights[LONGEST], again[LONGEST], ds[LONGEST], dlse[LONGEST];
    double lse = attend(p, weights), delta = attention(p);
    memcpy(again, p->x, sizeof again);
    memcpy(ds, p->w, sizeof ds);
    kernels->attention_backward(&p->dropout, ROW, p->scale, lse, delta, TYPE_FLOAT32, again, ds,
                                again, ds, p->n);
    for (int i = 0; i < p->n; i++) {
        assert_true(fabs(again[i] - weights[i]) <= 1e-14);
        dlse[i] = p->scale * exp(p->scale * p->x[i] - lse);
    }
    expect_gradient("ds", attention, p, x, ds);
    expect_gradient("the slope of log-sum-exp", log_sum_exp, p, x, dlse);
}

static void attention_gradient(void **state)
{
    (void)state;
    for (int l = 0; l < LENGTHS; l++) {
        struct point p;
        point_init(&p, lengths[l]);
        attention_gradient_of(&p, p.x);
        p.dropout.threshold = 0;
        attention_gradient_of(&p, p.x);
    }
}

/* --- cross-entropy -------------------------------------------------------------------------- */

static double cross_entropy(const struct point *p)
{
    double logits[LONGEST];
    bool correct;
    memcpy(logits, p->x, sizeof logits);
    return p->scale * kernels->cross_entropy(p->bias, p->label, p->scale, logits, &correct, p->n);
}

static void cross_entropy_gradient(void **state)
{
    (void)state;
    for (int l = 0; l < LENGTHS; l++) {
        const int labels[3] = {0, lengths[l] / 2, lengths[l] - 1};
        for (int i = 0; i < 3; i++) {
            struct point p;
            double gradient[LONGEST];
            bool correct;
            point_init(&p, lengths[l]);
            p.label = labels[i];
            memcpy(gradient, p.x, sizeof gradient);
            kernels->cross_entropy(p.bias, p.label, p.scale, gradient, &correct, p.n);
            expect_gradient("dlogits", cross_entropy, &p, p.x, gradient);
            expect_gradient("cross-entropy's dbias", cross_entropy, &p, p.bias, gradient);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layernorm_gradients), cmocka_unit_test(residual_layernorm_gradients),
        cmocka_unit_test(gelu_gradients),      cmocka_unit_test(tanh_gradient),
        cmocka_unit_test(attention_gradient),  cmocka_unit_test(cross_entropy_gradient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
