#include "lambert/trainer/embedding_rows.h"

#include <string.h>

static void lay_out(struct embedding_rows *embedding_rows, int tokens, struct arena *arena)
{
    const struct row_matrix *matrix = &embedding_rows->matrix;
    size_t most = (size_t)matrix->most;
    embedding_rows->rows = arena_take(arena, most, sizeof *embedding_rows->rows);
    embedding_rows->slots = arena_take(arena, (size_t)tokens, sizeof *embedding_rows->slots);
    embedding_rows->slot_of_row =
        arena_take(arena, (size_t)matrix->rows, sizeof *embedding_rows->slot_of_row);
    embedding_rows->vectors =
        arena_take(arena, most * (size_t)matrix->width, sizeof *embedding_rows->vectors);
}

size_t embedding_rows_memory(const struct row_matrix *matrix, int tokens)
{
    struct embedding_rows plan = {.matrix = *matrix};
    struct arena arena;
    arena_measure(&arena);
    lay_out(&plan, tokens, &arena);
    return arena.used;
}

int embedding_rows_init(struct embedding_rows *embedding_rows, const struct row_matrix *matrix,
                        int tokens, struct error *err)
{
    *embedding_rows = (struct embedding_rows){.matrix = *matrix};
    if (arena_init(&embedding_rows->arena, embedding_rows_memory(matrix, tokens),
                   "rows of word embeddings", err) < 0)
        return -1;
    lay_out(embedding_rows, tokens, &embedding_rows->arena);
    embedding_rows->list.rows = embedding_rows->rows;
    return 0;
}

void embedding_rows_release(struct embedding_rows *embedding_rows)
{
    arena_release(&embedding_rows->arena);
    *embedding_rows = (struct embedding_rows){0};
}

void embedding_rows_of(struct embedding_rows *embedding_rows, const struct packed_batch *batch)
{
    enum { ABSENT = -1, PRESENT = 0 };
    int32_t *slot_of_row = embedding_rows->slot_of_row;
    int count = 0;
    for (int row = 0; row < embedding_rows->matrix.rows; row++)
        slot_of_row[row] = ABSENT;
    for (int t = 0; t < batch->tokens; t++)
        slot_of_row[batch->input_ids[t]] = PRESENT;
    for (int row = 0; row < embedding_rows->matrix.rows; row++)
        if (slot_of_row[row] == PRESENT) {
            slot_of_row[row] = count;
            embedding_rows->rows[count++] = row;
        }
    for (int t = 0; t < batch->tokens; t++)
        embedding_rows->slots[t] = slot_of_row[batch->input_ids[t]];
    embedding_rows->list.count = count;
}
