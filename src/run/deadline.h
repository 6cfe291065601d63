/* The end of the time that a run has, and whether the next step still fits before it: with the evaluations and
 * checkpoints that come until it is done, the checkpoint at the end among them, and a reserve. What each takes is what
 * it took; a step with a replay (replays.h), which may take twice as long as others, has seconds of its own. All is
 * [local]; rank 0 decides for all. */
#ifndef LAMBERT_RUN_DEADLINE_H
#define LAMBERT_RUN_DEADLINE_H

#include <stdbool.h>

#include "lambert/run/job_end.h"

/* Seconds that steps of each kind took: the longest, those long ago counting less. 0: there was none yet. */
struct step_seconds {
    double plain, replay;
};

struct deadline {
    double at;        /* by clock_seconds(); INFINITY: there is none */
    const char *what; /* that sets it: "--max-hours" */
    bool near;        /* the next step does not fit */
    struct step_seconds whole;
    struct step_seconds computed; /* without the wait for their batches, which a signal ends */
    double evaluation;            /* seconds, the longest as of steps */
};

/* Counted from `now`; without an end where end->name is NULL. */
void deadline_init(struct deadline *deadline, const struct job_end *end, double now);

/* A step with a replay, or without one, as a whole, and without what it waited for its batches. */
void deadline_note_step(struct deadline *deadline, bool replay, double seconds);
void deadline_note_computed(struct deadline *deadline, bool replay, double seconds);
void deadline_note_evaluation(struct deadline *deadline, double seconds);

/* Whether the run is to end after the step that is done now, where the next one has a replay or none, so many
 * evaluations would come before the end of that one and so many checkpoints until it is saved, of which each takes so
 * many seconds. Keeps the answer in `near`. */
bool deadline_is_near(struct deadline *deadline, double now, bool replay, int evaluations,
                      int checkpoints, double checkpoint);

/* The moment, by clock_seconds(), by which the run is to end at the latest, whatever it is at, if so many checkpoints come
 * until it is saved: later than deadline_is_near() says it, unless what is awaited takes longer than it ever took, or for
 * ever. INFINITY: the run has no end. */
double deadline_latest(const struct deadline *deadline, int checkpoints, double checkpoint);

/* Seconds of the longest step, without waiting for its batch, of a run that has replays or none. */
double deadline_longest_step(const struct deadline *deadline, bool replays);

/* Seconds that a run needs at most to end after a signal, with the reserve: the longest step, the checkpoint that is being
 * written, and the one at the end. A wait for a batch and an evaluation are given up. */
double deadline_needed(const struct deadline *deadline, bool replays, double checkpoint);

#endif
