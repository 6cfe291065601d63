/* What holds for the optimizer in both precisions; `tolerance` is relative to values around 1. All
 * of it is collective and holds for any number of ranks. */
#ifndef LAMBERT_TESTS_OPTIM_OPTIMIZER_CHECKS_H
#define LAMBERT_TESTS_OPTIM_OPTIMIZER_CHECKS_H

#include "lambert/dist/dist.h"
#include "lambert/optim/optimizer.h"

/* BERT's usual: 0.9, 0.999, 1e-6, 0.01, no clipping, bias correction. */
struct optimizer_options usual_options(enum update_rule rule);

/* Three steps of LAMB on one tensor against numbers of an independent implementation. */
void check_golden(const struct dist *dist, bool bias_correction, double max_grad_norm,
                  const double wanted[3][4], double tolerance);

/* Several steps on the small table, in small buckets over the ranks, against reference.h. */
void check_against_reference(const struct dist *dist, const struct optimizer_options *options,
                             double tolerance);

/* The three golden runs of specs: A corrected, B corrected and clipped to 1, C uncorrected. NaN
 * where no number is known. */
extern const double golden_a[3][4], golden_b[3][4], golden_c[3][4];

#endif
