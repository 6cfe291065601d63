/* A model computed in bfloat16 beside the same one in float32, which (in a test in double: still more
 * so) is what it would be without rounding. */
#ifndef LAMBERT_TESTS_MODEL_TWO_TYPES_H
#define LAMBERT_TESTS_MODEL_TWO_TYPES_H

#include "lambert/batch/packed_batch.h"
#include "lambert/model/bert.h"

/* The gradient of a batch, with dropout and the weights of random_params(); the caller's to free.
 * Adds to sums [objectives]. */
real *gradient_of(const struct bert_config *config, const struct bert_options *options,
                  const struct packed_batch *batch, const double *scales,
                  struct objective_sums *sums);

/* Fails where a loss, or the gradient of a tensor, differs by more than rounding explains, or by
 * nothing. `name` says in which case. */
void expect_types_agree(const char *name, const struct bert_config *config,
                        const struct packed_batch *batch, const double *scales);

#endif
