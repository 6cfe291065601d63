/* How often evaluations and checkpoints follow the steps of a run, by its configuration. All is [local]. */
#ifndef LAMBERT_RUN_DUE_H
#define LAMBERT_RUN_DUE_H

#include <stdint.h>

#include "lambert/config/config.h"

struct run_due {
    int64_t evaluations, checkpoints;
};

/* What follows the steps behind `from`, up to and with `to`, which is the last of a phase; checkpoints by the clock
 * (train.checkpoint_minutes) left out, and the evaluation before the first step. */
struct run_due run_due_between(const struct config_train *train, int64_t from, int64_t to);

/* Of these checkpoints, those that are kept for good (train.checkpoint_keep_every). */
int64_t run_due_kept(const struct config_train *train, int64_t from, int64_t to);

#endif
