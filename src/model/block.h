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
#include "operand.h"
#include "rows.h"

/* What forward leaves for backward; one a layer. z1, z2 are the sums that LayerNorm was given. What
 * has no type here is of the model's compute_type: operands of products (operand.h), and in bfloat16
 * z1 and z2 as well. */
struct block_activations {
    void *qkv;                           /* [T, 3H]; for a chosen row set the first H columns are
                                            not used */
    void *query;                         /* [R, H] for a chosen row set, else NULL */
    void *x_rows;                        /* [R, H] the chosen rows of x, else NULL */
    void *context;                       /* [R, H] */
    void *z1, *y1;                       /* [R, H] */
    void *a;                             /* [R, F]; gelu(a) is made again */
    void *z2, *y2;                       /* [R, H] */
    real *lse;                           /* [R, A] */
    real *mean1, *rstd1, *mean2, *rstd2; /* [R] */
};

/* Working memory that all layers share; void: of the model's compute_type. In bfloat16 e holds the
 * residual stream during forward, which in float32 lies in what is kept: x, y1, y2. */
struct block_scratch {
    real *d, *e;              /* [T, H] */
    void *f;                  /* [T, H] */
    void *ffn;                /* [T, F] */
    void *g;                  /* [T, F] gelu(a) of the layer at hand */
    void *dqkv;               /* [T, 3H] */
    struct row_memory memory; /* of H */
    real *partial;            /* [row_blocks(T), max(3H, F)] sums over blocks of rows */
    real *attention;          /* [threads, attention_stride] */
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
    bool again;   /* forward was here before: its hooks were told what it needs */
    real keep;    /* of the gradients of matrices that backward finds: 1, or 0: it sets them */
    enum float_type compute_type;
    struct block_activations *kept;
    struct block_scratch *scratch;
    const struct bert_hooks *hooks; /* NULL: none */
};

/* For row sets no larger than `rows`. */
void block_activations_plan(struct block_activations *kept, struct arena *arena,
                            const struct bert_config *config, enum float_type compute_type,
                            int tokens, int rows);
/* What a chosen row set wants besides. */
void block_chosen_plan(struct block_activations *kept, struct arena *arena,
                       const struct bert_config *config, enum float_type compute_type, int rows);
void block_scratch_plan(struct block_scratch *scratch, struct arena *arena,
                        const struct bert_config *config, const struct bert_options *options,
                        int threads);

/* x [T, H] -> kept->y2 [R, H], both of compute_type. In bfloat16 scratch->e holds x as it was before
 * it was rounded, and then y2; scratch->d is used where rows are chosen. */
void block_forward(const struct block_pass *pass, const void *x);

/* The output of a block as it is before it is rounded, [R, H], until another uses the scratch. */
const real *block_output(const struct block_pass *pass);

/* scratch->d holds dy [R, H] before and dx [T, H] after; gradients of weights are added to grads.
 */
void block_backward(const struct block_pass *pass, const void *x, real *grads);

#endif
