#include "lambert/examples/minimal_pairs.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/memory.h"
#include "lambert/examples/table.h"

const char *const pair_sentence_names[PAIR_SENTENCES] = {
    [SENTENCE_GOOD] = "sentence_good", [SENTENCE_BAD] = "sentence_bad"};
const char *const pair_grouping_names[PAIR_GROUPINGS] = {
    [GROUPED_BY_FIELD] = "field",
    [GROUPED_BY_TERM] = "linguistics_term",
    [GROUPED_BY_UID] = "UID",
};

/* Numbers of columns; -1: there is none. */
struct columns {
    int sentences[PAIR_SENTENCES], groups[PAIR_GROUPINGS];
};

static int find_columns(struct columns *columns, const struct table *table, struct error *err)
{
    for (int s = 0; s < PAIR_SENTENCES; s++)
        if (table_column(table, pair_sentence_names[s], &columns->sentences[s], err) < 0)
            return -1;
    for (int g = 0; g < PAIR_GROUPINGS; g++) {
        columns->groups[g] = -1;
        if (table_has(table, pair_grouping_names[g]) &&
            table_column(table, pair_grouping_names[g], &columns->groups[g], err) < 0)
            return -1;
    }
    return 0;
}

/* A copy of a cell that lasts; column -1: NULL. */
static int copy_cell(struct minimal_pairs *pairs, const struct table *table, int column,
                     const char **copy, struct error *err)
{
    *copy = NULL;
    if (column < 0)
        return 0;
    const char *text = table_text(table, column, err);
    if (!text)
        return -1;
    *copy = pool_copy_text(&pairs->memory, text, strlen(text));
    return 0;
}

static int read_pair(struct minimal_pairs *pairs, size_t *capacity, const struct table *table,
                     const struct columns *columns, struct error *err)
{
    struct minimal_pair pair = {.line = table->line};
    for (int s = 0; s < PAIR_SENTENCES; s++)
        if (copy_cell(pairs, table, columns->sentences[s], &pair.sentences[s], err) < 0)
            return -1;
    for (int g = 0; g < PAIR_GROUPINGS; g++)
        if (copy_cell(pairs, table, columns->groups[g], &pair.groups[g], err) < 0)
            return -1;
    ARRAY_RESERVE(pairs->at, (size_t)pairs->count + 1, *capacity);
    pairs->at[pairs->count++] = pair;
    return 0;
}

int minimal_pairs_read(struct minimal_pairs *pairs, const char *path, struct error *err)
{
    struct table table;
    struct columns columns;
    size_t capacity = 0;
    *pairs = (struct minimal_pairs){0};
    if (table_open(&table, path, TABLE_BY_NAME, true, err) < 0)
        return -1;
    pairs->path = memory_copy_text(path);
    int more = find_columns(&columns, &table, err) < 0 ? -1 : 1;
    while (more > 0 && (more = table_next(&table, err)) > 0)
        if (read_pair(pairs, &capacity, &table, &columns, err) < 0)
            more = -1;
    table_close(&table);
    if (more < 0)
        minimal_pairs_release(pairs);
    return more;
}

void minimal_pairs_release(struct minimal_pairs *pairs)
{
    free(pairs->at);
    free(pairs->path);
    pool_release(&pairs->memory);
    *pairs = (struct minimal_pairs){0};
}
