#include "lambert/score/entity_table.h"

#include <stdlib.h>

#include "entities.h"
#include "lambert/base/array.h"
#include "lambert/base/memory.h"
#include "metrics.h"

struct type_list {
    const char **at;
    size_t count, capacity;
};

/* The entities of a sentence in both. */
struct sentence_entities {
    struct entity_list gold, said;
};

static void find_both(struct sentence_entities *both, const struct tagged_sentence *sentence,
                      const char *const *said)
{
    const char **tags = memory_new((size_t)sentence->count, sizeof *tags);
    for (int w = 0; w < sentence->count; w++)
        tags[w] = sentence->words[w].tag;
    entities_find(&both->gold, tags, sentence->count);
    entities_find(&both->said, said, sentence->count);
    free(tags);
}

static void add_types(struct type_list *types, const struct entity_list *list)
{
    for (int e = 0; e < list->count; e++) {
        ARRAY_RESERVE(types->at, types->count + 1, types->capacity);
        types->at[types->count++] = list->at[e].type;
    }
}

static void collect_types(struct entity_table *table, const struct tagged_sentences *gold,
                          const char *const *said)
{
    struct sentence_entities both = {0};
    struct type_list types = {0};
    for (int s = 0; s < gold->count; s++) {
        find_both(&both, &gold->at[s], said);
        add_types(&types, &both.gold);
        add_types(&types, &both.said);
        said += gold->at[s].count;
    }
    label_set_collect(&table->types, types.at, types.count);
    entities_release(&both.gold);
    entities_release(&both.said);
    free(types.at);
}

static struct entity_row *row_of(struct entity_table *table, const struct entity *entity)
{
    return &table->rows[label_set_find(&table->types, entity->type)];
}

static void count_entities(struct entity_table *table, const struct sentence_entities *both)
{
    for (int e = 0; e < both->gold.count; e++)
        row_of(table, &both->gold.at[e])->gold++;
    for (int e = 0; e < both->said.count; e++) {
        struct entity_list one = {.at = &both->said.at[e], .count = 1};
        struct entity_row *row = row_of(table, one.at);
        row->said++;
        row->correct += entities_in_common(&both->gold, &one);
    }
}

void entity_table_make(struct entity_table *table, const struct tagged_sentences *gold,
                       const char *const *said)
{
    struct sentence_entities both = {0};
    collect_types(table, gold, said);
    table->rows = memory_new((size_t)table->types.count, sizeof *table->rows);
    for (int s = 0; s < gold->count; s++) {
        find_both(&both, &gold->at[s], said);
        count_entities(table, &both);
        said += gold->at[s].count;
    }
    for (int t = 0; t < table->types.count; t++) {
        struct entity_row *row = &table->rows[t];
        row->f1 = f1_of_counts(row->correct, row->gold, row->said);
        row->precision = row->said > 0 ? (double)row->correct / row->said : 0;
        row->recall = row->gold > 0 ? (double)row->correct / row->gold : 0;
    }
    entities_release(&both.gold);
    entities_release(&both.said);
}

void entity_table_release(struct entity_table *table)
{
    label_set_release(&table->types);
    free(table->rows);
    *table = (struct entity_table){0};
}
