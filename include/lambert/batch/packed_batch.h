/* A packed batch: the tokens of many sequences end to end, without padding. It is what sample
 * makes and model eats, and neither may know the other.
 *
 * N sequences, T rows (tokens), M labelled rows. Row r of sequence n has position
 * r - sequence_start[n] within its sequence.
 *
 * What a sequence is labelled with depends on what the model is trained for: in pre-training its masked
 * positions are labelled rows, with the ids that stood there, and the sequence has a label for next
 * sentence prediction. For fine-tuning see model/task_objectives.h.
 *
 * One batch holds a rank's whole share of a global batch; packed_batch_slice() copies a run of its
 * sequences into another, rebased, which is a micro-batch. */
#ifndef LAMBERT_BATCH_PACKED_BATCH_H
#define LAMBERT_BATCH_PACKED_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"

struct packed_batch {
    int sequences;   /* N */
    int tokens;      /* T */
    int labelled;    /* M */
    int label_width; /* labels of a sequence; 0 in pre-training */

    int32_t *input_ids;           /* [T], masking already applied */
    uint8_t *token_type_ids;      /* [T], 0 for [CLS] A [SEP], 1 for B [SEP] */
    int32_t *sequence_start;      /* [N + 1], rows; [0] is 0, [N] is T */
    int32_t *labelled_rows;       /* [M], ascending rows, never a [CLS] */
    int32_t *row_labels;          /* [M], -1: none */
    int32_t *next_sentence_label; /* [N], 1: B is random, 0: B follows A, -1: no NSP loss */
    int32_t *labels;              /* [N, label_width], -1: none */
    float *values;                /* [N], what is to be predicted; not a number: none */
    uint64_t *sample_index;       /* [N], number of the sample in its phase */
    uint64_t *sample_key;         /* [N], key of everything random in the model for this sample */

    int sequence_capacity, token_capacity, labelled_capacity;
    size_t label_capacity; /* of labels, in all */
};

void packed_batch_init(struct packed_batch *batch); /* owns nothing yet */
void packed_batch_release(struct packed_batch *batch);
void packed_batch_reset(struct packed_batch *batch); /* empty, memory kept */

/* Sequences have so many labels from now on; the batch is empty. */
void packed_batch_set_label_width(struct packed_batch *batch, int label_width);

/* Room for this many; memory only ever grows. */
void packed_batch_reserve(struct packed_batch *batch, int sequences, int tokens, int labelled);

/* Label i of sequence n: -1 where it has none, as where no sequence has any. */
static inline int32_t packed_batch_label(const struct packed_batch *batch, int n, int i)
{
    return batch->label_width > 0
               ? batch->labels[(size_t)n * (size_t)batch->label_width + (size_t)i]
               : -1;
}

/* Bytes that room for this many takes. */
size_t packed_batch_memory(size_t sequences, size_t tokens, size_t labelled, int label_width);

/* Appends a sequence of `tokens` rows, `labelled` of them labelled; the caller fills the new tails of the
 * arrays (rows from the returned row on). sequence_start and the counts are set, and the sequence has no
 * label yet: next_sentence_label, labels and values say so. */
int packed_batch_append(struct packed_batch *batch, int tokens, int labelled);

/* How many sequences from `first` on to take next where all that are left are cut into even parts
 * of up to token_budget rows, and of no more than it takes where sequences are short: at least
 * 1. */
int packed_batch_fit(const struct packed_batch *batch, int first, int token_budget);

/* out = sequences [first, first + count) of batch, rebased to row 0. */
void packed_batch_slice(const struct packed_batch *batch, int first, int count,
                        struct packed_batch *out);

/* A batch as bytes, appended, for another process of the same job: arrays as they lie in memory, which is no format
 * for files. packed_batch_read() takes one from the reader and makes room for it; bytes that are no batch, or end in
 * it, are a bug. */
void packed_batch_write(const struct packed_batch *batch, struct buffer *out);
void packed_batch_read(struct packed_batch *batch, struct byte_reader *in);

#endif
