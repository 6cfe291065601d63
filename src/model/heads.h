/* The two pre-training heads (BERT, section 3.1), on the rows of the last block that they read.
 *
 *     MLM   a = h Wtᵀ + bt,  y = LN(gelu(a)),  logits = y Eᵀ + b,  E the word embeddings (tied)
 *     NSP   p = tanh(c Wpᵀ + bp),  logits = p Wnᵀ + bn,  c the row of [CLS]
 *
 * Forward, loss and backward are one pass: logits are made for a few hundred masked rows at a time,
 * turned into their own gradient in place, and used up. */
#ifndef LAMBERT_MODEL_HEADS_H
#define LAMBERT_MODEL_HEADS_H

#include <stdbool.h>

#include "layout.h"
#include "rows.h"

struct heads_scratch {
    real *h, *a, *g, *y;  /* [M, H] */
    real *mean, *rstd;    /* [M] */
    real *logits;         /* [LOGIT_ROWS, V] */
    real *dy, *dh;        /* [M, H] */
    double *losses;       /* [max(M, N)] */
    bool *correct;        /* [max(M, N)] */
    real *cls, *pooled;   /* [N, H] */
    real *dpooled, *dcls; /* [N, H] */
    real *nsp_logits;     /* [N, 2] */
    real *partial;        /* [row_blocks(max(M, N)), 3H] */
};

struct heads_pass {
    const struct bert_config *config;
    const struct bert_layout *layout;
    const real *params;
    const struct packed_batch *batch;
    const struct batch_rows *rows;
    struct heads_scratch *scratch;
    double mlm_scale, nsp_scale; /* of the loss terms in the gradient */
};

void heads_scratch_plan(struct heads_scratch *scratch, struct arena *arena,
                        const struct bert_config *config, const struct bert_capacity *capacity);

/* x [R, H], the head rows of the last block. grads NULL: losses only. Else dx [R, H] is overwritten
 * and the gradients of the weights are added to grads. */
void heads_run(const struct heads_pass *pass, const real *x, real *dx, real *grads,
               struct bert_sums *sums);

#endif
