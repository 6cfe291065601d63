/* What a run trains on and is judged by: corpora and their samples (pretraining.c), or a task and its
 * features (fine_tuning.c). The run goes through it without knowing which.
 *
 *     work_open(&work, dist, config, resume, err)
 *     work->config, work->options, work->meta     what is done, what the model is, what checkpoints carry
 *     operations->open_phase(...)                 batches, and what to evaluate on
 *         operations->evaluate(...)               again and again
 *     operations->close_phase(work)
 *     work_close(work) */
#ifndef LAMBERT_RUN_WORK_H
#define LAMBERT_RUN_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/batch/batch_source.h"
#include "lambert/config/config.h"
#include "lambert/dist/dist.h"
#include "lambert/run/metrics.h"
#include "lambert/store/checkpoint_file.h"
#include "lambert/text/vocabulary.h"
#include "lambert/trainer/trainer.h"

struct base_model;
struct run;
struct work;

/* How far a phase has come in each of the corpora that it mixes; none where it has one. */
struct progress_list {
    const struct corpus_progress *corpora; /* [count], the work's until it is asked again */
    int count;
};

struct work_operations {
    /* [local] What a phase trains and evaluates on: its batches [first, end). On failure nothing is
     * open. The source is closed before the phase. */
    int (*open_phase)(struct work *work, const struct dist *dist, int phase, uint64_t first,
                      uint64_t end, struct batch_source **source, struct error *err);
    void (*close_phase)(struct work *work); /* fine where none is open */

    /* Collective. How good the weights are, in log and metrics, between steps; without what run->evaluated says is
     * there. RUN_STOPPED: a signal to any rank ended it before, and what it has not told yet is still to be made. */
    int (*evaluate)(struct work *work, struct run *run, struct error *err);

    /* [local], the same on all ranks, whether a phase is open or none. Whether evaluate() would have something to tell in
     * this phase that `there` does not say is there. */
    bool (*owes_evaluation)(const struct work *work, int phase,
                            const struct evaluation_lines *there);

    /* [local] With the batch taken last, which there is. NULL: nothing is told of it. */
    struct progress_list (*progress)(struct work *work);

    /* Both let all be that a reader may touch who is left (`reader_left`). */
    void (*close)(struct work *work);
};

/* For implementations: a struct whose first member is a struct work. */
struct work {
    const struct work_operations *operations;
    struct config config;           /* complete: what the material decides is filled in */
    struct trainer_options options; /* model and micro-batches */
    struct checkpoint_meta meta;    /* what checkpoints carry; the state as before the first step */
    uint64_t earlier_hash; /* of the material, as earlier versions stored it; else the same */
    size_t cache;          /* bytes that its reader will take, a rank */
    size_t batches;        /* bytes of the largest phase's batches, a rank, at most */

    /* Who reads for it, the thread of a batch source or of an evaluation, does not come back, and is left behind: what he may
     * touch is never closed (work_leave_reader()). */
    bool reader_left;

    /* The model of run.start_from, where it is open already; the run takes its weights from it and closes its files.
     * NULL: it is not. */
    struct base_model *base;

    /* For sentences: "corpus", "data.corpus", and where it lies. */
    const char *what, *key, *place;
};

/* Collective. What the configuration is for (task.kind). resume: where the run's folder has a checkpoint,
 * fine-tuning takes shape and vocabulary from there, and the model that it started from may be gone. */
int work_open(struct work **work, const struct dist *dist, const struct config *config, bool resume,
              struct error *err);
void work_close(struct work *work); /* NULL is fine */

/* [local] Of a work whose source or evaluation has left a reader behind: says so, and keeps all. `what` he was to read
 * follows "of". */
void work_leave_reader(struct work *work, const char *what);

/* [local] batch_source_close(), and work_leave_reader() where that has to be; NULL is fine. */
void work_close_source(struct work *work, struct batch_source *source);

/* For implementations: fills in what checkpoints carry of the configuration, which is complete, of the
 * vocabulary, and of the material, which has this hash. */
void work_make_meta(struct work *work, const struct vocabulary *vocabulary,
                    const struct tokenizer_options *tokenizer, uint64_t material_hash);

/* What work_open() is between. */
int pretraining_open(struct work **work, const struct dist *dist, const struct config *config,
                     struct error *err);
int fine_tuning_open(struct work **work, const struct dist *dist, const struct config *config,
                     bool resume, struct error *err);

#endif
