/* What a run tells of itself: one JSON object a line in RUN/metrics.jsonl, written by rank 0,
 * flushed after each line. scripts/plot-run.py draws it. A number that is not finite, which JSON
 * does not know, is null.
 *
 * A resumed run drops the lines of steps that the checkpoint it starts from has not seen: they are
 * about to be written again. */
#ifndef LAMBERT_RUN_METRICS_H
#define LAMBERT_RUN_METRICS_H

#include <stdint.h>
#include <stdio.h>

#include "lambert/base/error.h"
#include "lambert/model/bert.h"
#include "lambert/optim/optimizer.h"
#include "lambert/run/balance.h"
#include "lambert/run/evaluate.h"
#include "lambert/store/checkpoint.h"

struct step_metrics {
    struct objective_sums sums[PRETRAINING_OBJECTIVES]; /* of the global batch */
    struct optimizer_report report;
    bool updated;                  /* no: the loss or the gradient is not finite, and nothing was
                                      changed */
    struct tensor_report *tensors; /* [table count]; NULL: not wanted */
    int64_t skipped_steps;         /* of the run so far */
    double rate;                   /* learning rate */
    uint64_t sequences, tokens;
    double seconds;    /* the whole step, waiting for data included */
    double waited;     /* seconds of it that a rank, on average, stood still for gradients and
                          weights of others, and ... */
    double exchanged;  /* ... with what it did to send, receive and add them up */
    double bytes_sent; /* by all ranks */
    double operations; /* useful ones, bert_operations() over all ranks */
    double peak;       /* operations a second that the job's cores could do */
    struct balance_report balance;
};

struct metrics {
    FILE *stream; /* NULL on ranks other than 0 */
    char *path;
};

/* [local] Lines after step `keep_steps` are dropped (0: the file starts anew). Does nothing but
 * succeed on ranks other than 0. */
int metrics_open(struct metrics *metrics, const char *run_folder, int rank, int64_t keep_steps,
                 struct error *err);
void metrics_close(struct metrics *metrics);

/* The mean of a sum of `count` terms; of nothing it is not a number: null in JSON. The loss is the
 * sum of those means that have terms. */
double metrics_mean(double sum, double count);
double metrics_loss(const struct objective_sums *sums /* [PRETRAINING_OBJECTIVES] */);

int metrics_step(struct metrics *metrics, const char *phase, const struct run_state *state,
                 const struct step_metrics *step, struct error *err);

/* A line of kind "tensors": all of the table as the step's update met them. */
int metrics_tensors(struct metrics *metrics, const char *phase, const struct run_state *state,
                    const struct param_table *table, const struct tensor_report *tensors,
                    struct error *err);
int metrics_evaluation(struct metrics *metrics, const char *phase, const struct run_state *state,
                       int sequence_length, const struct evaluation *evaluation, struct error *err);

#endif
