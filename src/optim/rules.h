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
#include "lambert/kernels/kernels.h"
#include "lambert/optim/optimizer.h"

/* What a rule computes with, in one update of one tensor. */
struct rule_numbers {
    struct adam_numbers
        adam;      /* adam.clip and adam.decay (0 where the tensor is excluded) are of all
                                 rules */
    real momentum; /* μ */
    real step;     /* η r */
};

struct rule {
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

const struct rule *rule_of(enum update_rule rule);

#endif
