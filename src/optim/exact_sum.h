/* Sums of squares that do not depend on the order in which they are added up, nor on who adds up
 * which of them: clip factors and trust ratios have the same bits on any number of ranks.
 *
 * A sum is a long number in fixed point, cut into limbs of 40 bits (a small accumulator of
 * Kulisch's kind, "Computer arithmetic and validity", 2008). Limbs are integers, so that adding
 * them, here or over ranks, loses nothing; 24 bits to spare hold the carries of 16 million terms.
 */
#ifndef LAMBERT_OPTIM_EXACT_SUM_H
#define LAMBERT_OPTIM_EXACT_SUM_H

#include <stdint.h>

#include "lambert/base/real.h"
#include "lambert/dist/dist.h"

/* The binary place of the lowest bit: squares of float are multiples of 2^-298, and a sum of
 * double is cut off below the smallest double. */
enum {
    EXACT_LOWEST = sizeof(real) == sizeof(float) ? -320 : -1074,
    EXACT_BITS = 40,
    EXACT_LIMBS = sizeof(real) == sizeof(float) ? 17 : 54
};

/* Zero-initialised: 0. */
struct exact_sum {
    uint64_t limbs[EXACT_LIMBS];
    uint64_t not_finite; /* terms that were not, or that are too great to be squares of real */
};

/* value >= 0, or not finite */
void exact_sum_add(struct exact_sum *sum, double value);

/* What was added to `other` is added to `sum`. */
void exact_sum_merge(struct exact_sum *sum, const struct exact_sum *other);

/* Rounded; NaN when a term was not finite. */
double exact_sum_read(const struct exact_sum *sum);

/* Collective. Each becomes the sum over all ranks. */
void exact_sum_all(const struct dist *dist, struct exact_sum *sums, int count);

#endif
