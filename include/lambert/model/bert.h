/* BERT with the heads of its objectives (objective.h): forward and backward of a packed
 * micro-batch.
 *
 * A struct bert has a plan: working memory for micro-batches of up to so many rows, sequences and
 * labelled rows, and which weights lie where. It holds no weights; params and grads are the flat
 * arrays of the parameter table. Preconditions (ids below V, lengths within the positions, ...) are
 * the caller's: the corpus and the configuration were checked before.
 *
 * Loss: the sum over the terms of each objective, not the mean. The gradient that bert_train() adds
 * to grads is that of
 *
 *     Σ over objectives o of scales[o] Σ over terms of o of their loss
 *
 * With scales[o] = 1 / (terms of o in the GLOBAL batch), summed over micro-batches and ranks, that
 * is the gradient of the sum of the global batch's mean losses, however it was cut
 * (docs/ARCHITECTURE.md, "The gradient"). Arrays by objective are in the order of the bert_config's
 * list: in pre-training [PRETRAINING_MLM], [PRETRAINING_NSP].
 *
 * Only what the losses need is computed: each head on the rows that it reads; in the last block,
 * queries, attention and feed-forward on the rows that some head reads.
 *
 * The functions open parallel regions of their own, on no more threads than OpenMP had when
 * bert_new() was called, and are called from one thread. That thread may work with several models
 * in turn: what they share, the products' memory and the queue of tasks (kernels/task_queue.h),
 * keeps nothing from one call to the next. */
#ifndef LAMBERT_MODEL_BERT_H
#define LAMBERT_MODEL_BERT_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/base/arena.h"
#include "lambert/base/real.h"
#include "lambert/batch/packed_batch.h"
#include "lambert/model/bert_config.h"
#include "lambert/model/objective.h"
#include "lambert/model/params.h"

struct bert;

struct bert_options {
    struct bert_capacity capacity; /* of micro-batches */

    /* What the operands of all matrix products are multiplied as (kernels/gemm.h). In bfloat16,
     * what forward keeps for backward is bfloat16 too; sums, the residual stream, softmax, the
     * statistics of LayerNorm, losses and gradients of weights stay real. */
    enum float_type compute_type;

    /* Backward computes the layers again from the input of every so many-th, which alone is kept;
     * the bits are the same. 0, or as many as there are layers: everything is kept, nothing made
     * again. */
    int recompute;
};

/* Bytes of working memory that bert_new() will take. */
size_t bert_memory(const struct bert_config *config, const struct bert_options *options);

int bert_new(struct bert **bert, const struct bert_config *config,
             const struct bert_options *options, struct error *err);
void bert_free(struct bert *bert); /* NULL is fine */

const struct param_table *bert_params(const struct bert *bert);
struct objective_list bert_objectives(const struct bert *bert);

/* How many terms each objective has in a batch, which may be larger than the capacity. */
void bert_count_terms(const struct bert *bert, const struct packed_batch *batch,
                      double *terms /* [objectives] */);

/* Forward only, without dropout: adds to sums [objectives], and writes what each objective says into
 * outputs [objectives]. */
void bert_predict(struct bert *bert, const real *params, const struct packed_batch *batch,
                  const struct objective_outputs *outputs, struct objective_sums *sums);

/* The same for the sums alone. */
void bert_evaluate(struct bert *bert, const real *params, const struct packed_batch *batch,
                   struct objective_sums *sums);

/* Forward with dropout, then backward: adds to sums [objectives] and to grads [table size]. Sums
 * are to be added up over micro-batches and ranks, and then divided. */
void bert_train(struct bert *bert, const real *params, const struct packed_batch *batch,
                const double *scales /* [objectives] */, real *grads, struct objective_sums *sums);

/* The same for grads that hold nothing yet, which are overwritten. Most of them are so by the products that make
 * them, and need not be cleared before: with few tokens in a step memory is what it waits for. */
void bert_train_first(struct bert *bert, const real *params, const struct packed_batch *batch,
                      const double *scales, real *grads, struct objective_sums *sums);

/* The rows of the word embeddings that tokens look up, where they are kept apart from the matrix
 * [V, H]. That is tied to the MLM head, which reads it last, and whose gradient is complete first. */
struct bert_embedding_rows {
    const int32_t *slots; /* [T] where the row of each token is in the arrays */
    int count;
    const real *values; /* [count, H] that forward reads; NULL: it reads params */
    real *gradients;    /* [count, H] that backward sets; NULL: it adds to grads. May be the memory
                           of values */
};

/* What a caller wants to be called for while bert_train() works, from the thread that called it.
 * Forward goes through the flat arrays from the front to the back (embeddings, layers, heads), and
 * backward comes back. The word embeddings, which are tied, are needed first and complete last;
 * with embedding_rows they are needed with the heads and complete with them. A member may be
 * NULL. */
struct bert_hooks {
    /* params [begin, end) are read from now on (backward asks no more). */
    void (*needs)(void *who, size_t begin, size_t end);

    /* grads [begin, end) are as they will be when bert_train() returns; all are, at last. */
    void (*complete)(void *who, size_t begin, size_t end);

    /* Called between two products, and between their parts (kernels/task_queue.h): often, and then
     * within a parallel region. */
    void (*pause)(void *who);

    void *who;                                        /* the caller's */
    const struct bert_embedding_rows *embedding_rows; /* of the micro-batch */
};

/* For the calls of bert_train() from now on, which the hooks must outlive; NULL: none. */
void bert_set_hooks(struct bert *bert, const struct bert_hooks *hooks);

/* Useful floating-point operations of forward and backward for this batch: matrix products only,
 * real tokens only, nothing the losses do not need, recomputation not counted. */
double bert_operations(const struct bert_config *config, const struct packed_batch *batch);

#endif
