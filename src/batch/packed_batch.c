#include "lambert/batch/packed_batch.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/error.h"
#include "lambert/base/memory.h"

void packed_batch_init(struct packed_batch *batch)
{
    *batch = (struct packed_batch){0};
}

void packed_batch_release(struct packed_batch *batch)
{
    free(batch->input_ids);
    free(batch->token_type_ids);
    free(batch->sequence_start);
    free(batch->labelled_rows);
    free(batch->row_labels);
    free(batch->next_sentence_label);
    free(batch->labels);
    free(batch->values);
    free(batch->sample_index);
    free(batch->sample_key);
    packed_batch_init(batch);
}

void packed_batch_reset(struct packed_batch *batch)
{
    batch->sequences = 0;
    batch->tokens = 0;
    batch->labelled = 0;
}

void packed_batch_set_label_width(struct packed_batch *batch, int label_width)
{
    require(batch->sequences == 0 && label_width >= 0);
    batch->label_width = label_width;
}

#define RESIZE(array, count) array = memory_resize(array, (size_t)(count), sizeof *(array))

static void reserve_labels(struct packed_batch *batch, size_t capacity)
{
    if (capacity <= batch->label_capacity)
        return;
    RESIZE(batch->labels, capacity);
    batch->label_capacity = capacity;
}

static void reserve_sequences(struct packed_batch *batch, int capacity)
{
    reserve_labels(batch, (size_t)capacity * (size_t)batch->label_width);
    if (capacity <= batch->sequence_capacity && batch->sequence_start)
        return;
    RESIZE(batch->values, capacity);
    RESIZE(batch->sequence_start, (size_t)capacity + 1);
    RESIZE(batch->next_sentence_label, capacity);
    RESIZE(batch->sample_index, capacity);
    RESIZE(batch->sample_key, capacity);
    batch->sequence_capacity = capacity;
    batch->sequence_start[0] = 0;
}

static void reserve_tokens(struct packed_batch *batch, int capacity)
{
    if (capacity <= batch->token_capacity)
        return;
    RESIZE(batch->input_ids, capacity);
    RESIZE(batch->token_type_ids, capacity);
    batch->token_capacity = capacity;
}

static void reserve_labelled(struct packed_batch *batch, int capacity)
{
    if (capacity <= batch->labelled_capacity)
        return;
    RESIZE(batch->labelled_rows, capacity);
    RESIZE(batch->row_labels, capacity);
    batch->labelled_capacity = capacity;
}

void packed_batch_reserve(struct packed_batch *batch, int sequences, int tokens, int labelled)
{
    reserve_sequences(batch, sequences);
    reserve_tokens(batch, tokens);
    reserve_labelled(batch, labelled);
}

size_t packed_batch_memory(size_t sequences, size_t tokens, size_t labelled, int label_width)
{
    const struct packed_batch *of; /* never read: sizes of what its members point at */
    const size_t sequence = sizeof *of->sequence_start + sizeof *of->next_sentence_label +
                            sizeof *of->values + sizeof *of->sample_index + sizeof *of->sample_key +
                            (size_t)label_width * sizeof *of->labels;
    const size_t token = sizeof *of->input_ids + sizeof *of->token_type_ids;
    return sequences * sequence + tokens * token +
           labelled * (sizeof *of->labelled_rows + sizeof *of->row_labels);
}

/* How much to reserve when `needed` no longer fits: at least half as much again. */
static int grown(int capacity, int needed)
{
    if (needed <= capacity)
        return capacity;
    int half_more = capacity < INT_MAX / 2 ? capacity + capacity / 2 : INT_MAX;
    return needed > half_more ? needed : half_more;
}

int packed_batch_append(struct packed_batch *batch, int tokens, int labelled)
{
    require(tokens > 0 && labelled >= 0 && labelled <= tokens);
    require(tokens <= INT_MAX - batch->tokens);
    const int first_row = batch->tokens, number = batch->sequences;
    packed_batch_reserve(batch, grown(batch->sequence_capacity, batch->sequences + 1),
                         grown(batch->token_capacity, batch->tokens + tokens),
                         grown(batch->labelled_capacity, batch->labelled + labelled));
    batch->sequences++;
    batch->tokens += tokens;
    batch->labelled += labelled;
    batch->sequence_start[batch->sequences] = batch->tokens;
    batch->next_sentence_label[number] = -1;
    batch->values[number] = NAN;
    for (int i = 0; i < batch->label_width; i++)
        batch->labels[(size_t)number * (size_t)batch->label_width + (size_t)i] = -1;
    return first_row;
}

int packed_batch_fit(const struct packed_batch *batch, int first, int token_budget)
{
    require(first >= 0 && first < batch->sequences && token_budget > 0);
    const int32_t *start = batch->sequence_start + first;
    int left = batch->sequences - first, tokens = start[left] - start[0], count = 1;
    int cuts = (tokens - 1) / token_budget + 1; /* micro-batches, at least */
    while (count < left && start[count + 1] - start[0] <= token_budget) {
        /* Twice the middle of the next sequence, behind the end of a micro-batch of the average
         * size? */
        int64_t middle = (int64_t)start[count] + start[count + 1] - 2 * (int64_t)start[0];
        if (middle * cuts > 2 * (int64_t)tokens)
            break;
        count++;
    }
    return count;
}

/* Number of the first labelled row at or after `row`. */
static int first_labelled(const struct packed_batch *batch, int32_t row)
{
    int low = 0, high = batch->labelled;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (batch->labelled_rows[middle] < row)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

#define COPY(array, from, count)                                                                   \
    do {                                                                                           \
        if ((count) > 0)                                                                           \
            memcpy(out->array, batch->array + (from), (size_t)(count) * sizeof *out->array);       \
    } while (0)

void packed_batch_slice(const struct packed_batch *batch, int first, int count,
                        struct packed_batch *out)
{
    require(out != batch);
    require(first >= 0 && count >= 0 && count <= batch->sequences - first);
    int row = count > 0 ? batch->sequence_start[first] : 0;
    int tokens = count > 0 ? batch->sequence_start[first + count] - row : 0;
    int first_label = first_labelled(batch, row);
    int labelled = count > 0 ? first_labelled(batch, row + tokens) - first_label : 0;
    const size_t width = (size_t)batch->label_width;

    packed_batch_reset(out);
    packed_batch_set_label_width(out, batch->label_width);
    packed_batch_reserve(out, count, tokens, labelled);
    out->sequences = count;
    out->tokens = tokens;
    out->labelled = labelled;
    COPY(input_ids, row, tokens);
    COPY(token_type_ids, row, tokens);
    COPY(row_labels, first_label, labelled);
    COPY(next_sentence_label, first, count);
    COPY(labels, (size_t)first * width, (size_t)count * width);
    COPY(values, first, count);
    COPY(sample_index, first, count);
    COPY(sample_key, first, count);
    for (int n = 0; n < count; n++)
        out->sequence_start[n + 1] = batch->sequence_start[first + n + 1] - row;
    for (int m = 0; m < labelled; m++)
        out->labelled_rows[m] = batch->labelled_rows[first_label + m] - row;
}

/* --- as bytes --------------------------------------------------------------------------------- */

struct sizes {
    int32_t sequences, tokens, labelled, label_width;
};

/* What travels of each array, in one order for both ways: f(array, elements). sequence_start begins with a 0. */
#define EACH_ARRAY(f, batch)                                                                       \
    do {                                                                                           \
        f((batch)->input_ids, (batch)->tokens);                                                    \
        f((batch)->token_type_ids, (batch)->tokens);                                               \
        f((batch)->sequence_start, (batch)->sequences + 1);                                        \
        f((batch)->labelled_rows, (batch)->labelled);                                              \
        f((batch)->row_labels, (batch)->labelled);                                                 \
        f((batch)->next_sentence_label, (batch)->sequences);                                       \
        f((batch)->labels, (batch)->sequences *(batch)->label_width);                              \
        f((batch)->values, (batch)->sequences);                                                    \
        f((batch)->sample_index, (batch)->sequences);                                              \
        f((batch)->sample_key, (batch)->sequences);                                                \
    } while (0)

void packed_batch_write(const struct packed_batch *batch, struct buffer *out)
{
    const struct sizes sizes = {batch->sequences, batch->tokens, batch->labelled,
                                batch->label_width};
    require(batch->sequence_start);
    buffer_put(out, &sizes, sizeof sizes);
#define WRITE(array, count) buffer_put(out, array, (size_t)(count) * sizeof *(array))
    EACH_ARRAY(WRITE, batch);
#undef WRITE
}

static void read_array(struct byte_reader *in, void *array, size_t bytes)
{
    const void *from = byte_reader_bytes(in, bytes);
    require(from);
    if (bytes > 0)
        memcpy(array, from, bytes);
}

void packed_batch_read(struct packed_batch *batch, struct byte_reader *in)
{
    struct sizes sizes;
    read_array(in, &sizes, sizeof sizes);
    packed_batch_reset(batch);
    packed_batch_set_label_width(batch, sizes.label_width);
    packed_batch_reserve(batch, sizes.sequences, sizes.tokens, sizes.labelled);
    batch->sequences = sizes.sequences;
    batch->tokens = sizes.tokens;
    batch->labelled = sizes.labelled;
#define READ(array, count) read_array(in, array, (size_t)(count) * sizeof *(array))
    EACH_ARRAY(READ, batch);
#undef READ
}
