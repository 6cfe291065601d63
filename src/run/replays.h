/* Replays of a run (trainer/replay.h): every train.replay_every steps each rank's first micro-batch is computed again
 * by another rank. Where results differ the log names both, and the run ends with a checkpoint of the state before that
 * step, and FAILED_BY_MACHINE, or goes on with the owners' results (train.replay_action).
 *
 *     trainer_replay(run->trainer, turn)             where replays_turn(run, step, &turn)
 *     replays_step(run, &report, err)                after the step
 *     replays_end_phase(run) */
#ifndef LAMBERT_RUN_REPLAYS_H
#define LAMBERT_RUN_REPLAYS_H

#include "lambert/base/buffer.h"
#include "run_internal.h"

/* [local] Whether a step of the run (1, 2, ... over all phases) has a replay, and its turn: a function of the step's
 * number alone, so that a resumed run has the same ranks compute the same micro-batches. */
bool replays_turn(const struct run *run, int64_t step, int64_t *turn);

/* [local], with the same report on all ranks. Counts, and says and writes what is to be said; nothing where the step
 * had no replay. 0: the run goes on; -1: it ends, with the same sentence on every rank, and the step was not made. */
int replays_step(struct run *run, const struct step_report *report, struct error *err);

/* [local] A line of the log on the replays of the phase, where there were any; counts begin anew. */
void replays_end_phase(struct run *run);

/* [local] What differs between whom, and which host is wrong, as far as that can be told: one that differs from itself,
 * or that several others differ from. Two sentences, the second without its full stop. */
void replays_describe(const struct replay_report *report, const struct param_table *table,
                      struct buffer *text);

#endif
