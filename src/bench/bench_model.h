/* `lambert bench model`: what its files share. bench_model.c reads the options and sets up;
 * bench_gemm.c measures matrix products and memory; bench_step.c micro-batches, optimizer, steps. */
#ifndef LAMBERT_BENCH_BENCH_MODEL_H
#define LAMBERT_BENCH_BENCH_MODEL_H

#include <stdbool.h>

#include "bench_tools.h"
#include "lambert/config/config.h"
#include "lambert/dist/dist.h"
#include "lambert/model/bert.h"
#include "lambert/optim/optimizer.h"
#include "lambert/run/corpora.h"

enum { BENCH_VOCABULARY = 30522 }; /* of made-up sequences: bert-base-uncased's */

struct bench_model_arguments {
    const char *config;
    struct command_words words;
    int repeat;
    bool json;
    const char *phase; /* NULL: all */
    bool samples, gemm_only, steps_only, one_thread, one_rank, whole;
};

struct bench_model {
    const struct bench_model_arguments *arguments;
    struct dist *dist;
    struct bench_report report; /* of rank 0 */
    struct config config;
    int phase_begin, phase_end; /* those that are measured */
    struct corpora corpora;     /* none: made-up sequences */
    int threads;
    enum float_type type;  /* that it computes in */
    double peak, peak_one; /* operations a second in it: of this rank's threads, of one */

    struct bert_config model;
    struct bert *bert;
    const struct param_table *table; /* bert's; NULL with --gemm */
    struct sharding sharding;
    struct optimizer *optimizer;
    real *params, *grads; /* [table size] */
    real *shard_grads;    /* [shard] */
    size_t shard;
    size_t activations;        /* bytes */
    double update_seconds;     /* clearing the gradients and one update */
    struct packed_batch batch; /* the micro-batch at hand */
};

/* The share of its tokens that a sequence of the phase hides, as a mean over the phase. */
double bench_model_masking(const struct bench_model *bench, int phase);

/* Every shape that a micro-batch of full size has, forward, dx and dW, in the type that it computes
 * in; of the first phase that is measured. */
void bench_model_gemms(struct bench_model *bench);

/* Clearing, norms and update, against the bandwidth, measured in turn. */
void bench_model_optimizer(struct bench_model *bench);

/* A micro-batch of the phase's sequence length, and a step of its global batch. */
int bench_model_phase(struct bench_model *bench, int phase, struct error *err);

#endif
