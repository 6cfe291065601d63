#include "lookups.h"

#include <string.h>

static void lay_out(struct lookups *lookups, int tokens, struct arena *arena)
{
    const struct row_matrix *matrix = &lookups->matrix;
    size_t most = (size_t)matrix->most;
    lookups->rows = arena_take(arena, most, sizeof *lookups->rows);
    lookups->slots = arena_take(arena, (size_t)tokens, sizeof *lookups->slots);
    lookups->slot_of_row = arena_take(arena, (size_t)matrix->rows, sizeof *lookups->slot_of_row);
    lookups->vectors = arena_take(arena, most * (size_t)matrix->width, sizeof *lookups->vectors);
}

size_t lookups_memory(const struct row_matrix *matrix, int tokens)
{
    struct lookups plan = {.matrix = *matrix};
    struct arena arena;
    arena_measure(&arena);
    lay_out(&plan, tokens, &arena);
    return arena.used;
}

int lookups_init(struct lookups *lookups, const struct row_matrix *matrix, int tokens,
                 struct error *err)
{
    *lookups = (struct lookups){.matrix = *matrix};
    if (arena_init(&lookups->arena, lookups_memory(matrix, tokens), "rows of word embeddings",
                   err) < 0)
        return -1;
    lay_out(lookups, tokens, &lookups->arena);
    lookups->list.rows = lookups->rows;
    return 0;
}

void lookups_release(struct lookups *lookups)
{
    arena_release(&lookups->arena);
    *lookups = (struct lookups){0};
}

void lookups_of(struct lookups *lookups, const struct packed_batch *batch)
{
    enum { ABSENT = -1, PRESENT = 0 };
    int32_t *slot_of_row = lookups->slot_of_row;
    int count = 0;
    for (int row = 0; row < lookups->matrix.rows; row++)
        slot_of_row[row] = ABSENT;
    for (int t = 0; t < batch->tokens; t++)
        slot_of_row[batch->input_ids[t]] = PRESENT;
    for (int row = 0; row < lookups->matrix.rows; row++)
        if (slot_of_row[row] == PRESENT) {
            slot_of_row[row] = count;
            lookups->rows[count++] = row;
        }
    for (int t = 0; t < batch->tokens; t++)
        lookups->slots[t] = slot_of_row[batch->input_ids[t]];
    lookups->list.count = count;
}
