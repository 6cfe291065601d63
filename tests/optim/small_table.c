#include "small_table.h"

#include <stdio.h>

#include "lambert/base/memory.h"

static void append(struct param_table *table, const char *name, int rows, int columns, bool joined)
{
    struct param_info *info = &table->infos[table->count++];
    *info = (struct param_info){.dimensions = columns ? 2 : 1,
                                .shape = {rows, columns},
                                .offset = joined ? table->size : (table->size + 15) / 16 * 16,
                                .count = (size_t)rows * (size_t)(columns ? columns : 1),
                                .is_bias_or_norm = columns == 0};
    snprintf(info->name, sizeof info->name, "%s", name);
    table->size = info->offset + info->count;
    table->weights += info->count;
}

void small_table_init(struct param_table *table)
{
    static const struct {
        const char *name;
        int rows, columns;
        bool joined;
    } rows[SMALL_TENSORS] = {[WIDE] = {"wide", 71, 83, false},
                             [NORM] = {"norm", 13, 0, false},
                             [NORM_BIAS] = {"norm_bias", 13, 0, false},
                             [QUERY] = {"query", 7, 7, false},
                             [KEY] = {"key", 7, 7, true},
                             [ZERO_WEIGHT] = {"zero_weight", 5, 9, false},
                             [ZERO_GRADIENT] = {"zero_gradient", 6, 5, false},
                             [LONE] = {"lone", 1, 0, false}};
    *table = (struct param_table){.infos = memory_new(SMALL_TENSORS, sizeof *table->infos)};
    for (int t = 0; t < SMALL_TENSORS; t++)
        append(table, rows[t].name, rows[t].rows, rows[t].columns, rows[t].joined);
    table->size = (table->size + 15) / 16 * 16;
}

void golden_table_init(struct param_table *table)
{
    *table = (struct param_table){.infos = memory_new(1, sizeof *table->infos)};
    append(table, "golden", 2, 2, false);
    table->size = 16;
}
