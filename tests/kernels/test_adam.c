/* Adam's moments, direction and update, of every table, against what kernels.h says, computed in double
 * (trial.h). */
#include "trial.h"

#include <math.h>

#include "rounding.h"

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
    double squares[2];
    k->adam_direction(&adam, w, u, m, v, squares, (size_t)n);
    for (int i = 0; i < n; i++)
        expect_adam(i, (double)w[i], (double)g[i], (double)m0[i], (double)v0[i], (double)m[i],
                    (double)v[i], (double)u[i]);
    expect_near("squares of w", 0, squares[0], k->sum_squares(w, (size_t)n), 0);
    expect_near("squares of u", 0, squares[1], k->sum_squares(u, (size_t)n), 0);
    float *same = row_copy(u, n);
    k->adam_direction(&adam, w, u, m, v, squares, 0);
    expect_same_row("u, and nothing more", u, same, n);
    expect_near("squares of nothing", 0, squares[0] + squares[1], 0, 0);
}

/* Both passes at once: the bits of the one and then the other, and the gradient as it was. */
static void try_update(const struct kernels *k, int n)
{
    const float step = 3e-3f;
    float *w = row_normal(n, 0, 1), *g = row_normal(n, 0, 1e-2), *m = row_normal(n, 0, 1e-2);
    float *v = row_normal(n, 1e-4, 0), *u = row_copy(g, n);
    float *new_w = row_copy(w, n), *new_m = row_copy(m, n), *new_v = row_copy(v, n);
    double squares[2];
    k->adam_direction(&adam, w, u, m, v, squares, (size_t)n);
    k->axpy(-step, u, w, (size_t)n);
    row_freeze(g);
    k->adam_update(&adam, step, new_w, g, new_m, new_v, (size_t)n);
    expect_same_row("w", new_w, w, n);
    expect_same_row("m", new_m, m, n);
    expect_same_row("v", new_v, v, n);
    k->adam_update(&adam, step, new_w, g, new_m, new_v, 0);
    expect_same_row("w, and nothing more", new_w, w, n);
}

static void adam_direction(void **state)
{
    (void)state;
    trials(try_adam);
}

static void adam_update(void **state)
{
    (void)state;
    trials(try_update);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(adam_direction),
        cmocka_unit_test(adam_update),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
