/* The communication of a training step, hidden behind the computing (dist/exchange.h): gradients
 * are summed over the ranks, each of which gets its slices of the sum, and the weights that a rank
 * has updated go to all others.
 *
 *     param_sync_new(&sync, dist, &sharding, &options, &err)
 *     each step:
 *         param_sync_begin_step(sync, micro_batches)
 *         for each micro-batch of this rank:
 *             param_sync_backward(sync, bert, &micro, ...)
 *         param_sync_finish_gradients(sync)   this rank's slices of the sum are there
 *         ...a sum over all ranks...          so that no rank still computes with the weights
 *         param_sync_begin_update(sync)       the weights that it owns are the optimizer's
 *         ...the optimizer...
 *         param_sync_publish(sync, updated)   and are now for everyone
 *     param_sync_settle(sync)                 weights are whole, for others than the next step
 *
 * param_sync_backward() waits for weights that are still on their way, product by product, and in
 * the last micro-batch sends buckets of gradients off as they are complete. Where gradients are
 * summed in fixed point, so that no order of adding shows in them, each micro-batch's gradient is
 * made apart and then added to what goes out.
 *
 * The word embeddings are a fifth of all bytes and, being tied to the MLM head, wanted first in
 * forward and complete last in backward, when there is nothing to hide them behind. So where there
 * is a network, the embedding rows that tokens look up go apart (dist/row_exchange.h): fetched
 * before forward, added after backward, they are few. The matrix as a whole is then complete with
 * the head and needed by it: its buckets are the first of the gradients that leave, and the last of
 * the weights that come. For the same reason published weights are held back until the next step
 * begins, whose rows must go before everything else.
 *
 * Weights to compute with may be rounded to bfloat16 (rounded_weights.h). A rank then has
 * what it owns in full precision from param_sync_begin_update() to param_sync_publish(), and all
 * weights after param_sync_settle(); in between they are rounded and travel in half the bytes. */
#ifndef LAMBERT_TRAINER_PARAM_SYNC_H
#define LAMBERT_TRAINER_PARAM_SYNC_H

#include "lambert/base/float16.h"
#include "lambert/dist/exchange.h"
#include "lambert/dist/row_exchange.h"
#include "lambert/model/bert.h"
#include "lambert/trainer/result_hashes.h"

struct param_sync_options {
    enum float_type gradient_wire; /* what gradients are sent as between nodes */
    enum float_type weight_type;   /* what weights are sent as and computed with */
    bool fixed_point;              /* sums of gradients are exact */
    int tokens;                    /* of a micro-batch, at most */
    struct row_matrix words;       /* the matrix of the word embeddings */
};

struct param_sync;

/* Bytes a rank takes, besides the weights, which a node holds once where `shared`: where nodes have several ranks and
 * these can share (`shares`, as node_arrays_possible() says). */
struct param_sync_memory {
    size_t weights, gradients, shard, buffers;
    bool shared;
};
struct param_sync_memory param_sync_memory(const struct sharding *sharding, int rank, bool shares,
                                           const struct param_sync_options *options); /* [local] */

/* Collective; sharding and dist outlive it. Its weights count as settled: the caller sets them, to
 * the same on all ranks, now or after any param_sync_settle(). */
int param_sync_new(struct param_sync **sync, const struct dist *dist,
                   const struct sharding *sharding, const struct param_sync_options *options,
                   struct error *err);

/* Collective where updated weights are still on their way. NULL is fine. */
void param_sync_free(struct param_sync *sync);

/* [local] Its arrays. Weights [size] are one array for all ranks of a node where they can share
 * memory; they are whole after param_sync_settle(). Gradients [size] are this rank's own, and free
 * to be used as working memory between steps. The shard is what a rank has of the summed gradient.
 */
real *param_sync_weights(const struct param_sync *sync);
bool param_sync_weights_shared(const struct param_sync *sync);
real *param_sync_gradients(const struct param_sync *sync);
real *param_sync_shard(const struct param_sync *sync);

/* [local] micro_batches: of the global batch, all ranks together; matters in fixed point alone. */
void param_sync_begin_step(struct param_sync *sync, int64_t micro_batches);

/* bert_train() of a micro-batch on its weights, adding to its gradients; `last`: it is this rank's
 * last of the step. Collective for the first of a step, together with param_sync_finish_gradients()
 * of ranks that have none. hashes: where those of this micro-batch's results go, which is to be the first of the step,
 * with sums that are 0 before it; NULL: nobody wants them. */
void param_sync_backward(struct param_sync *sync, struct bert *bert,
                         const struct packed_batch *micro, bool last, const double *scales,
                         struct objective_sums *sums, struct result_hashes *hashes);

/* The same computation on another rank, before its own first of the step: it leaves nothing but the hashes of its
 * results. `last` as the owner of the micro-batch has it. Collective as the first of a step is, which it becomes. */
void param_sync_compute_again(struct param_sync *sync, struct bert *bert,
                              const struct packed_batch *micro, bool last, const double *scales,
                              struct result_hashes *hashes);

/* Collective. A gradient may be all that is wanted: the next step can begin, or weights be settled,
 * without an update. */
void param_sync_finish_gradients(struct param_sync *sync);

/* Collective, before or after any micro-batch but the last, together with the first param_sync_backward() of the others:
 * this rank's weights are on their way and those of all others are here, so that none waits for another any more. From
 * here the step can be given up: weights are as they were before it. */
void param_sync_await_weights(struct param_sync *sync);

/* [local] Between the two the optimizer works on the weights that this rank owns. `updated`, on all
 * ranks or on none: it has changed them. Where it has not, nothing is sent and so nothing waits: the
 * ranks of a node, which share the weights, meet in some collective before one computes again. */
void param_sync_begin_update(struct param_sync *sync);
void param_sync_publish(struct param_sync *sync, bool updated);

/* Collective. Costs nothing when weights are settled already. */
void param_sync_settle(struct param_sync *sync);

/* [local] What this rank did since the last call. */
struct exchange_report param_sync_report(struct param_sync *sync);

#endif
