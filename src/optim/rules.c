#include "rules.h"

#include <math.h>

#include "lambert/base/error.h"

static inline real root(real x)
{
    return sizeof(real) == sizeof(float) ? (real)sqrtf((float)x) : (real)sqrt((double)x);
}

/* --- lamb, adamw ------------------------------------------------------------------------------ */

static void adam_direct(const struct rule_numbers *k, const real *restrict w, real *restrict g,
                        real *restrict m, real *restrict v, double *restrict squares, size_t n)
{
    kernels->adam_direction(&k->adam, w, g, m, v, squares, n);
}

static void adam_update(const struct rule_numbers *k, real *restrict w, const real *restrict g,
                        real *restrict m, real *restrict v, size_t n)
{
    kernels->adam_update(&k->adam, k->step[0], w, g, m, v, n);
}

/* r = ‖w‖ / ‖u‖ */
static double norms_ratio(const struct optimizer_options *options, double decay, double norm_w,
                          double norm_u)
{
    (void)options;
    (void)decay;
    return norm_w / norm_u;
}

/* Σ (g / max(√v̂, ε))², with v̂ as adam_direct() is about to make it. */
static double adamw_update_squares(const struct rule_numbers *numbers, const real *restrict g,
                                   const real *restrict v, size_t n)
{
    const struct adam_numbers k = numbers->adam;
    real update[OPTIMIZER_UNIT];
    for (size_t i = 0; i < n; i++) {
        const real gradient = k.clip * g[i];
        const real rms = root(k.unbias2 * (k.beta2 * v[i] + k.rest2 * gradient * gradient));
        update[i] = gradient / (rms > k.epsilon ? rms : k.epsilon);
    }
    return kernels->sum_squares(update, n);
}

/* w -= η r u */
static void apply_direction(const struct rule_numbers *k, real *restrict w, real *restrict g,
                            real *restrict m, const real *restrict v, size_t n)
{
    (void)m;
    (void)v;
    kernels->axpy(-k->step[0], g, w, n);
}

/* --- lans ------------------------------------------------------------------------------------- */

/* The moment's direction, which is measured in the first pass and made again in the second. */
static inline real lans_moment(const struct adam_numbers *k, real w, real m, real v)
{
    return k->unbias1 * m / (root(k->unbias2 * v) + k->epsilon) + k->decay * w;
}

/* The first direction is the gradient's, which only this pass can make; the second the moment's. */
static void lans_direct(const struct rule_numbers *numbers, const real *restrict w,
                        real *restrict g, real *restrict m, real *restrict v,
                        double *restrict squares, size_t n)
{
    const struct adam_numbers k = numbers->adam;
    real second[OPTIMIZER_UNIT];
    for (size_t i = 0; i < n; i++) {
        real gradient = k.clip * g[i];
        m[i] = k.beta1 * m[i] + k.rest1 * gradient;
        v[i] = k.beta2 * v[i] + k.rest2 * gradient * gradient;
        g[i] = gradient / (root(k.unbias2 * v[i]) + k.epsilon) + k.decay * w[i];
        second[i] = lans_moment(&k, w[i], m[i], v[i]);
    }
    squares[0] = kernels->sum_squares(w, n);
    squares[1] = kernels->sum_squares(g, n);
    squares[2] = kernels->sum_squares(second, n);
}

/* w -= η (β1 r u + (1 - β1) r' u'), u the moment's and u' the gradient's */
static void lans_apply(const struct rule_numbers *numbers, real *restrict w, real *restrict g,
                       real *restrict m, const real *restrict v, size_t n)
{
    const struct adam_numbers k = numbers->adam;
    const real of_gradient = k.rest1 * numbers->step[0], of_moment = k.beta1 * numbers->step[1];
    for (size_t i = 0; i < n; i++) {
        g[i] = of_gradient * g[i] + of_moment * lans_moment(&k, w[i], m[i], v[i]);
        w[i] -= g[i];
    }
}

/* --- lars, sgd -------------------------------------------------------------------------------- */

/* The ratio of lars has the norm of the gradient without decay, so decay waits for lars_apply(). */
static void lars_direct(const struct rule_numbers *k, const real *restrict w, real *restrict g,
                        real *restrict m, real *restrict v, double *restrict squares, size_t n)
{
    (void)w;
    (void)m;
    (void)v;
    (void)squares;
    for (size_t i = 0; i < n; i++)
        g[i] = k->adam.clip * g[i];
}

static double lars_ratio(const struct optimizer_options *options, double decay, double norm_w,
                         double norm_u)
{
    return options->trust_coefficient * norm_w / (norm_u + decay * norm_w);
}

/* m = μ m + η r (g + λ w);  w -= m */
static void lars_apply(const struct rule_numbers *k, real *restrict w, real *restrict g,
                       real *restrict m, const real *restrict v, size_t n)
{
    (void)v;
    for (size_t i = 0; i < n; i++) {
        m[i] = k->momentum * m[i] + k->step[0] * (g[i] + k->adam.decay * w[i]);
        w[i] -= m[i];
    }
}

/* m = μ m + g + λ w */
static void sgd_direct(const struct rule_numbers *k, const real *restrict w, real *restrict g,
                       real *restrict m, real *restrict v, double *restrict squares, size_t n)
{
    (void)v;
    (void)squares;
    for (size_t i = 0; i < n; i++) {
        m[i] = k->momentum * m[i] + k->adam.clip * g[i] + k->adam.decay * w[i];
        g[i] = m[i];
    }
}

/* --- the table -------------------------------------------------------------------------------- */

const struct rule *rule_of(enum update_rule rule)
{
    static const struct rule rules[UPDATE_RULES] = {
        [RULE_LAMB] = {.moments = 2,
                       .directions = 1,
                       .gives_squares = true,
                       .adaptive = true,
                       .direct = adam_direct,
                       .ratio = norms_ratio,
                       .apply = apply_direction},
        [RULE_ADAMW] = {.moments = 2,
                        .directions = 1,
                        .gives_squares = true,
                        .update_squares = adamw_update_squares,
                        .direct = adam_direct,
                        .apply = apply_direction,
                        .update = adam_update},
        [RULE_LARS] = {.moments = 1,
                       .directions = 1,
                       .adaptive = true,
                       .subtracts = SUBTRACTS_MOMENT,
                       .direct = lars_direct,
                       .ratio = lars_ratio,
                       .apply = lars_apply},
        [RULE_SGD] = {.moments = 1,
                      .directions = 1,
                      .direct = sgd_direct,
                      .apply = apply_direction},
        [RULE_LANS] = {.moments = 2,
                       .directions = 2,
                       .gives_squares = true,
                       .normalises = true,
                       .adaptive = true,
                       .subtracts = SUBTRACTS_GRADIENT,
                       .direct = lans_direct,
                       .ratio = norms_ratio,
                       .apply = lans_apply},
    };
    require(rule >= 0 && rule < sizeof rules / sizeof *rules);
    require(rules[rule].direct);
    return &rules[rule];
}
