/* How long a run has still to go: its steps at the pace of the last ones, and the evaluations and checkpoints that
 * come between them and at the ends of phases, each as long as the last one made training wait. A phase that has not
 * begun is judged by the arithmetic of its steps beside that of the phase that runs, as if sequences filled as much of
 * their length in both. All is [local], of rank 0. */
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
    double cost;                   /* time_left_cost() of the phase that runs; 0: none has begun */
};

/* The arithmetic of a step of the phase, in a unit that all phases of a model have in common. */
double time_left_cost(const struct config *config, int phase);

/* A phase begins, or goes on after resuming. */
void time_left_phase(struct time_left *left, const struct config *config, int phase);

void time_left_note_step(struct time_left *left, double seconds);

/* From where the run stands, in a phase that is not past the last, before what follows its last step (an evaluation, a
 * checkpoint); once a step was noted. */
struct time_estimate time_left_estimate(const struct time_left *left, const struct config *config,
                                        const struct run_state *state);

#endif
