#include "lambert/model/params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "lambert/model/objective.h"

enum { ALIGNMENT = 16 }; /* elements: a cache line of float */

/* --- what BERT is made of --------------------------------------------------------------------- */

static const struct param_form embedding_forms[] = {
    {"bert.embeddings.word_embeddings.weight", WIDTH_VOCAB, WIDTH_HIDDEN, PARAM_NORMAL, false},
    {"bert.embeddings.position_embeddings.weight", WIDTH_POSITIONS, WIDTH_HIDDEN, PARAM_NORMAL,
     false},
    {"bert.embeddings.token_type_embeddings.weight", WIDTH_TYPES, WIDTH_HIDDEN, PARAM_NORMAL,
     false},
    {"bert.embeddings.LayerNorm.weight", WIDTH_HIDDEN, WIDTH_NONE, PARAM_ONES, false},
    {"bert.embeddings.LayerNorm.bias", WIDTH_HIDDEN, WIDTH_NONE, PARAM_ZEROS, false},
};

static const struct param_form layer_forms[] = {
    {"attention.self.query.weight", WIDTH_HIDDEN, WIDTH_HIDDEN, PARAM_NORMAL, false},
    {"attention.self.key.weight", WIDTH_HIDDEN, WIDTH_HIDDEN, PARAM_NORMAL, true},
    {"attention.self.value.weight", WIDTH_HIDDEN, WIDTH_HIDDEN, PARAM_NORMAL, true},
    {"attention.self.query.bias", WIDTH_HIDDEN, WIDTH_NONE, PARAM_ZEROS, false},
    {"attention.self.key.bias", WIDTH_HIDDEN, WIDTH_NONE, PARAM_ZEROS, true},
    {"attention.self.value.bias", WIDTH_HIDDEN, WIDTH_NONE, PARAM_ZEROS, true},
    {"attention.output.dense.weight", WIDTH_HIDDEN, WIDTH_HIDDEN, PARAM_NORMAL, false},
    {"attention.output.dense.bias", WIDTH_HIDDEN, WIDTH_NONE, PARAM_ZEROS, false},
    {"attention.output.LayerNorm.weight", WIDTH_HIDDEN, WIDTH_NONE, PARAM_ONES, false},
    {"attention.output.LayerNorm.bias", WIDTH_HIDDEN, WIDTH_NONE, PARAM_ZEROS, false},
    {"intermediate.dense.weight", WIDTH_INTERMEDIATE, WIDTH_HIDDEN, PARAM_NORMAL, false},
    {"intermediate.dense.bias", WIDTH_INTERMEDIATE, WIDTH_NONE, PARAM_ZEROS, false},
    {"output.dense.weight", WIDTH_HIDDEN, WIDTH_INTERMEDIATE, PARAM_NORMAL, false},
    {"output.dense.bias", WIDTH_HIDDEN, WIDTH_NONE, PARAM_ZEROS, false},
    {"output.LayerNorm.weight", WIDTH_HIDDEN, WIDTH_NONE, PARAM_ONES, false},
    {"output.LayerNorm.bias", WIDTH_HIDDEN, WIDTH_NONE, PARAM_ZEROS, false},
};

static const struct param_form pooler_forms[] = {
    {"bert.pooler.dense.weight", WIDTH_HIDDEN, WIDTH_HIDDEN, PARAM_NORMAL, false},
    {"bert.pooler.dense.bias", WIDTH_HIDDEN, WIDTH_NONE, PARAM_ZEROS, false},
};

#define COUNT(forms) ((int)(sizeof(forms) / sizeof *(forms)))

/* --- the table -------------------------------------------------------------------------------- */

static size_t aligned(size_t offset)
{
    return (offset + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static int width_of(const struct bert_config *config, int outputs, enum param_width width)
{
    const int widths[] = {[WIDTH_NONE] = 1,
                          [WIDTH_HIDDEN] = config->hidden,
                          [WIDTH_INTERMEDIATE] = config->intermediate,
                          [WIDTH_VOCAB] = config->vocab,
                          [WIDTH_POSITIONS] = config->positions,
                          [WIDTH_TYPES] = config->types,
                          [WIDTH_OUTPUTS] = outputs};
    return widths[width];
}

static void append_tensors(struct param_table *table, const struct bert_config *config,
                           const char *prefix, const struct param_form *forms, int count,
                           int outputs)
{
    for (int i = 0; i < count; i++) {
        const struct param_form *form = &forms[i];
        struct param_info *info = &table->infos[table->count++];
        const bool matrix = form->columns != WIDTH_NONE;
        const int rows = width_of(config, outputs, form->rows);
        const int columns = width_of(config, outputs, form->columns);
        *info = (struct param_info){.dimensions = matrix ? 2 : 1,
                                    .shape = {rows, matrix ? columns : 0},
                                    .offset = form->joined ? table->size : aligned(table->size),
                                    .count = (size_t)rows * (size_t)columns,
                                    .is_bias_or_norm = !matrix,
                                    .init = form->init};
        snprintf(info->name, sizeof info->name, "%s%s", prefix, form->name);
        table->size = info->offset + info->count;
        table->weights += info->count;
    }
}

void param_table_init(struct param_table *table, const struct bert_config *config)
{
    const struct objective_list objectives = objective_list_of(config);
    int most = COUNT(embedding_forms) + config->layers * COUNT(layer_forms) + COUNT(pooler_forms);
    for (int o = 0; o < objectives.count; o++)
        most += objectives.rows[o]->param_count;
    *table = (struct param_table){.infos = memory_new((size_t)most, sizeof *table->infos)};
    append_tensors(table, config, "", embedding_forms, COUNT(embedding_forms), 0);
    for (int l = 0; l < config->layers; l++) {
        char prefix[40];
        snprintf(prefix, sizeof prefix, "bert.encoder.layer.%d.", l);
        append_tensors(table, config, prefix, layer_forms, COUNT(layer_forms), 0);
    }
    if (objective_list_reads(&objectives, OBJECTIVE_POOLED))
        append_tensors(table, config, "", pooler_forms, COUNT(pooler_forms), 0);
    for (int o = 0; o < objectives.count; o++)
        append_tensors(table, config, "", objectives.rows[o]->params,
                       objectives.rows[o]->param_count, objectives.rows[o]->outputs);
    table->size = aligned(table->size);
}

void param_table_release(struct param_table *table)
{
    free(table->infos);
    *table = (struct param_table){0};
}

int param_table_find(const struct param_table *table, const char *name)
{
    for (int i = 0; i < table->count; i++)
        if (strcmp(table->infos[i].name, name) == 0)
            return i;
    return -1;
}

/* --- initial weights -------------------------------------------------------------------------- */

static double truncated_normal(struct rng *rng)
{
    double value;
    do {
        value = rng_normal(rng);
    } while (value < -2 || value > 2);
    return value;
}

static void fill_tensor(const struct param_info *info, double range, uint64_t key,
                        real *values /* [count] */)
{
    struct rng rng;
    rng_init(&rng, key);
    for (size_t i = 0; i < info->count; i++)
        values[i] = info->init == PARAM_NORMAL ? (real)(range * truncated_normal(&rng))
                                               : (real)(info->init == PARAM_ONES);
}

void param_table_initialise_one(const struct param_table *table, int tensor,
                                double initializer_range, uint64_t seed, real *params)
{
    const struct param_info *info = &table->infos[tensor];
    fill_tensor(info, initializer_range, rng_key(seed, RNG_INITIAL_WEIGHTS, (uint64_t)tensor, 0),
                params + info->offset);
}

void param_table_initialise(const struct param_table *table, double initializer_range,
                            uint64_t seed, real *params)
{
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < table->count; i++) {
        const struct param_info *info = &table->infos[i];
        size_t end = info->offset + info->count;
        size_t next = i + 1 < table->count ? info[1].offset : table->size;
        param_table_initialise_one(table, i, initializer_range, seed, params);
        memset(params + end, 0, (next - end) * sizeof *params);
    }
}
