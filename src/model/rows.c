#include "rows.h"

void batch_rows_plan(struct batch_rows *rows, struct arena *arena,
                     const struct bert_capacity *capacity)
{
    size_t sequences = (size_t)capacity->sequences, tokens = (size_t)capacity->tokens;
    *rows = (struct batch_rows){0};
    rows->head_rows = arena_take(arena, sequences + (size_t)capacity->masked, sizeof(int32_t));
    rows->head_start = arena_take(arena, sequences + 1, sizeof(int32_t));
    rows->cls = arena_take(arena, sequences, sizeof(int32_t));
    rows->masked = arena_take(arena, (size_t)capacity->masked, sizeof(int32_t));
    rows->position = arena_take(arena, tokens, sizeof(int32_t));
    rows->key = arena_take(arena, tokens, sizeof(uint64_t));
}

void batch_rows_set(struct batch_rows *rows, const struct packed_batch *batch)
{
    int head = 0, masked = 0;
    for (int n = 0; n < batch->sequences; n++) {
        int begin = batch->sequence_start[n], end = batch->sequence_start[n + 1];
        for (int row = begin; row < end; row++) {
            rows->position[row] = row - begin;
            rows->key[row] = batch->sample_key[n];
        }
        rows->head_start[n] = head;
        rows->cls[n] = head;
        rows->head_rows[head++] = begin;
        for (; masked < batch->masked && batch->masked_rows[masked] < end; masked++) {
            rows->masked[masked] = head;
            rows->head_rows[head++] = batch->masked_rows[masked];
        }
    }
    rows->head_start[batch->sequences] = head;
    rows->all = (struct row_set){.count = batch->tokens, .start = batch->sequence_start};
    rows->head =
        (struct row_set){.count = head, .rows = rows->head_rows, .start = rows->head_start};
}
