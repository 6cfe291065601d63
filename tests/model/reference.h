/* BERT's forward pass and losses, slow and obvious: one sequence at a time, one number at a time,
 * every row computed, in double, from the equations of the papers. What the engine is held against.
 */
#ifndef LAMBERT_TESTS_MODEL_REFERENCE_H
#define LAMBERT_TESTS_MODEL_REFERENCE_H

#include "lambert/batch/packed_batch.h"
#include "lambert/model/bert.h"

/* Weights are looked up by name. dropout: with the masks of training, at each of its four places.
 */
void reference_losses(const struct bert_config *config, const struct param_table *table,
                      const real *params, const struct packed_batch *batch, bool dropout,
                      struct objective_sums sums[PRETRAINING_OBJECTIVES]);

#endif
