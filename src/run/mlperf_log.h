/* MLPerf's log of a run: RUN/mlperf.log, a line `:::MLLOG {...}` an event, as the rules of MLPerf Training and the checker
 * of PyPI's mlperf-logging want it of the benchmark "bert" in the open division. All is [local], of rank 0; where no log is
 * open every call but mlperf_log_init() does nothing.
 *
 *     mlperf_log_init(&log)                       the process begins: init_start
 *     mlperf_log_reaches_data(&log)               from here on corpora are read: init_stop, run_start
 *     mlperf_log_open(&log, folder, keep_steps, &state, &err)
 *     of each phase, also of one that is gone on with:
 *         mlperf_log_phase()                      hyperparameters
 *         before each step    mlperf_log_step()       a block of training begins, unless it has
 *         mlperf_log_evaluation_begins(), mlperf_log_evaluation()
 *     mlperf_log_end(&log, &state, complete)      run_stop
 *     mlperf_log_close(&log)
 *
 * A block is what lies between two evaluations. Epochs are counted as the benchmark does it, in samples: epoch_num,
 * first_epoch_num and epoch_count are sequences. `step_num` of each line says after how many steps of the run it was written.
 *
 * A run that goes on keeps the lines that its checkpoint has seen and goes on in the same file, so that the whole of it is
 * the log of one run; a line run_resumed says where. Nothing is changed in the file before there is something to add: a
 * run that is complete keeps its end when it is resumed for nothing. What is said once, as hyperparameters, is said
 * again only where it has changed.
 *
 * A line that cannot be written, as when the disk is full, is warned of, and ends the log until the run is resumed. */
#ifndef LAMBERT_RUN_MLPERF_LOG_H
#define LAMBERT_RUN_MLPERF_LOG_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "lambert/base/error.h"
#include "lambert/config/config.h"
#include "lambert/store/checkpoint.h"

struct mlperf_log {
    FILE *stream; /* NULL: none is open */
    char *path;
    int64_t init_started, run_started; /* milliseconds since 1970 */
    int64_t kept;                      /* bytes that stay of the file; -1: the others are gone */
    bool started, in_block, complete;  /* what the file says: run_start, an open block, success */
    cJSON *said;                       /* an object: what was said once, by its key and its phase */
};

void mlperf_log_init(struct mlperf_log *log);
void mlperf_log_reaches_data(struct mlperf_log *log);

/* keep_steps: what the checkpoint that the run goes on from has seen; 0: the log begins anew, also that of a branch, which
 * has steps behind it. */
int mlperf_log_open(struct mlperf_log *log, const char *run_folder, int64_t keep_steps,
                    const struct run_state *state, struct error *err);
void mlperf_log_close(struct mlperf_log *log); /* fine on a zeroed one */

void mlperf_log_phase(struct mlperf_log *log, const struct config *config,
                      const struct run_state *state);

/* samples: how many are to come until the block's end, should nothing end it sooner; 0: that is not known. */
void mlperf_log_step(struct mlperf_log *log, const struct run_state *state, int64_t samples);

void mlperf_log_evaluation_begins(struct mlperf_log *log, const struct run_state *state);

/* accuracy: the share of masked tokens that are found; of none, not a number, and not written. */
void mlperf_log_evaluation(struct mlperf_log *log, const struct run_state *state, double accuracy,
                           uint64_t sequences);

void mlperf_log_end(struct mlperf_log *log, const struct run_state *state, bool complete);

#endif
