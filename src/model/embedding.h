/* The embedding of tokens (BERT, figure 2): x = dropout(LN(word[id] + position[p] + type[t])). */
#ifndef LAMBERT_MODEL_EMBEDDING_H
#define LAMBERT_MODEL_EMBEDDING_H

#include <stdbool.h>

#include "lambert/model/bert.h"
#include "layout.h"
#include "operand.h"
#include "rows.h"

/* z and x are operands (operand.h) of the model's compute_type. */
struct embedding_activations {
    void *z;           /* [T, H] the sum that LayerNorm was given */
    void *x;           /* [T, H] */
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
    enum float_type compute_type;
    real *x; /* [T, H] where the output is real: kept->x in float32 */
    const struct row_memory *memory;
    struct embedding_activations *kept;
};

void embedding_plan(struct embedding_activations *kept, struct arena *arena,
                    const struct bert_config *config, const struct bert_options *options);

/* -> x and kept->x */
void embedding_forward(const struct embedding_pass *pass);

/* dx [T, H] is used up; gradients of the tables and LayerNorm's weights are added to grads, but for
 * those that embedding_rows take. */
void embedding_backward(const struct embedding_pass *pass, real *dx, real *grads);

#endif
