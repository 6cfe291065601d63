#include "rows.h"

void batch_rows_plan(struct batch_rows *rows, struct arena *arena,
                     const struct objective_list *objectives, const struct bert_capacity *capacity)
{
    const size_t sequences = (size_t)capacity->sequences, tokens = (size_t)capacity->tokens;
    *rows = (struct batch_rows){.heads_read_all = objective_list_reads(objectives, OBJECTIVE_ALL),
                                .heads_read_labelled =
                                    objective_list_reads(objectives, OBJECTIVE_LABELLED)};
    rows->head_rows = arena_take(arena, sequences + (size_t)capacity->labelled, sizeof(int32_t));
    rows->head_start = arena_take(arena, sequences + 1, sizeof(int32_t));
    rows->cls = arena_take(arena, sequences, sizeof(int32_t));
    rows->labelled = arena_take(arena, (size_t)capacity->labelled, sizeof(int32_t));
    rows->position = arena_take(arena, tokens, sizeof(int32_t));
    rows->key = arena_take(arena, tokens, sizeof(uint64_t));
}

int batch_rows_most(const struct batch_rows *rows, const struct bert_capacity *capacity)
{
    return rows->heads_read_all
               ? capacity->tokens
               : capacity->sequences + (rows->heads_read_labelled ? capacity->labelled : 0);
}

void batch_rows_set(struct batch_rows *rows, const struct packed_batch *batch)
{
    rows->all = (struct row_set){.count = batch->tokens, .start = batch->sequence_start};
    for (int n = 0; n < batch->sequences; n++)
        for (int row = batch->sequence_start[n]; row < batch->sequence_start[n + 1]; row++) {
            rows->position[row] = row - batch->sequence_start[n];
            rows->key[row] = batch->sample_key[n];
        }
    if (rows->heads_read_all) {
        rows->head = rows->all;
        for (int n = 0; n < batch->sequences; n++)
            rows->cls[n] = batch->sequence_start[n];
        for (int m = 0; m < batch->labelled; m++)
            rows->labelled[m] = batch->labelled_rows[m];
        return;
    }
    const int labelled = rows->heads_read_labelled ? batch->labelled : 0;
    int head = 0, m = 0;
    for (int n = 0; n < batch->sequences; n++) {
        rows->head_start[n] = head;
        rows->cls[n] = head;
        rows->head_rows[head++] = batch->sequence_start[n];
        for (; m < labelled && batch->labelled_rows[m] < batch->sequence_start[n + 1]; m++) {
            rows->labelled[m] = head;
            rows->head_rows[head++] = batch->labelled_rows[m];
        }
    }
    rows->head_start[batch->sequences] = head;
    rows->head =
        (struct row_set){.count = head, .rows = rows->head_rows, .start = rows->head_start};
}
