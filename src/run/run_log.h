/* What a run tells of its steps in the log and on the progress line; metrics.h is for files. All
 * functions are [local], and rank 0's log shows. */
#ifndef LAMBERT_RUN_RUN_LOG_H
#define LAMBERT_RUN_RUN_LOG_H

#include "lambert/base/progress.h"
#include "run_internal.h"

enum { OBJECTIVE_LABEL = 16 };

/* An objective's name as logs have it: "MLM". */
void objective_label(const struct objective *objective, char label[OBJECTIVE_LABEL]);

/* After a step is counted. The log gets a line for the first step and then every train.log_every,
 * the progress line is brought up to date each time. */
void run_log_step(const struct run *run, const struct phase_plan *plan,
                  const struct step_metrics *step, struct progress *progress);

/* With the level debug: a line a tensor. */
void run_log_tensors(const struct run *run, const struct tensor_report *tensors);

/* Who made the products of a phase. */
void run_log_products(const struct config_phase *phase, const struct product_shares *shares);

/* The table of where the time went, at the end of the run. */
void run_log_time(const struct time_table *table, const struct time_totals *earlier);

/* How far the phase has come in each of several corpora. */
void run_log_corpora(const struct run *run, const struct config_phase *phase,
                     const struct progress_list *list);

/* Of several corpora, a line for each, and one for all. */
void run_log_evaluation(const struct run *run, const struct config_phase *phase,
                        const struct evaluation *evaluation);

/* The minimal pairs of an evaluation. */
void run_log_pairs(const struct run *run, double accuracy, int pairs);

#endif
