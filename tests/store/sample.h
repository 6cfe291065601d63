/* A small run to be stored: a model of a few hundred weights, an optimizer with moments, and what
 * else goes into a checkpoint. Each weight and moment has a value of its own that float holds
 * exactly. */
#ifndef LAMBERT_TESTS_STORE_SAMPLE_H
#define LAMBERT_TESTS_STORE_SAMPLE_H

#include "lib/scratch.h"

#include "lambert/base/buffer.h"
#include "lambert/dist/dist.h"
#include "lambert/examples/task.h"
#include "lambert/model/task_objectives.h"
#include "lambert/store/checkpoint.h"

struct sample {
    struct param_table table;
    struct sharding sharding;
    struct optimizer *optimizer;
    real *params, *scratch; /* [table size] */
    struct checkpoint_meta meta;
};

enum { SAMPLE_WEIGHTS, SAMPLE_M, SAMPLE_V };
float sample_value(int array, int tensor, size_t i);

/* 1 layer, hidden 3, intermediate 5, 7 tokens. */
extern const struct bert_config sample_config;

/* The same shape with the head of a task of so many labels, which lies in *head. */
struct sample_head {
    struct objective objective;
    const struct objective *list[1];
};
struct bert_config sample_with_head(const struct bert_config *shape, enum task_kind kind,
                                    int labels, struct sample_head *head);

/* With all its values; or with zeros, to be read into. */
void sample_init(struct sample *sample, const struct dist *dist, const struct bert_config *config,
                 enum update_rule rule, size_t bucket);
void sample_init_empty(struct sample *sample, const struct dist *dist,
                       const struct bert_config *config, enum update_rule rule, size_t bucket);
void sample_release(struct sample *sample);

/* Gives it what a fine-tuning run has besides: two labels, and a best evaluation. */
void sample_make_task(struct sample *sample);

/* Its arrays, as a checkpoint is made from them and read into them. */
struct checkpoint_arrays sample_arrays(struct sample *sample, const struct dist *dist);

/* Collective; 0 or -1. */
int sample_write(struct sample *sample, const struct dist *dist, const char *path,
                 struct error *err);

/* Whether weights are (moments are) those of sample_init(), and zero in the gaps. */
bool sample_weights_hold(const struct sample *sample);
bool sample_moments_hold(struct sample *sample, int rank);

/* A new folder under $TMPDIR or /tmp, the same on all ranks of a node; its removal by rank 0. */
const char *scratch_open(const struct dist *dist);
void scratch_close(const struct dist *dist);

#endif
