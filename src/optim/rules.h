/* The update rules of optimizer.h as a table. A rule works in two passes over the elements of one
 * tensor, and a rule that adapts the rate to each tensor has norms of the whole tensor, over all
 * ranks, in between:
 *
 *     update_squares  of what updates are clipped by, before all else; NULL: the rule does not clip
 *                 them
 *     direct      moments from the gradient, and from both the directions u; and, where the rule
 *                 gives_squares, sums of squares of the tensor and of each direction,
 *                 [1 + directions], which it has on the way; else these are taken behind it
 *     ratio       r of each direction from the norms of the tensor and of u
 *     apply       the tensor from the directions, each with its step η r
 *
 * The first direction is written over the gradient, where apply finds it. A second one is gone after
 * its norm was taken, so that it costs no array: apply makes it again, of moments and weights that
 * nobody has changed since.
 *
 * Where no norm is waited for, a rule may have `update`, both passes at once, with the same bits: what it reads and
 * writes goes through memory once instead of twice, which is what an update takes its time for.
 *
 * The loops have no branches, so that compilers vectorise them. */
#ifndef LAMBERT_OPTIM_RULES_H
#define LAMBERT_OPTIM_RULES_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/base/real.h"
#include "lambert/kernels/kernels.h"
#include "lambert/optim/optimizer.h"

enum { RULE_DIRECTIONS = 2, RULE_MOMENTS = 2 }; /* at the most */

/* What a rule computes with, in one update of one tensor. */
struct rule_numbers {
    /* All rules use its clip (what the gradient is to be multiplied by) and its decay (λ, 0 where
     * the tensor is excluded). */
    struct adam_numbers adam;
    real momentum;              /* μ */
    real step[RULE_DIRECTIONS]; /* η r */
};

/* What apply subtracts from the weights, for the report. */
enum rule_subtracts {
    SUBTRACTS_DIRECTION, /* the step times the one direction */
    SUBTRACTS_MOMENT,    /* the first moment */
    SUBTRACTS_GRADIENT   /* what it writes over the gradient */
};

struct rule {
    int moments;
    int directions;
    bool gives_squares;
    bool normalises; /* each tensor's gradient is divided by its norm, and clipping has no sense */
    bool adaptive;   /* ratio is wanted */
    enum rule_subtracts subtracts;
    double (*update_squares)(const struct rule_numbers *numbers, const real *restrict g,
                             const real *restrict v, size_t n);
    void (*direct)(const struct rule_numbers *numbers, const real *restrict w, real *restrict g,
                   real *restrict m, real *restrict v, double *restrict squares, size_t n);
    double (*ratio)(const struct optimizer_options *options, double decay, double norm_w,
                    double norm_u); /* both norms above 0 */
    void (*apply)(const struct rule_numbers *numbers, real *restrict w, real *restrict g,
                  real *restrict m, const real *restrict v, size_t n);
    void (*update)(const struct rule_numbers *numbers, real *restrict w, const real *restrict g,
                   real *restrict m, real *restrict v, size_t n); /* NULL: there is none */
};

const struct rule *rule_of(enum update_rule rule);

#endif
