/* What the ranks send each other in a step, hidden behind the computing (dist/exchange.h):
 *
 *     traffic_start(&traffic)                    a step begins
 *     for each micro-batch:
 *         traffic_watch(&traffic, bert, last)    during bert_train(): waits for weights that are
 *                                                still on their way, product by product,
 *                                                and, in the last micro-batch, sends buckets of
 *                                                gradients off as they are complete
 *     traffic_reduced(&traffic)                  own slices of the sum are there
 *     traffic_own_weights(&traffic)              own slices of the weights are the optimizer's
 *     ...the optimizer...
 *     traffic_share_weights(&traffic)            updated slices are for everyone;
 *     or traffic_keep_weights(&traffic)          there was no update
 *     traffic_settle(&traffic)                   weights are whole, as the optimizer has them:
 * before anyone but bert_train() reads them
 *
 * traffic_watch() clears grads for the first micro-batch. Where gradients are summed in fixed point
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
#ifndef LAMBERT_TRAIN_TRAFFIC_H
#define LAMBERT_TRAIN_TRAFFIC_H

#include "lambert/config/config.h"
#include "lambert/dist/exchange.h"
#include "lambert/dist/node_arrays.h"
#include "lambert/dist/row_exchange.h"
#include "lambert/model/bert.h"
#include "lookups.h"
#include "rounded_weights.h"

struct traffic_options {
    bool bfloat16_gradients; /* between nodes */
    bool bfloat16_weights;   /* to compute with */
    bool fixed;              /* sums in fixed point */
    int tokens;              /* of a micro-batch, at most */
    struct row_matrix words;
};

struct traffic_options traffic_options_of(const struct config *config,
                                          const struct bert_config *bert,
                                          const struct bert_capacity *capacity);

struct traffic {
    const struct dist *dist;
    const struct sharding *sharding;
    struct node_arrays *memory;
    struct exchange *exchange;
    bool fixed;
    bool shares; /* weights are one array of all ranks of a node */

    real *weights;     /* [size] */
    real *grads;       /* [size] of this rank */
    real *shard_grads; /* [own shard] */

    struct row_exchange *rows; /* NULL: word embeddings do not go apart */
    struct lookups lookups;    /* of this micro-batch, with rows */
    bool rounds;               /* weights to compute with */
    struct rounded_weights rounded;
    bool held; /* updated weights: they are sent off when the next step begins */

    int matrix;         /* buckets wholly in the word embeddings, that go apart */
    int sent;           /* buckets of gradients so far */
    size_t front, back; /* gradients [0, front) and [back, size) are complete */
    bool first;         /* micro-batch of the step */
    double polled;      /* when messages were last moved on, by clock_seconds() */
    double limit;       /* of a gradient in fixed point */
    struct bert_watch watch;
    struct bert_lookups looked_up;
    struct exchange_report reported; /* when traffic_report() was last called */
};

/* Bytes a rank takes, besides the weights, which a node holds once where `shares`. */
struct traffic_memory {
    size_t weights, gradients, shard, buffers;
    bool shares;
};
struct traffic_memory traffic_memory(const struct sharding *sharding, int rank,
                                     const struct traffic_options *options); /* [local] */

/* Collective; sharding and dist outlive it. traffic_release() in any case, also of a zeroed one; it
 * is collective where updated weights are still on their way. */
int traffic_init(struct traffic *traffic, const struct dist *dist, const struct sharding *sharding,
                 const struct traffic_options *options, struct error *err);
void traffic_release(struct traffic *traffic);

/* micro_batches: of the global batch, all ranks together; matters in fixed point alone. */
void traffic_start(struct traffic *traffic, int64_t micro_batches);

/* Around bert_train(bert, weights, ..., grads, ...) of a micro-batch. Collective for the first of a
 * step, together with traffic_reduced() of ranks that have none. */
void traffic_watch(struct traffic *traffic, struct bert *bert, const struct packed_batch *batch,
                   bool last);
void traffic_unwatch(struct traffic *traffic, struct bert *bert);

void traffic_reduced(struct traffic *traffic);
void traffic_own_weights(struct traffic *traffic);
void traffic_keep_weights(struct traffic *traffic);
void traffic_share_weights(struct traffic *traffic);
void traffic_settle(struct traffic *traffic);

/* [local] What this rank did since the last call. */
struct exchange_report traffic_report(struct traffic *traffic);

#endif
