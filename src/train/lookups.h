/* Which rows of the word embeddings a micro-batch looks up, and memory for them: a compact array
 * in the place of the matrix (model/bert.h, struct bert_lookups), whose rows go from and to their
 * owners by themselves (dist/row_exchange.h). */
#ifndef LAMBERT_TRAIN_LOOKUPS_H
#define LAMBERT_TRAIN_LOOKUPS_H

#include "lambert/base/arena.h"
#include "lambert/base/packed_batch.h"
#include "lambert/dist/row_exchange.h"

struct lookups {
    struct row_matrix matrix;
    struct row_list list; /* rows looked up */
    int32_t *rows;        /* [matrix.most] of list */
    int32_t *slots;       /* [tokens] where each token's row is in the list */
    int32_t *slot_of_row; /* [matrix.rows] */
    real *vectors;        /* [matrix.most, matrix.width] of the rows in the list */
    struct arena arena;
};

/* Bytes, for micro-batches of up to so many tokens. */
size_t lookups_memory(const struct row_matrix *matrix, int tokens);

int lookups_init(struct lookups *lookups, const struct row_matrix *matrix, int tokens,
                 struct error *err);
void lookups_release(struct lookups *lookups); /* also of a zeroed one */

/* Sets list and slots. */
void lookups_of(struct lookups *lookups, const struct packed_batch *batch);

#endif
