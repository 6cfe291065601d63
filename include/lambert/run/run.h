/* A training run: phases one after another, each with its own schedule, from fresh weights or from
 * the newest checkpoint of the run folder.
 *
 * run.folder holds config.ini (the effective configuration), metrics.jsonl, checkpoints/.
 *
 * SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2 and SIGXCPU to any rank end the run after the step it is in, with a
 * checkpoint, or, where steps take longer than a second, with one of the state before that step, which is given up at
 * the next micro-batch; before training has begun they end it at once. A batch that is not there is not waited for, and an
 * evaluation is given up: the run that goes on makes it first, if its metrics lack it. Who reads for either and does not
 * come back is left behind. So is the main thread where nothing is lost, before the first step and behind the last
 * checkpoint: a process in which it stands still ends all the same (`stopped_code`).
 *
 * A log that cannot be written, or is not read, costs no run: metrics.jsonl says how much of it is lost. */
#ifndef LAMBERT_RUN_RUN_H
#define LAMBERT_RUN_RUN_H

#include <stdbool.h>

#include "lambert/config/config.h"
#include "lambert/dist/dist.h"
#include "lambert/dist/threads.h"
#include "lambert/run/job_end.h"

struct watchdog;

struct run_request {
    const struct config *config;
    bool resume;        /* from the newest whole checkpoint; without one the run starts anew */
    const char *accept; /* result keys that may differ from the checkpoint's, comma-separated, or
                           NULL */
    int stopped_code; /* the exit code of a process that is told to end and cannot come to it by itself */
    struct job_end
        end; /* of the time that the run has, from now on: it ends before by itself; {0}: none */
};

/* [local] Once, before MPI starts: from here on signals are noted, and a thread writes the log. */
void run_before_ranks(void);

/* [local] Before run_training(), around what may wait for ever, as reading a configuration from a pipe: a rank that is told
 * to end meanwhile does, with that code. watchdog_stop() afterwards. */
int run_watch_start(struct watchdog **watchdog, int stopped_code, struct error *err);

/* Collective. 0: the run is complete; RUN_STOPPED: a signal, or the end of its time, ended it before, with a
 * checkpoint of all that was trained; -1 with the same sentence on every rank; FAILED_FOR_NOW where another host has, or
 * had, the folder's lock, FAILED_BY_MACHINE where a replay differed (train.replay_action), with a checkpoint of the state
 * before that step. */
enum { RUN_STOPPED = 1 };
int run_training(struct dist *dist, const struct run_request *request, struct error *err);

/* Who computes with what: ranks, cores, threads, binding, matrix products in that type, kernels,
 * BLAS; and whether ranks differ in kernels, which changes the last bits of what they compute.
 * Collective; rank 0 logs. */
void announce_machine(const struct dist *dist, const struct threads *threads,
                      enum float_type compute_type);

/* [local] The kernels that this rank has chosen, and who makes its products: "v4, products by AVX-512". */
void describe_kernels(enum float_type compute_type, char text[DIST_TEXT]);

/* What a run is configured as, after all files and words; rank 0 logs. */
void announce_config(const struct config *config);

/* Collective. Threads of the ranks (dist/threads.h), as run.threads says, and what is to be warned of; call once, before
 * any parallel region. -1 on all ranks. */
int start_threads(struct threads *threads, const struct dist *dist, const struct config *config,
                  struct error *err);

#endif
