/* The best of a run's evaluations: its weights are kept in the run's folder (checkpoint_best_path()), and the
 * run's state remembers its value. */
#ifndef LAMBERT_RUN_BEST_H
#define LAMBERT_RUN_BEST_H

#include "run_internal.h"

/* What an evaluation came to, on rank 0. */
struct best_candidate {
    const char *metric;
    double value; /* not a number: it is not to be chosen */
};

/* Collective, between steps. Keeps the weights where the value is better than all before. */
int best_offer(struct run *run, const struct best_candidate *candidate, struct error *err);

/* Collective, once the run's state is known. An evaluation that came after the checkpoint of the same step
 * is in the file of the best alone. Where that file is gone, or was chosen by another metric, the best is
 * looked for anew, with a warning. */
int best_recall(struct run *run, struct error *err);

#endif
