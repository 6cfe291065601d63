/* What a training run holds while it runs: made once, before the first step (src/run/job.c), and
 * used by the step (step.c) and the loop (run.c). */
#ifndef LAMBERT_RUN_JOB_H
#define LAMBERT_RUN_JOB_H

#include "lambert/batch/batch_source.h"
#include "lambert/config/config.h"
#include "lambert/dist/dist.h"
#include "lambert/dist/sharding.h"
#include "lambert/model/bert.h"
#include "lambert/optim/optimizer.h"
#include "lambert/run/balance.h"
#include "lambert/run/corpora.h"
#include "lambert/run/metrics.h"
#include "lambert/store/checkpoint.h"
#include "lambert/trainer/param_sync.h"
#include "nonfinite.h"

struct job {
    struct dist *dist;
    const struct config *config;
    struct corpora corpora;
    struct bert_config bert_config;
    struct bert *bert;
    const struct param_table *table; /* bert's */
    struct sharding sharding;
    struct optimizer *optimizer;

    struct param_sync param_sync; /* weights, and gradients, which are scratch between steps */
    struct packed_batch micro;
    double peak;                   /* operations a second of all the job's cores */
    struct tensor_report *tensors; /* [table count] of a step that is reported on; NULL: none is */
    int skips_in_a_row;            /* steps up to now that changed nothing */

    struct run_state state;
    struct checkpoint_meta meta; /* config text and vocabulary for checkpoints */
    struct metrics metrics;
    struct balance balance;
    int lock; /* descriptor of the run folder's lock; -1: not held */
};

/* Collective; all ranks fail together. job_release() afterwards in any case. */
int job_init(struct job *job, struct dist *dist, const struct config *config, int threads,
             struct error *err);
void job_release(struct job *job);

/* [local] What a checkpoint is made from and read into. */
struct checkpoint_arrays job_arrays(struct job *job);

/* The gradient of the global batch, before clipping: each rank
 * gets its slices in param_sync.shard_grads. Collective. */
void job_gradient(struct job *job, const struct batch *batch, struct step_metrics *metrics,
                  struct nonfinite *nonfinite);

/* One update on the global batch. Collective. Updated weights
 * are still on their way: param_sync_settle() before anything but the next step reads them. Where a
 * loss or the gradient is not finite there is none, and nonfinite says who met it first.
 * metrics->tensors is filled in if it is there. */
void job_step(struct job *job, const struct batch *batch, double rate, struct step_metrics *metrics,
              struct nonfinite *nonfinite);

#endif
