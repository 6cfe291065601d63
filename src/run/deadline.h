/* The end of the time that a run has, and whether the next step still fits before it: with the evaluations and
 * checkpoints that come until it is done, the checkpoint at the end among them, and a reserve. What each takes is what
 * it took. All is [local]; rank 0 decides for all. */
#ifndef LAMBERT_RUN_DEADLINE_H
#define LAMBERT_RUN_DEADLINE_H

#include <stdbool.h>

#include "lambert/run/job_end.h"

struct deadline {
    double at;               /* by clock_seconds(); INFINITY: there is none */
    const char *what;        /* that sets it: "--max-hours" */
    bool near;               /* the next step does not fit */
    double step, evaluation; /* seconds that they took: the longest, those long ago counting less */
};

/* Counted from `now`; without an end where end->name is NULL. */
void deadline_init(struct deadline *deadline, const struct job_end *end, double now);

void deadline_note_step(struct deadline *deadline, double seconds);
void deadline_note_evaluation(struct deadline *deadline, double seconds);

/* Whether the run is to end after the step that is done now, where so many evaluations would come before the end of
 * the next one and so many checkpoints until it is saved, of which each takes so many seconds. Keeps the answer in
 * `near`. */
bool deadline_is_near(struct deadline *deadline, double now, int evaluations, int checkpoints,
                      double checkpoint);

/* Seconds that a run needs at most to end after a signal, with the reserve: a step, the checkpoint that is being written,
 * and the one at the end. An evaluation is given up. */
double deadline_needed(const struct deadline *deadline, double checkpoint);

#endif
