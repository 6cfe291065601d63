/* A step whose loss or gradient is not finite: it does not reach the weights (trainer.h), all ranks
 * know whom to blame, and the run ends or passes over it (train.on_nonfinite).
 *
 * When the run ends no checkpoint is written, though weights and moments are whole: they may be
 * those of a run that diverged some steps ago. Resuming would begin with them, and they would push
 * an older, better checkpoint out of the folder. For the same reason periodic checkpoints wait
 * while steps are being skipped. */
#ifndef LAMBERT_RUN_NONFINITE_H
#define LAMBERT_RUN_NONFINITE_H

#include "lambert/base/buffer.h"
#include "run_internal.h"

/* Collective, after a step that changed nothing. 0: a warning was logged, and the run goes on; -1:
 * it ends, with the same sentence on every rank. */
int nonfinite_step(struct run *run, const struct step_report *report, struct error *err);

/* Collective. Fails when weights or moments are not finite, so that no checkpoint of them is
 * written. */
int nonfinite_check_state(struct run *run, struct error *err);

/* [local] What happened and where, without a full stop: "the gradient is not finite, first in
 * tensor ...". */
void nonfinite_describe(const struct step_report *report, const struct param_table *table,
                        struct buffer *text);

#endif
