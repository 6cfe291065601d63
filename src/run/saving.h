/* When and how a run saves. A checkpoint is taken after a step and, where rank 0's machine has the memory, written
 * by a thread of rank 0 while training goes on (store/checkpoint_snapshot.h); else, where no thread can be started,
 * and where the run ends with it, while training stands still. One is written at a time: who takes the next waits for it, and one that is due by the
 * clock is put off instead. Older ones are removed when the newer is whole.
 *
 *     saving_init(run, left)
 *     after each step:
 *         saving_step(run)                     what a thread has done is reported
 *         saving_check_place(run, err), saving_save(run, stays, err)
 *                                              where one is due: saving_follows()
 *     saving_finish(run, err)
 *     saving_release(run)
 *
 * Functions are collective unless marked [local]; all ranks fail together. */
#ifndef LAMBERT_RUN_SAVING_H
#define LAMBERT_RUN_SAVING_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/store/checkpoint_snapshot.h"

struct run;

/* A checkpoint that is being written, or was. */
struct saving_job {
    char *path;
    const char *phase;
    struct run_state state; /* that it is of */
    double started;         /* by clock_seconds() */
    double pause, write;    /* seconds that training stood still for it, and that writing took */
    int status;
    struct error err;
    atomic_bool done; /* the thread is through */
};

struct saving {
    bool beside;                          /* training goes on meanwhile; the same on all ranks */
    struct checkpoint_snapshot *snapshot; /* [rank 0] with it */
    bool busy;                            /* [rank 0] the thread is there */
    pthread_t thread;
    struct saving_job job;
    bool displaced; /* [rank 0] it failed because the folder is not where it was */
    bool sought;    /* the folder was looked for, and the run ends */
    double taken;   /* by clock_seconds(): when the last one was, or the run began */
    double
        seconds; /* [rank 0] that a checkpoint takes: guessed by its size, or the longest so far */
    bool measured;
    int64_t step; /* total steps of the last one, or that the run began with */
};

/* `left`: bytes of its machine that rank 0 may still take. Where they are too few, or are not given, a line of the log
 * says that training will stand still. */
void saving_init(struct run *run, double left);
void saving_release(struct run *run); /* [local] waits for the thread */

/* [local] After a step. A failure of the thread ends the run in the next step, as metrics do that cannot be
 * written. */
void saving_step(struct run *run);

/* [local] Whether train.checkpoint_minutes have passed, and one can be written without waiting; rank 0 decides for
 * all. */
bool saving_is_due(const struct run *run);

/* [local] Whether a checkpoint follows that step, by its number or, where saving_is_due() says so, by the clock. */
bool saving_follows(const struct run *run, int64_t step, bool by_clock);

/* [local] How many checkpoints come, at most, before the run has ended that is told to after the step that follows
 * `step`: the one at the end, and before it the one that is being written or follows `step`. Of rank 0. */
int saving_ahead(const struct run *run, int64_t step, bool by_clock);

/* To be called before anything is written by name. Where the run folder is no longer the one that the run began in
 * (it was moved, or removed), the run is saved where the folder is now, or in a new one, and this fails with a
 * sentence that says so. A lock that was removed from it is taken again. */
int saving_check_place(struct run *run, struct error *err);

/* The run ends, as *err says, for something could not be written, say: where the folder is not where it was, that is
 * why, and what saving_check_place() would do is done. -1 in any case. */
int saving_rescue(struct run *run, struct error *err);

/* Saves the run as it stands, unless that was done. stays: the run ends with it, and it is written when this
 * returns. */
int saving_save(struct run *run, bool stays, struct error *err);

/* What a thread writes is written. */
int saving_finish(struct run *run, struct error *err);

#endif
