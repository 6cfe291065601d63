/* Whether the ranks finish a step together, and which one does not, again and again.
 *
 * A step takes as long as its slowest rank. The samples of a global batch are shared out so that
 * all have the same work (batch/balance_by_cost.h); a rank that is slow all the same has a slower
 * machine, less of it, or a slower disk. What counts is a rank's own time: all of the step but
 * waiting for other ranks (activity_waited() of base/activity.h), so waiting for samples is in it.
 *
 * The slowest rank of a step is late when it took SLOW more than the others' mean. One that is late
 * in most of the last steps says so itself, with its host, at most once an hour. */
#ifndef LAMBERT_RUN_BALANCE_H
#define LAMBERT_RUN_BALANCE_H

#include <stdbool.h>

#include "lambert/base/clock.h"
#include "lambert/dist/dist.h"

enum { BALANCE_WINDOW = 20 }; /* steps that are looked back on */

/* Seconds of a rank in a step. */
struct balance_times {
    double work; /* all but waiting for other ranks */
    double data; /* of these, waiting for samples */
};

/* What else ranks have to tell each other after a step. */
struct balance_flags {
    bool stop;    /* the run is to end */
    bool save;    /* a checkpoint is due */
    double clock; /* what rank 0's shows; the others' is 0 before, and rank 0's afterwards */
};

/* Of a step. */
struct balance_report {
    double imbalance; /* the slowest rank's work over the mean; 1: all finish together */
    int slowest;
    bool late;   /* the slowest is */
    double work; /* mean over ranks */
    double data; /* the longest that a rank waited for samples */
};

/* A rank that is late again and again. */
struct balance_slow {
    int rank;
    int steps;         /* that it was late, of the last BALANCE_WINDOW */
    double excess;     /* over the others' mean, on average over these; 0.5: half as long again */
    double data_share; /* of its work, waiting for samples */
};

struct balance_late {
    int rank; /* -1: none was */
    double excess, data_share;
};

struct balance {
    int ranks;
    struct balance_times *
        times; /* [ranks + 2] of the step; the last two have the flags and the clock, in a message */
    double *warned; /* [ranks] when each was last warned of */
    struct balance_late late[BALANCE_WINDOW];
    int next; /* place in late */
};

void balance_init(struct balance *balance, int ranks);
void balance_release(struct balance *balance);

/* Collective, after each step, with this rank's times. A rank that is slow logs a warning. Flags travel along: each
 * becomes true on all where it is true on any, and all get the clock. */
void balance_step(struct balance *balance, const struct dist *dist, struct balance_times own,
                  struct balance_flags *flags, struct balance_report *report);

/* --- its parts --------------------------------------------------------------------------------- */

/* Takes in a step, whose times of all ranks are in balance->times. */
void balance_note(struct balance *balance, struct balance_report *report);

/* Whether there is a rank to be warned of at this time (clock_seconds()), and notes that it was. */
bool balance_find_slow(struct balance *balance, double now, struct balance_slow *slow);

#endif
