/* The update rules of optimizer.h as a table. A rule works in two steps on a run of one tensor's
 * elements, and a rule that adapts the rate to each tensor has the norms of the whole tensor in
 * between:
 *
 *     direction   moments from the gradient; what is to be measured as u is written over it
 *     ratio       r from the norms of the tensor and of u
 *     apply       the tensor from u, with the step η r
 *
 * The loops have no branches, so that compilers vectorise them. */
#ifndef LAMBERT_OPTIM_RULES_H
#define LAMBERT_OPTIM_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/base/real.h"
#include "lambert/optim/optimizer.h"

/* What a rule computes with, in one update of one tensor. */
struct rule_numbers {
    real clip;             /* g is to be multiplied by it */
    real beta1, beta2;     /* β1, β2 */
    real rest1, rest2;     /* 1 - β1, 1 - β2 */
    real unbias1, unbias2; /* 1 / (1 - β1^t), 1 / (1 - β2^t), or 1 */
    real epsilon;          /* ε */
    real momentum;         /* μ */
    real decay;            /* λ, 0 where the tensor is excluded */
    real step;             /* η r */
};

struct rule {
    const char *name;
    int moments;
    bool adaptive;         /* ratio is wanted */
    bool subtracts_moment; /* what apply subtracts is the first moment, not the step times u */
    void (*direction)(const struct rule_numbers *restrict numbers, const real *restrict w,
                      real *restrict g, real *restrict m, real *restrict v, size_t n);
    double (*ratio)(const struct optimizer_options *options, double decay, double norm_w,
                    double norm_u); /* both norms above 0 */
    void (*apply)(const struct rule_numbers *restrict numbers, real *restrict w,
                  const real *restrict u, real *restrict m, size_t n);
};

/* NULL when there is none of that name. */
const struct rule *rule_find(const char *name);

/* All names, "lamb, adamw, ...", into text, which is returned. */
const char *rule_names(char text[64]);

#endif
