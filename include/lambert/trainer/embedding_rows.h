/* Which rows of the word embeddings a micro-batch looks up, and memory for them: a compact array
 * in the place of the matrix (model/bert.h, struct bert_embedding_rows), whose rows go from and to
 * their owners by themselves (dist/row_exchange.h). */
#ifndef LAMBERT_TRAINER_EMBEDDING_ROWS_H
#define LAMBERT_TRAINER_EMBEDDING_ROWS_H

#include "lambert/base/arena.h"
#include "lambert/batch/packed_batch.h"
#include "lambert/dist/row_exchange.h"

struct embedding_rows {
    struct row_matrix matrix;
    struct row_list list; /* rows looked up */
    int32_t *rows;        /* [matrix.most] of list */
    int32_t *slots;       /* [tokens] where each token's row is in the list */
    int32_t *slot_of_row; /* [matrix.rows] */
    real *vectors;        /* [matrix.most, matrix.width] of the rows in the list */
    struct arena arena;
};

/* Bytes, for micro-batches of up to so many tokens. */
size_t embedding_rows_memory(const struct row_matrix *matrix, int tokens);

int embedding_rows_init(struct embedding_rows *embedding_rows, const struct row_matrix *matrix,
                        int tokens, struct error *err);
void embedding_rows_release(struct embedding_rows *embedding_rows); /* also of a zeroed one */

/* Sets list and slots. */
void embedding_rows_of(struct embedding_rows *embedding_rows, const struct packed_batch *batch);

#endif
