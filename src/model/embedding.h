/* The embedding of tokens (BERT, figure 2): x = dropout(LN(word[id] + position[p] + type[t])). */
#ifndef LAMBERT_MODEL_EMBEDDING_H
#define LAMBERT_MODEL_EMBEDDING_H

#include <stdbool.h>

#include "lambert/model/bert.h"
#include "layout.h"
#include "rows.h"

struct embedding_activations {
    real *z;           /* [T, H] the sum that LayerNorm was given */
    real *x;           /* [T, H] */
    real *mean, *rstd; /* [T] */
    real *partial;     /* [row_blocks(T), 2H] */
};

struct embedding_pass {
    const struct bert_config *config;
    const struct bert_layout *layout;
    const real *params;
    const struct packed_batch *batch;
    const struct batch_rows *rows;
    bool dropout;                              /* training */
    struct bert_embedding_rows embedding_rows; /* {0}: none */
    struct embedding_activations *kept;
};

void embedding_plan(struct embedding_activations *kept, struct arena *arena,
                    const struct bert_config *config, const struct bert_capacity *capacity);

/* -> kept->x */
void embedding_forward(const struct embedding_pass *pass);

/* dx [T, H] is used up; gradients of the tables and LayerNorm's weights are added to grads, but for
 * those that embedding_rows take. */
void embedding_backward(const struct embedding_pass *pass, real *dx, real *grads);

#endif
