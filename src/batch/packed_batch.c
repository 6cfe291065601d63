#include "lambert/batch/packed_batch.h"

#include <limits.h>
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
    free(batch->masked_rows);
    free(batch->masked_labels);
    free(batch->next_sentence_label);
    free(batch->sample_index);
    free(batch->sample_key);
    packed_batch_init(batch);
}

void packed_batch_reset(struct packed_batch *batch)
{
    batch->sequences = 0;
    batch->tokens = 0;
    batch->masked = 0;
}

#define RESIZE(array, count) array = memory_resize(array, (size_t)(count), sizeof *(array))

static void reserve_sequences(struct packed_batch *batch, int capacity)
{
    if (capacity <= batch->sequence_capacity && batch->sequence_start)
        return;
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

static void reserve_masked(struct packed_batch *batch, int capacity)
{
    if (capacity <= batch->masked_capacity)
        return;
    RESIZE(batch->masked_rows, capacity);
    RESIZE(batch->masked_labels, capacity);
    batch->masked_capacity = capacity;
}

void packed_batch_reserve(struct packed_batch *batch, int sequences, int tokens, int masked)
{
    reserve_sequences(batch, sequences);
    reserve_tokens(batch, tokens);
    reserve_masked(batch, masked);
}

/* How much to reserve when `needed` no longer fits: at least half as much again. */
static int grown(int capacity, int needed)
{
    if (needed <= capacity)
        return capacity;
    int half_more = capacity < INT_MAX / 2 ? capacity + capacity / 2 : INT_MAX;
    return needed > half_more ? needed : half_more;
}

int packed_batch_append(struct packed_batch *batch, int tokens, int masked)
{
    require(tokens > 0 && masked >= 0 && masked <= tokens);
    require(tokens <= INT_MAX - batch->tokens);
    int first_row = batch->tokens;
    packed_batch_reserve(batch, grown(batch->sequence_capacity, batch->sequences + 1),
                         grown(batch->token_capacity, batch->tokens + tokens),
                         grown(batch->masked_capacity, batch->masked + masked));
    batch->sequences++;
    batch->tokens += tokens;
    batch->masked += masked;
    batch->sequence_start[batch->sequences] = batch->tokens;
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

/* Number of the first masked position at or after `row`. */
static int first_masked(const struct packed_batch *batch, int32_t row)
{
    int low = 0, high = batch->masked;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (batch->masked_rows[middle] < row)
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
    int mask = first_masked(batch, row);
    int masked = count > 0 ? first_masked(batch, row + tokens) - mask : 0;

    packed_batch_reserve(out, count, tokens, masked);
    out->sequences = count;
    out->tokens = tokens;
    out->masked = masked;
    COPY(input_ids, row, tokens);
    COPY(token_type_ids, row, tokens);
    COPY(masked_labels, mask, masked);
    COPY(next_sentence_label, first, count);
    COPY(sample_index, first, count);
    COPY(sample_key, first, count);
    for (int n = 0; n < count; n++)
        out->sequence_start[n + 1] = batch->sequence_start[first + n + 1] - row;
    for (int m = 0; m < masked; m++)
        out->masked_rows[m] = batch->masked_rows[mask + m] - row;
}
