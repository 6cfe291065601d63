/* What a training run holds: made by run_training() (run.c), which tells its story. Everything that
 * a step needs is inside the trainer. */
#ifndef LAMBERT_RUN_RUN_INTERNAL_H
#define LAMBERT_RUN_RUN_INTERNAL_H

#include "deadline.h"
#include "lambert/config/config.h"
#include "lambert/dist/dist.h"
#include "lambert/run/balance.h"
#include "lambert/run/metrics.h"
#include "lambert/run/rate_record.h"
#include "lambert/run/time_table.h"
#include "lambert/store/checkpoint.h"
#include "lambert/trainer/trainer.h"
#include "mlperf_log.h"
#include "phase_plan.h"
#include "run_clock.h"
#include "saving.h"
#include "time_left.h"
#include "work.h"

/* Of this process, in the phase that it is in. */
struct replay_counts {
    int64_t steps; /* with a replay */
    int64_t made, different;
};

struct run {
    struct dist *dist;
    const struct config *config; /* the work's */
    struct work *work;
    char *folder; /* run.folder, or where it is now: see run_folder.h */
    struct trainer *trainer;
    struct run_state state; /* where the run stands */
    struct checkpoint_meta
        meta; /* what checkpoints carry: the work's, with the state at the time */
    struct metrics metrics;
    struct mlperf_log mlperf; /* [rank 0] with train.mlperf_log */
    struct balance balance;
    struct run_clock clock;
    struct run_clock phase_clock; /* [rank 0] of the phase, since its first step here */
    struct rate_record rates[CONFIG_MAX_PHASES]; /* of phases that take theirs from a record */
    struct saving saving;
    int threads;        /* of this rank */
    double memory_left; /* bytes of this machine */
    double peak;        /* operations a second in train.compute_type that all cores could do */
    int64_t steps_here; /* of this process */
    double
        step_seconds; /* that the ranks worked at the last step, on average; before the first INFINITY */
    bool given_up; /* the step that was begun last was not made */
    bool differs;  /* nor that, for a replay differs */
    struct replay_counts replays;
    /* Of a run that goes on: what the metrics have of the evaluation after the step that it goes on from, which a signal
     * may have ended. Once a step is made, nothing. */
    struct evaluation_lines evaluated;
    int skips_in_a_row; /* steps up to now that changed nothing */
    bool branches;      /* it begins with the state of another run's checkpoint */
    bool fresh_head;    /* [rank 0] the task's head began with fresh weights */
    /* What follows the step, on all ranks: a rank was told to end the run; a checkpoint is due by the clock. */
    struct balance_flags flags;
    struct deadline deadline;   /* [rank 0] */
    struct time_left time_left; /* [rank 0] */
    struct time_spent time_spent;
    int machines; /* of the job: nodes as they were found */
    /* -1: the last step's metrics could not be written, on this rank, and why. */
    int written;
    struct error write_error;
    uint64_t log_lost; /* lines of the log, as far as the metrics have told of them */
    int lock;          /* [rank 0] descriptor of the run folder's lock; -1: not held */
    int place;         /* [rank 0] of the run folder itself, while the run has it; else -1 */
};

/* [local] A run that has nothing yet but its configuration and the name of its folder. run_release() afterwards in any
 * case. */
void run_begin(struct run *run, struct dist *dist, const struct config *config);

/* Collective; all ranks fail together. Behind run_begin(). What the run trains on is opened (work.h), nodes divided,
 * memory planned, and a trainer made, without weights. RUN_STOPPED where a signal to any rank ended that before. */
int run_init(struct run *run, bool resume, int threads, struct error *err);
void run_release(struct run *run);

/* [local] Where the run stands in its phase. */
struct phase_place run_place_in_phase(const struct run_state *state);

/* [local] A checkpoint at the end of a phase says so, rather than that the next begins, so that a
 * run resumed with more steps for that phase goes on in it. This moves run->state past phases that
 * are done. */
void run_pass_finished_phases(struct run *run);

#endif
