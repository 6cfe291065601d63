/* Batches and models of chosen shape with random contents, for the model's tests. */
#ifndef LAMBERT_TESTS_MODEL_RANDOM_BATCH_H
#define LAMBERT_TESTS_MODEL_RANDOM_BATCH_H

#include "lambert/batch/packed_batch.h"
#include "lambert/model/bert.h"

struct sequence_shape {
    int tokens;
    int masked;
    int label; /* of next sentence; -1: none */
};

/* Fills an empty batch; ids below vocab, distinct sample keys. */
void random_batch(struct packed_batch *batch, const struct sequence_shape *shapes, int count,
                  int vocab, uint64_t seed);

/* How many labels a sequence has for an objective of fine-tuning (model/task_objectives.h), which is known
 * here by its name. */
int task_label_width(const struct objective *objective);

/* The same with random labels, values or tags for it. Sequences whose label is -1 have none of the first
 * two, and every fifth labelled row has no tag. */
void random_task_batch(struct packed_batch *batch, const struct sequence_shape *shapes, int count,
                       int vocab, uint64_t seed, const struct objective *objective);

/* Every weight normal around its usual value (LayerNorm 1, others 0), so that no gradient is zero
 * by symmetry. */
void random_params(const struct param_table *table, double deviation, uint64_t seed, real *params);

/* Room for exactly this batch. */
struct bert_options options_for(const struct packed_batch *batch);

#endif
