/* How long a run has still to go: its steps at the pace of the last ones, and the evaluations and checkpoints that
 * come between them and at the ends of phases, each as long as the last one made training wait. A phase that has not
 * begun, and steps of another batch, are judged by their arithmetic beside that of the steps that were made, as if
 * sequences filled as much of their length in both. All is [local], of rank 0. */
#ifndef LAMBERT_RUN_TIME_LEFT_H
#define LAMBERT_RUN_TIME_LEFT_H

#include <stdint.h>

#include "lambert/config/config.h"
#include "lambert/run/metrics.h"
#include "lambert/store/checkpoint.h"

struct time_left {
    double step;                   /* seconds, the mean over the last ones */
    int64_t steps;                 /* of this phase, that it is the mean of or forgets */
    double evaluation, checkpoint; /* seconds that training stood still for the last */
    double cost;                   /* arithmetic of such a step; 0: no phase has begun */
    double sequence;               /* arithmetic of a sequence of the phase that runs */
};

/* A phase begins, or goes on after resuming behind so many of its steps. */
void time_left_phase(struct time_left *left, const struct config *config, int phase, int64_t step);

/* A step of so many sequences. */
void time_left_note_step(struct time_left *left, uint64_t sequences, double seconds);

/* From where the run stands, in a phase that is not past the last, before what follows its last step (an evaluation, a
 * checkpoint); once a step was noted. */
struct time_estimate time_left_estimate(const struct time_left *left, const struct config *config,
                                        const struct run_state *state);

#endif
