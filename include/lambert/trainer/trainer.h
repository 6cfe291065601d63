/* A trainer: a model, its optimizer, and how the ranks of a job share both. It takes one global
 * batch after the other, whatever they come from, and knows nothing of the run that it is part of:
 * no configuration, no corpus, no phases, no files but the checkpoints that it writes and reads.
 *
 *     struct trainer_options options = {...};
 *     trainer_memory(dist, &options)                  what it will take, before it is taken
 *     trainer_new(&trainer, dist, &options, &err)
 *     trainer_initialise(trainer, seed)               or trainer_load(), or the caller's own weights
 *     for each batch:
 *         trainer_step(trainer, &batch, rate, false, &report, &err)
 *     trainer_settle(trainer), trainer_weights(trainer)
 *     trainer_save(trainer, path, &meta, &err)
 *     trainer_free(trainer)
 *
 * The step: ranks add up how many terms the losses of the global batch have; each cuts its share
 * into micro-batches and adds up their gradients, which the ranks sum while they are still
 * computing (param_sync.h); each updates the weights that it owns, and these travel to all others
 * during the next step. The gradient is that of the global batch's mean losses: it depends neither
 * on the number of ranks nor on micro-batches, but for rounding, and with `reproducible` not even
 * for that.
 *
 * Functions are collective unless marked [local]: all ranks call them in the same order, and fail
 * together with the same sentence. Several trainers may live in one process. */
#ifndef LAMBERT_TRAINER_TRAINER_H
#define LAMBERT_TRAINER_TRAINER_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/batch/batch_source.h"
#include "lambert/dist/dist.h"
#include "lambert/model/bert.h"
#include "lambert/optim/optimizer.h"
#include "lambert/store/checkpoint.h"
#include "lambert/store/checkpoint_snapshot.h"
#include "lambert/trainer/param_sync.h"
#include "lambert/trainer/replay.h"

struct trainer_options {
    struct bert_config model;
    struct bert_options bert; /* shares are cut to micro-batches of its capacity */
    struct optimizer_options optimizer;
    enum float_type gradient_wire; /* what gradients are sent as between nodes */
    enum float_type weight_type;   /* what weights are sent as and computed with */
    /* The sums of gradients do not depend on the number of ranks; batches are to come in groups
     * then (batch/batch_source.h). */
    bool reproducible;
    bool reports_tensors; /* trainer_step() may be asked for norms of each tensor */
    bool updates_anyway;  /* a step with a replay that differs is made as any other */
};

/* Collective. Bytes that a rank will hold; the weights, where `shared`, are held once a node. */
struct trainer_memory {
    struct param_sync_memory sync;
    size_t moments, activations;
};
struct trainer_memory trainer_memory(const struct dist *dist,
                                     const struct trainer_options *options);

/* [local] The same of rank 0 of another job, whose ranks stand in these stages; `shares`: those of a node can share
 * memory. */
struct trainer_memory trainer_memory_in(const struct stages *stages, bool shares,
                                        const struct trainer_options *options);

struct trainer;

/* dist outlives it. */
int trainer_new(struct trainer **trainer, const struct dist *dist,
                const struct trainer_options *options, struct error *err);
void trainer_free(struct trainer *trainer); /* NULL is fine */

/* --- weights ---------------------------------------------------------------------------------- */

/* Fresh weights, as the parameter table says: the same for any number of ranks. */
void trainer_initialise(struct trainer *trainer, uint64_t seed);

/* After a step the updated weights are still on their way, until the next one has fetched them.
 * This waits for them; it costs nothing where there is nothing to wait for. */
void trainer_settle(struct trainer *trainer);

/* [local] The weights [trainer_params()->size], settled, which the ranks of a node may share.
 * Whoever writes them, before the first step or after trainer_settle(), does so on rank 0 and then
 * calls trainer_broadcast_weights(). */
real *trainer_weights(const struct trainer *trainer);
void trainer_broadcast_weights(struct trainer *trainer);

/* Whether all weights and moments are finite: an update can overflow. */
bool trainer_is_finite(struct trainer *trainer);

/* [local] */
const struct param_table *trainer_params(const struct trainer *trainer);
struct bert *trainer_bert(struct trainer *trainer); /* for evaluation; between steps it is free */
int64_t trainer_updates(const struct trainer *trainer); /* steps that changed the weights */

/* --- steps ------------------------------------------------------------------------------------ */

/* The first micro-batch of a step whose loss is not finite. */
struct nonfinite_loss {
    int sequences; /* it has so many; 0: all losses are finite */
    int rank;
    uint64_t sample; /* the sample_index of the first of them */
};

/* What a step did. */
struct step_report {
    struct objective_list objectives;           /* the model's */
    struct objective_sums sums[OBJECTIVE_MOST]; /* [objectives.count] of the global batch */
    uint64_t sequences, tokens;
    struct optimizer_report gradient; /* its norm, and whether it is finite */
    bool
        given_up; /* see trainer_listen() and trainer_is_called_off(); nothing was changed, and nothing else is in the report */
    /* no: the loss or the gradient is not finite, or a replay differs (updates_anyway), and nothing was changed */
    bool updated;
    struct nonfinite_loss nonfinite; /* where it was not updated */
    struct replay_report replay;
    /* [trainer_params()->count] where they were wanted and there was an update, else NULL; until
     * the next step. */
    const struct tensor_report *tensors;
    double operations; /* useful floating-point operations, bert_operations() over all ranks */
    /* Seconds that a rank, on average, stood still for gradients and weights of others; and with
     * what it did to send, receive and add them up. */
    double waited, exchanged;
    double bytes_sent; /* by all ranks */
    /* Seconds of this rank alone, waiting left out: sending, receiving and adding up, since the step before; and
     * updating weights and moments. */
    double own_exchange, own_update;
};

/* One update at the learning rate `rate` on the global batch of which `batch` is this rank's share.
 * Where a loss or the gradient is not finite there is none; the report says where it was first. A
 * rank that has no batch to give, or cannot go on for another reason, calls with NULL and the
 * reason in *err: then all fail with it, and nothing is changed. Not so where trainer_is_called_off() had said so to a rank:
 * then the step is given up on all of them, whether they have a batch or not. */
int trainer_step(struct trainer *trainer, const struct batch *batch, double rate,
                 bool report_tensors, struct step_report *report, struct error *err);

/* [local], but to be called on all ranks alike, between steps: whether this rank is told to end. From now on it is asked
 * while the rank waits for its batch (trainer_is_called_off()), or in a step for others that do. NULL: nobody is told. */
void trainer_hear(struct trainer *trainer, bool (*told)(void));

/* [local] Between two steps, again and again while this rank waits for its batch: whether the step is not even to begin,
 * as this rank is told, or another is. Then trainer_step() without a batch, and it is given up. */
bool trainer_is_called_off(struct trainer *trainer);

/* [local], but to be called on all ranks alike. From now on a step can be given up between two micro-batches, by all
 * ranks: when `told` says so on any. That costs a step one meeting of all ranks before their last micro-batches. A step
 * in which each rank has one micro-batch at most is made whole, and told() is not asked in it. NULL: all steps are. */
void trainer_listen(struct trainer *trainer, bool (*told)(void));

/* Once, before the first trainer_replay(): finds out which ranks can check which others (replay.h), and warns of those
 * that nobody can. */
void trainer_begin_replays(struct trainer *trainer);

/* [local], but to be called on all ranks alike. The next trainer_step() has a replay (replay.h), which
 * costs it the time of a micro-batch and changes nothing; `turn`, 0, 1, ..., decides on who checks whom. */
void trainer_replay(struct trainer *trainer, int64_t turn);

/* [local], but to be called on all ranks alike, between steps. The optimizer's moments begin anew with the next step, an
 * update or not. One that is given up, or has a replay that differs, leaves them as they are for those who save what was
 * before it; then they begin with the step after. */
void trainer_reset_moments(struct trainer *trainer);

/* The gradient of the global batch, before clipping, whole on every rank: *gradient
 * [trainer_params()->size], good until the next step. Nothing is changed by it; the report has no
 * norm. Without a batch as above. */
int trainer_gradient(struct trainer *trainer, const struct batch *batch, const real **gradient,
                     struct step_report *report, struct error *err);

/* --- checkpoints ------------------------------------------------------------------------------ */

/* Weights, moments and the number of updates, settled first; meta is what the run adds. */
int trainer_save(struct trainer *trainer, const char *path, const struct checkpoint_meta *meta,
                 struct error *err);

/* The same in two parts (store/checkpoint_snapshot.h): memory for it on rank 0, what it takes [local], and the copy.
 * Rank 0 then writes it by checkpoint_snapshot_write(), while steps go on. */
size_t trainer_snapshot_memory(struct trainer *trainer);
int trainer_snapshot_new(struct trainer *trainer, struct checkpoint_snapshot **snapshot,
                         struct error *err);
void trainer_take_snapshot(struct trainer *trainer, struct checkpoint_snapshot *snapshot,
                           const struct checkpoint_meta *meta);

/* The same back, to go on from. `file` is rank 0's, open, and stays the caller's; elsewhere it is not looked
 * at. *state is the checkpoint's, on all ranks. Fails, and nothing is changed, where the file does not
 * fit the model or the optimizer. */
int trainer_load(struct trainer *trainer, const struct checkpoint_file *file,
                 struct run_state *state, struct error *err);

#endif
