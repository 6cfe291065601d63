/* BERT with both pre-training heads: forward and backward of a packed micro-batch.
 *
 * A struct bert has a plan: working memory for micro-batches of up to so many rows, sequences and
 * masked positions, and which weights lie where. It holds no weights; params and grads are the flat
 * arrays of the parameter table. Preconditions (ids below V, lengths within the positions, ...) are
 * the caller's: the corpus and the configuration were checked before.
 *
 * Loss: the sum, not the mean. The gradient that bert_backward() adds to grads is that of
 *
 *     mlm_scale Σ over masked positions of -log p(label)  +  nsp_scale Σ over sequences of -log
 * p(label)
 *
 * With mlm_scale = 1 / (masked positions of the GLOBAL batch) and nsp_scale = 1 / (its sequences
 * with a label),
 * summed over micro-batches and ranks, that is the gradient of the global batch's mean losses,
 * however it was cut (docs/ARCHITECTURE.md, "The gradient").
 *
 * Only what the loss needs is computed: the MLM head on masked rows; in the last block, queries,
 * attention and feed-forward on masked rows and [CLS] alone.
 *
 * The functions open parallel regions of their own and are called from one thread. */
#ifndef LAMBERT_MODEL_BERT_H
#define LAMBERT_MODEL_BERT_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/base/arena.h"
#include "lambert/base/real.h"
#include "lambert/batch/packed_batch.h"
#include "lambert/model/bert_config.h"
#include "lambert/model/params.h"

struct bert_capacity {
    int tokens; /* rows of a micro-batch */
    int sequences;
    int masked;
    int longest; /* longest sequence */
};

/* Sums over a micro-batch; add them up over micro-batches and ranks, then divide. */
struct bert_sums {
    double mlm_loss, nsp_loss;       /* natural logarithms */
    double mlm_correct, nsp_correct; /* label had the largest logit */
    double masked, sequences;        /* terms in the sums; sequences with an NSP label */
};

struct bert;

/* Bytes of working memory that bert_new() will take. */
size_t bert_memory(const struct bert_config *config, const struct bert_capacity *capacity);

int bert_new(struct bert **bert, const struct bert_config *config,
             const struct bert_capacity *capacity, struct error *err);
void bert_free(struct bert *bert); /* NULL is fine */

const struct param_table *bert_params(const struct bert *bert);

/* Forward only, without dropout: adds to sums. */
void bert_evaluate(struct bert *bert, const real *params, const struct packed_batch *batch,
                   struct bert_sums *sums);

/* Forward with dropout, then backward: adds to sums and to grads [table size]. */
void bert_train(struct bert *bert, const real *params, const struct packed_batch *batch,
                double mlm_scale, double nsp_scale, real *grads, struct bert_sums *sums);

/* The rows of the word embeddings that tokens look up, where they are kept apart from the matrix
 * [V, H]: that is tied to the MLM head, which reads it last, and whose gradient is complete first.
 */
struct bert_embedding_rows {
    const int32_t *slots; /* [T] where the row of each token is in the arrays */
    int count;
    const real *values; /* [count, H] that forward reads; NULL: it reads params */
    real *gradients;    /* [count, H] that backward sets; NULL: it adds to grads. May be the memory
                           of values */
};

/* Who wants to do something meanwhile: bert_train() calls, from the thread that called it. The flat
 * arrays are gone through from the front to the back and then from the back to the front:
 * embeddings, layers, heads. The word embeddings, which are tied, are needed first and complete
 * last, or with embedding_rows needed with the heads and complete with them. A member may be NULL. */
struct bert_hooks {
    void (*needs)(void *who, size_t begin, size_t end); /* params [begin, end) are read from now on
                                                           (backward asks no more) */
    void (*complete)(void *who, size_t begin, size_t end); /* grads [begin, end) are as they will be
                                                              when bert_train() returns; all are, at
                                                              last */
    void (*pause)(void *who); /* between two products, and between their parts (kernels/parallel.h,
                                 tasks): often, and then within a parallel region */
    void *who;
    const struct bert_embedding_rows *embedding_rows; /* of the micro-batch */
};

/* For the calls of bert_train() from now on; NULL: nobody watches. The watch must outlive them. */
void bert_set_hooks(struct bert *bert, const struct bert_hooks *watch);

/* Useful floating-point operations of forward and backward for this batch: matrix products only,
 * real tokens only, nothing the loss does not need, recomputation not counted
 */
double bert_operations(const struct bert_config *config, const struct packed_batch *batch);

#endif
