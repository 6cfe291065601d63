/* The weights of a model carried over to one that has another vocabulary or more positions, and is the same
 * otherwise (run.new_tokens, run.new_positions):
 *
 *     word embeddings, bias of the MLM head   a row a token: kept, a mean, or fresh (text/token_origins.h)
 *     position embeddings                     the model's rows, and beyond them the same again from the first on
 *                                             (Beltagy et al., arXiv 2004.05150, section 5), or fresh ones
 *     all others                              as they are
 *
 * A pure function of model, vocabulary and seed, whatever the model lies in. */
#ifndef LAMBERT_RUN_CARRY_OVER_H
#define LAMBERT_RUN_CARRY_OVER_H

#include "lambert/config/config.h"
#include "lambert/run/base_model.h"
#include "lambert/trainer/trainer.h"

struct carry_over {
    const struct base_model *model;      /* of at most as many positions */
    const struct vocabulary *vocabulary; /* the new one */
    const struct bert_config *shape;     /* the new model's */
    enum new_tokens new_tokens;
    enum new_positions new_positions;
    uint64_t seed; /* of what is fresh */
};

/* [rank 0] Fills params [table size] of the new model's table; the log says how many rows are which. Takes as much
 * memory as the old model's weights meanwhile. */
int carry_over_weights(const struct carry_over *carry, const struct param_table *table,
                       real *params, struct error *err);

#endif
