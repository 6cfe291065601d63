/* What a run tells of itself: one JSON object a line in RUN/metrics.jsonl, written by rank 0,
 * flushed after each line. scripts/plot-run.py draws it. A number that is not finite, which JSON
 * does not know, is null.
 *
 * A resumed run drops the lines of steps that the checkpoint it starts from has not seen: they are
 * about to be written again. */
#ifndef LAMBERT_RUN_METRICS_H
#define LAMBERT_RUN_METRICS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "lambert/base/error.h"
#include "lambert/base/log.h"
#include "lambert/run/balance.h"
#include "lambert/run/evaluate.h"
#include "lambert/run/product_shares.h"
#include "lambert/run/time_table.h"
#include "lambert/score/scoring.h"
#include "lambert/store/checkpoint.h"
#include "lambert/store/event_file.h"
#include "lambert/trainer/trainer.h"

/* What an evaluation of a task came to. */
struct task_evaluation {
    enum task_kind kind;
    const char *file; /* of the examples */
    int examples;
    double loss; /* the mean over the terms */
    struct metric_values values;
};

/* How far a phase has come in one of several corpora. */
struct corpus_progress {
    const char *folder;
    uint64_t samples; /* of it, in the phase so far */
    double epochs;    /* how often they have gone through it, a part of the last time included */
};

/* How long a run has still to go: seconds; INFINITY where it has no end of its own. */
struct time_estimate {
    double phase; /* until the phase that runs is done */
    double run;   /* until all are */
};

/* What the run adds to a step's report. */
struct step_metrics {
    const struct step_report *report;
    double rate;           /* learning rate */
    int64_t skipped_steps; /* of the run so far */
    double seconds;        /* the whole step, waiting for data included */
    double peak;           /* operations a second that the job's cores could do in the type that
                              is computed in */
    struct balance_report balance;
    bool timed; /* the phase's length is a time, of which state->phase_seconds are over */
    struct time_estimate left;
};

/* Who computes: what a run says of itself besides its configuration. */
struct run_place {
    int ranks, nodes, threads; /* threads of rank 0 */
    const char
        *branched_from; /* where the process begins with the state of another run; else NULL */
    enum float_type compute_type;
};

/* Which lines there are of the evaluation after a step. */
struct evaluation_lines {
    bool evaluation, pairs; /* by kind */
};

struct metrics {
    FILE *stream; /* NULL on ranks other than 0 */
    char *path;
    struct event_file events;     /* where TensorBoard is to see them, too */
    struct evaluation_lines kept; /* of the step `keep_steps`, when the file was opened */
    struct time_totals
        earlier; /* of the processes that came this far, as the lines that were kept say it */
};

/* [local] Lines after step `keep_steps` are dropped (0: the file starts anew). Does nothing but
 * succeed on ranks other than 0. */
int metrics_open(struct metrics *metrics, const char *run_folder, int rank, int64_t keep_steps,
                 struct error *err);
void metrics_close(struct metrics *metrics);

/* [local, rank 0] From now on lines are written for TensorBoard, too, below RUN/tensorboard, from behind step
 * `keep_steps` on. A line that cannot be written there, as when the disk is full, is warned of, and ends that alone. */
int metrics_open_events(struct metrics *metrics, const char *run_folder, int64_t keep_steps,
                        const char *config, struct error *err);

/* The mean of a sum of `count` terms; of nothing it is not a number: null in JSON. */
double metrics_mean(double sum, double count);

/* The loss of a step: the sum of its objectives' mean losses, of those that have terms. */
double metrics_loss(const struct step_report *report);

/* A line of kind "run", when a process of the run begins or goes on: which binary it is, its command line and
 * configuration's place, the date, and who computes with which kernels. */
int metrics_run(struct metrics *metrics, const char *phase, const struct run_state *state,
                const struct run_place *place, struct error *err);

int metrics_step(struct metrics *metrics, const char *phase, const struct run_state *state,
                 const struct step_metrics *step, struct error *err);

/* A line of kind "replay": all differences of a step's replays. */
int metrics_replay(struct metrics *metrics, const char *phase, const struct run_state *state,
                   const struct param_table *table, const struct replay_report *report,
                   struct error *err);

/* A line of kind "tensors": all of the table, as they were in the step's update. */
int metrics_tensors(struct metrics *metrics, const char *phase, const struct run_state *state,
                    const struct param_table *table, const struct tensor_report *tensors,
                    struct error *err);
int metrics_evaluation(struct metrics *metrics, const char *phase, const struct run_state *state,
                       int sequence_length, const struct evaluation *evaluation, struct error *err);

/* A line of kind "evaluation" with task, file, examples, loss and metrics, an object of numbers by name. */
int metrics_task(struct metrics *metrics, const char *phase, const struct run_state *state,
                 const struct task_evaluation *evaluation, struct error *err);

/* A line of kind "pairs": in what share of so many minimal pairs the good sentence is likelier. */
int metrics_pairs(struct metrics *metrics, const char *phase, const struct run_state *state,
                  double accuracy, int pairs, struct error *err);

/* A line of kind "corpora": how far the phase has come in each of several. */
int metrics_corpora(struct metrics *metrics, const char *phase, const struct run_state *state,
                    const struct corpus_progress *corpora, int count, struct error *err);

/* A line of kind "checkpoint": for how long training stood still for it, and for how long it was written besides;
 * seconds. */
int metrics_checkpoint(struct metrics *metrics, const char *phase, const struct run_state *state,
                       double pause, double write, struct error *err);

/* A line of kind "log": how many lines of rank 0's log nobody got so far, and why the last of them could not be
 * written, if that was why. */
int metrics_log(struct metrics *metrics, const char *phase, const struct run_state *state,
                const struct log_losses *losses, struct error *err);

/* A line of kind "products": who made the matrix products of a phase. */
int metrics_products(struct metrics *metrics, const char *phase, const struct run_state *state,
                     const struct product_shares *shares, struct error *err);

/* A line of kind "time": where the time of this process went so far, and what it comes to with the earlier ones. */
int metrics_time(struct metrics *metrics, const char *phase, const struct run_state *state,
                 const struct time_table *table, struct error *err);

/* The fields of an evaluation, as a line of metrics and `lambert eval --json` have them; what is
 * not a number is null. Where there are several corpora, they are those of the weighted means, and
 * "corpora" is an array with the same fields of each by itself, and its share. */
void metrics_add_evaluation(cJSON *line, int sequence_length, const struct evaluation *evaluation);

#endif
