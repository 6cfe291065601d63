/* A step whose loss or gradient is not finite: it does not reach the weights, all ranks know whom
 * to blame, and the run ends or passes over it (train.on_nonfinite).
 *
 * When the run ends no checkpoint is written, though weights and moments are whole: they may be
 * those of a run that diverged some steps ago. Resuming would begin with them, and they would push
 * an older, better checkpoint out of the folder. For the same reason periodic checkpoints wait
 * while steps are being skipped. */
#ifndef LAMBERT_RUN_NONFINITE_H
#define LAMBERT_RUN_NONFINITE_H

#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/batch/packed_batch.h"
#include "lambert/dist/dist.h"
#include "lambert/model/bert.h"

struct job;
struct step_metrics;

/* The first micro-batch of a step whose loss is not finite; zero-initialised: there is none. */
struct nonfinite {
    int sequences; /* it has so many; 0: all losses are finite */
    int rank;
    uint64_t sample; /* the first of them, numbered in its phase */
};

/* [local] After each micro-batch, with the sums so far. */
void nonfinite_note(struct nonfinite *nonfinite, const struct packed_batch *micro,
                    const struct objective_sums *sums);

/* Collective. What the lowest rank that noted one has becomes everyone's. */
void nonfinite_agree(struct nonfinite *nonfinite, const struct dist *dist);

/* Collective, after a step that changed nothing. 0: a warning was logged, and the run goes on; -1:
 * it ends, with the same sentence on every rank. */
int nonfinite_met(struct job *job, const struct step_metrics *metrics,
                  const struct nonfinite *nonfinite, struct error *err);

/* Collective. Fails when weights or moments are not finite, so that no checkpoint of them is
 * written. */
int nonfinite_check_state(struct job *job, struct error *err);

#endif
