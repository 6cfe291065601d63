/* What the ranks send each other in a step, hidden behind the computing (dist/exchange.h):
 *
 *     param_sync_start(&param_sync)                    a step begins
 *     for each micro-batch:
 *         param_sync_watch(&param_sync, bert, last)    during bert_train(): waits for weights that are
 *                                                still on their way, product by product,
 *                                                and, in the last micro-batch, sends buckets of
 *                                                gradients off as they are complete
 *     param_sync_reduced(&param_sync)                  own slices of the sum are there
 *     param_sync_own_weights(&param_sync)              own slices of the weights are the optimizer's
 *     ...the optimizer...
 *     param_sync_share_weights(&param_sync)            updated slices are for everyone;
 *     or param_sync_keep_weights(&param_sync)          there was no update
 *     param_sync_settle(&param_sync)                   weights are whole, as the optimizer has them:
 * before anyone but bert_train() reads them
 *
 * param_sync_watch() clears grads for the first micro-batch. Where gradients are summed in fixed point
 * (train.reproducible) it does so for each, whose gradient is then added to what goes out.
 *
 * The word embeddings are a fifth of all bytes and, being tied to the MLM head, wanted first in
 * forward and complete last in backward, when there is nothing to hide them behind. So where there
 * is a network, the rows that tokens look up go apart (dist/row_exchange.h): fetched before
 * forward, added after backward, they are few. The matrix as a whole is then complete with the head
 * and needed by it: its buckets are the first of the gradients that leave, and the last of the
 * weights that come.
 *
 * Weights to compute with may be rounded to bfloat16 (rounded_weights.h), and
 * their buckets travel as such then. */
#ifndef LAMBERT_TRAINER_PARAM_SYNC_H
#define LAMBERT_TRAINER_PARAM_SYNC_H

#include "lambert/base/clock.h"
#include "lambert/dist/exchange.h"
#include "lambert/dist/node_arrays.h"
#include "lambert/dist/row_exchange.h"
#include "lambert/model/bert.h"
#include "lambert/trainer/embedding_rows.h"
#include "lambert/trainer/rounded_weights.h"

struct param_sync_options {
    bool bfloat16_gradients; /* between nodes */
    bool bfloat16_weights;   /* to compute with */
    bool fixed;              /* sums in fixed point */
    int tokens;              /* of a micro-batch, at most */
    struct row_matrix words;
};

struct param_sync {
    const struct dist *dist;
    const struct sharding *sharding;
    struct node_arrays *memory;
    struct exchange *exchange;
    bool fixed;
    bool shares; /* weights are one array of all ranks of a node */

    real *weights;     /* [size] */
    real *grads;       /* [size] of this rank */
    real *shard_grads; /* [own shard] */

    struct row_exchange *rows;            /* NULL: word embeddings do not go apart */
    struct embedding_rows embedding_rows; /* of this micro-batch, with rows */
    bool rounds;                          /* weights to compute with */
    struct rounded_weights rounded;
    bool held; /* updated weights: they are sent off when the next step begins */

    int matrix;         /* buckets wholly in the word embeddings, that go apart */
    int sent;           /* buckets of gradients so far */
    size_t front, back; /* gradients [0, front) and [back, size) are complete */
    bool first;         /* micro-batch of the step */
    double polled;      /* when messages were last moved on, by clock_seconds() */
    double limit;       /* of a gradient in fixed point */
    struct bert_hooks hooks;
    struct bert_embedding_rows looked_up;
    struct exchange_report reported; /* when param_sync_report() was last called */
};

/* Bytes a rank takes, besides the weights, which a node holds once where `shares`. */
struct param_sync_memory {
    size_t weights, gradients, shard, buffers;
    bool shares;
};
struct param_sync_memory param_sync_memory(const struct sharding *sharding, int rank,
                                           const struct param_sync_options *options); /* [local] */

/* Collective; sharding and dist outlive it. param_sync_release() in any case, also of a zeroed one; it
 * is collective where updated weights are still on their way. */
int param_sync_init(struct param_sync *param_sync, const struct dist *dist,
                    const struct sharding *sharding, const struct param_sync_options *options,
                    struct error *err);
void param_sync_release(struct param_sync *param_sync);

/* micro_batches: of the global batch, all ranks together; matters in fixed point alone. */
void param_sync_start(struct param_sync *param_sync, int64_t micro_batches);

/* Around bert_train(bert, weights, ..., grads, ...) of a micro-batch. Collective for the first of a
 * step, together with param_sync_reduced() of ranks that have none. */
void param_sync_watch(struct param_sync *param_sync, struct bert *bert,
                      const struct packed_batch *batch, bool last);
void param_sync_unwatch(struct param_sync *param_sync, struct bert *bert);

void param_sync_reduced(struct param_sync *param_sync);
void param_sync_own_weights(struct param_sync *param_sync);
void param_sync_keep_weights(struct param_sync *param_sync);
void param_sync_share_weights(struct param_sync *param_sync);
void param_sync_settle(struct param_sync *param_sync);

/* [local] What this rank did since the last call. */
struct exchange_report param_sync_report(struct param_sync *param_sync);

#endif
