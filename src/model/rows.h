/* What the passes over a micro-batch need to know of its rows, beside the batch itself. */
#ifndef LAMBERT_MODEL_ROWS_H
#define LAMBERT_MODEL_ROWS_H

#include <stdbool.h>

#include "lambert/base/arena.h"
#include "lambert/batch/packed_batch.h"
#include "lambert/kernels/kernels.h"
#include "lambert/model/objective.h"

/* A choice of rows, grouped by sequence. */
struct row_set {
    int count;            /* R */
    const int32_t *rows;  /* [R] rows of the batch, ascending; NULL: all rows, R = T */
    const int32_t *start; /* [N + 1] where each sequence's rows begin among the R */
};

/* Row of the batch that is number r of the set. */
static inline int row_set_at(const struct row_set *set, int r)
{
    return set->rows ? set->rows[r] : r;
}

/* Head rows are what the model's objectives read of the last block: per sequence [CLS], and then
 * its labelled rows where an objective reads them; or all rows, where one does. [CLS] is among them
 * even when nobody reads it, so that each sequence has a row and its keys and values a gradient. */
struct batch_rows {
    bool heads_read_all, heads_read_labelled;
    struct row_set all;
    struct row_set head; /* R */
    int32_t *head_rows;  /* [N + M] */
    int32_t *head_start; /* [N + 1] */
    int32_t *cls;        /* [N] which of the R head rows are [CLS] ... */
    int32_t *labelled;   /* [M] ... and, where they are read, which are labelled rows */
    int32_t *position;   /* [T] within the sequence */
    uint64_t *key;       /* [T] the sample's key */
};

void batch_rows_plan(struct batch_rows *rows, struct arena *arena,
                     const struct objective_list *objectives, const struct bert_capacity *capacity);
/* The most head rows that a batch has within the capacity. */
int batch_rows_most(const struct batch_rows *rows, const struct bert_capacity *capacity);

void batch_rows_set(struct batch_rows *rows, const struct packed_batch *batch);

/* Places in the model where dropout strikes. A stream is a place, a layer and an attention head; the place
 * takes two bits of it. The last one, between the encoder and a head, has the stream that the embedding
 * would have in layer 1, where there is none. */
enum dropout_site {
    DROPOUT_EMBEDDING,
    DROPOUT_PROBS,
    DROPOUT_ATTENTION,
    DROPOUT_FEED_FORWARD,
    DROPOUT_HEAD
};

static inline struct dropout dropout_at(uint64_t key, enum dropout_site site, int layer, int head,
                                        uint32_t threshold)
{
    return (struct dropout){.key = key,
                            .stream = (uint32_t)site | (uint32_t)layer << 2 | (uint32_t)head << 16,
                            .threshold = threshold};
}

#endif
