#include "rules.h"

#include "lambert/base/error.h"

static void adam_direction(const struct rule_numbers *restrict k, const real *restrict w,
                           real *restrict g, real *restrict m, real *restrict v, size_t n)
{
    kernels->adam_direction(&k->adam, w, g, m, v, n);
}

static double lamb_ratio(const struct optimizer_options *options, double decay, double norm_w,
                         double norm_u)
{
    (void)options;
    (void)decay;
    return norm_w / norm_u;
}

/* w -= η r u */
static void descend(const struct rule_numbers *restrict k, real *restrict w, const real *restrict u,
                    real *restrict m, size_t n)
{
    (void)m;
    kernels->axpy(-k->step, u, w, n);
}

/* The ratio of lars has the norm of the gradient without decay, so decay waits for lars_apply(). */
static void lars_direction(const struct rule_numbers *restrict k, const real *restrict w,
                           real *restrict g, real *restrict m, real *restrict v, size_t n)
{
    (void)w;
    (void)m;
    (void)v;
    for (size_t i = 0; i < n; i++)
        g[i] = k->adam.clip * g[i];
}

static double lars_ratio(const struct optimizer_options *options, double decay, double norm_w,
                         double norm_u)
{
    return options->trust_coefficient * norm_w / (norm_u + decay * norm_w);
}

/* m = μ m + η r (g + λ w);  w -= m */
static void lars_apply(const struct rule_numbers *restrict k, real *restrict w,
                       const real *restrict u, real *restrict m, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        m[i] = k->momentum * m[i] + k->step * (u[i] + k->adam.decay * w[i]);
        w[i] -= m[i];
    }
}

/* m = μ m + g + λ w */
static void sgd_direction(const struct rule_numbers *restrict k, const real *restrict w,
                          real *restrict g, real *restrict m, real *restrict v, size_t n)
{
    (void)v;
    for (size_t i = 0; i < n; i++) {
        m[i] = k->momentum * m[i] + k->adam.clip * g[i] + k->adam.decay * w[i];
        g[i] = m[i];
    }
}

const struct rule *rule_of(enum update_rule rule)
{
    static const struct rule lamb = {2, true, false, adam_direction, lamb_ratio, descend};
    static const struct rule adamw = {2, false, false, adam_direction, NULL, descend};
    static const struct rule lars = {1, true, true, lars_direction, lars_ratio, lars_apply};
    static const struct rule sgd = {1, false, false, sgd_direction, NULL, descend};
    switch (rule) {
    case RULE_LAMB:
        return &lamb;
    case RULE_ADAMW:
        return &adamw;
    case RULE_LARS:
        return &lars;
    case RULE_SGD:
        return &sgd;
    }
    bug("there is no update rule %d", (int)rule);
}
