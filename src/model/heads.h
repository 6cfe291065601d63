/* The heads of the model's objectives, on the rows of the last block that they read: gives each
 * objective its rows, adds up the gradients of rows that several of them read, and computes BERT's
 * pooler, which is no objective's own, where one of them wants it:
 *
 *     p = tanh(c Wpᵀ + bp),  c the row of [CLS]                            (BERT, section 3.1) */
#ifndef LAMBERT_MODEL_HEADS_H
#define LAMBERT_MODEL_HEADS_H

#include <stdbool.h>

#include "lambert/model/objective.h"
#include "layout.h"
#include "rows.h"

struct heads {
    struct objective_list objectives;
    struct head {
        size_t offsets[OBJECTIVE_MOST_PARAMS]; /* of its tensors in the flat arrays */
        void *scratch;
    } each[OBJECTIVE_MOST];
    real *x, *dx;         /* [most rows of a head, H] */
    real *cls, *pooled;   /* [N, H]; NULL where no objective wants the pooler */
    real *dpooled, *dcls; /* [N, H] */
    real *partial;        /* [row_blocks(N), H] */
};

struct heads_pass {
    const struct bert_config *config;
    const struct bert_layout *layout;
    const real *params;
    const struct packed_batch *batch;
    const struct batch_rows *rows;
    struct heads *heads;
    enum float_type compute_type;
    const double *scales; /* [objectives] of the losses in the gradient; NULL: losses only */
    const struct objective_outputs *outputs; /* [objectives] NULL: none are wanted */
};

/* Working memory of the heads and of each objective. */
void heads_plan(struct heads *heads, struct arena *arena, const struct bert_config *config,
                const struct bert_capacity *capacity);

/* Finds the objectives' tensors in the table. */
void heads_find_params(struct heads *heads, const struct param_table *table);

/* x [R, H], the head rows of the last block -> the pooled rows [N, H], which stay until the next call;
 * where an objective reads them. */
const real *heads_pooled(const struct heads_pass *pass, const real *x);

/* x [R, H], the head rows of the last block. With scales, dx [R, H] is overwritten and the
 * gradients of the weights are added to grads; else both are NULL. Adds to sums [objectives]. */
void heads_run(const struct heads_pass *pass, const real *x, real *dx, real *grads,
               struct objective_sums *sums);

#endif
