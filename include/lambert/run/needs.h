/* What a run will want of its machines and of its folder, found out without beginning it: for
 * `lambert doctor` and `lambert plan`. */
#ifndef LAMBERT_RUN_NEEDS_H
#define LAMBERT_RUN_NEEDS_H

#include "lambert/config/config.h"
#include "lambert/dist/dist.h"
#include "lambert/trainer/trainer.h"

/* Bytes. */
struct run_needs {
    double rank;       /* that this rank will hold */
    double machine;    /* that the ranks of this machine will hold together */
    double checkpoint; /* of one checkpoint's file, but for a few kilobytes */
    double weights;    /* of the weights as a step sends them: 4 bytes each */
};

/* What is to be done where memory does not suffice. */
#define RUN_MEMORY_CURE                                                                             \
    "Start fewer ranks a machine, or more machines; lower train.micro_batch_tokens (activations), " \
    "data.cache_megabytes or global batches; or set train.recompute, which keeps fewer activations"

/* Collective; all ranks fail together, where the run would. Opens the corpora where they lie (nothing is staged), or reads
 * the examples of a task, which takes as long as it takes the run. `resume`: as of the run that is meant. `threads` is this rank's number of them. */
int run_needs_find(struct run_needs *needs, const struct dist *dist, const struct config *config,
                   bool resume, int threads, struct error *err);

/* A job that somebody thinks of. */
struct job_layout {
    int nodes, ranks_per_node;
    int threads; /* a rank */
};

/* [local] What pre-training with this trainer (trainer_options_of(), widened for what is trained on) would want of that
 * job's first rank and machine, where the ranks of a machine can share memory. */
void run_needs_of_job(struct run_needs *needs, const struct config *config,
                      const struct trainer_options *options, const struct job_layout *layout);

/* [local] Whether this host's disk has the room for the corpora, in data.stage_folder, which is named and need not be there
 * yet, and lets this user write. *megabytes: what they take. -1 with the sentence that the run would end with. */
int run_needs_check_stage(const struct config *config, double *megabytes, struct error *err);

#endif
