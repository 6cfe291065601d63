/* GELU in both forms, forward and backward, and tanh, of every table, against what kernels.h says,
 * computed in double (trial.h). */
#include "trial.h"

#include <math.h>
#include <string.h>

#include "rounding.h"

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
    k->bias_gelu(form, TYPE_FLOAT32, bias, x, x, y, n);
    expect_same_row("a", x, a, n);
    expect_gelu(form, a, y, n);
}

static void gelu_backward_on(const struct kernels *k, enum gelu_form form, const float *a, int n)
{
    float *dy = row_normal(n, 0, 1), *dbias0 = row_normal(n, 0, 1);
    float *dbias = row_copy(dbias0, n), *da = row_new((size_t)n), *in_place = row_copy(dy, n);
    float *y = row_new((size_t)n), *y_again = row_new((size_t)n);
    row_freeze(dy);
    k->gelu_backward(form, TYPE_FLOAT32, a, dy, da, y, dbias, n);
    expect_gelu_gradient(form, a, dy, da, dbias0, dbias, n);
    expect_gelu(form, a, y, n);
    k->gelu_backward(form, TYPE_FLOAT32, a, in_place, in_place, y_again, dbias0, n);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gelu),
        cmocka_unit_test(gelu_backward),
        cmocka_unit_test(bias_tanh),
        cmocka_unit_test(activations_over_their_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
