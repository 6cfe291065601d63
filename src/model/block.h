/* One block of the encoder (BERT, section 3; post-LN):
 *
 *     q, k, v = x Wᵀ + b           c  = attention(q, k, v)
 *     y1 = LN(x + dropout(c Woᵀ + bo))
 *     a  = y1 W1ᵀ + b1             y2 = LN(y1 + dropout(gelu(a) W2ᵀ + b2))
 *
 * The output is wanted for a set of R rows: all T of them, or in the last block only those that the
 * heads read. Keys and values are made of all rows; everything else is of R rows.
 * docs/numerics.md derives the backward pass in this notation. */
#ifndef LAMBERT_MODEL_BLOCK_H
#define LAMBERT_MODEL_BLOCK_H

#include <stdbool.h>

#include "lambert/model/bert.h"
#include "layout.h"
#include "rows.h"

/* What forward leaves for backward; one a layer. z1, z2 are the sums that LayerNorm was given. */
struct block_activations {
    real *qkv;     /* [T, 3H]; for a chosen row set the first H columns are not used */
    real *query;   /* [R, H] for a chosen row set, else NULL */
    real *x_rows;  /* [R, H] the chosen rows of x, else NULL */
    real *lse;     /* [R, A] */
    real *context; /* [R, H] */
    real *z1, *y1; /* [R, H] */
    real *a;       /* [R, F]; gelu(a) is made again */
    real *z2, *y2; /* [R, H] */
    real *mean1, *rstd1, *mean2, *rstd2; /* [R] */
};

/* Working memory that all layers share. */
struct block_scratch {
    real *d, *e, *f; /* [T, H] */
    real *ffn;       /* [T, F] */
    real *g;         /* [T, F] gelu(a) of the layer at hand */
    real *dqkv;      /* [T, 3H] */
    real *partial;   /* [row_blocks(T), max(3H, F)] sums over blocks of rows */
    real *attention; /* [threads, attention_stride] */
    size_t attention_stride;
    int longest; /* sequence that attention's memory is for */
};

struct block_pass {
    const struct bert_config *config;
    const struct block_layout *layout;
    const real *params;
    const struct packed_batch *batch;
    const struct batch_rows *rows;
    const struct row_set *set; /* whose output is wanted: &rows->all or &rows->head */
    int layer;
    bool dropout; /* training */
    enum float_type compute_type;
    struct block_activations *kept;
    struct block_scratch *scratch;
    const struct bert_hooks *hooks; /* NULL: none */
};

/* `chosen`: for the last block, whose row set is no larger than `rows`. */
void block_activations_plan(struct block_activations *kept, struct arena *arena,
                            const struct bert_config *config, int tokens, int rows, bool chosen);
void block_scratch_plan(struct block_scratch *scratch, struct arena *arena,
                        const struct bert_config *config, const struct bert_capacity *capacity,
                        int threads);

/* x [T, H] -> kept->y2 [R, H] */
void block_forward(const struct block_pass *pass, const real *x);

/* scratch->d holds dy [R, H] before and dx [T, H] after; gradients of weights are added to grads.
 */
void block_backward(const struct block_pass *pass, const real *x, real *grads);

#endif
