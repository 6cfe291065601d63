#include "lambert/model/params.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/rng.h"

enum { ALIGNMENT = 16 }; /* elements: a cache line of float */

/* --- what BERT is made of --------------------------------------------------------------------- */

enum width { NONE, TWO, HIDDEN, INTERMEDIATE, VOCAB, POSITIONS, TYPES };

struct tensor_form {
    const char *name;
    enum width rows, columns; /* columns NONE: one dimension */
    enum param_init init;
    bool joined; /* right behind the one before */
};

static const struct tensor_form embedding_forms[] = {
    {"bert.embeddings.word_embeddings.weight", VOCAB, HIDDEN, PARAM_NORMAL, false},
    {"bert.embeddings.position_embeddings.weight", POSITIONS, HIDDEN, PARAM_NORMAL, false},
    {"bert.embeddings.token_type_embeddings.weight", TYPES, HIDDEN, PARAM_NORMAL, false},
    {"bert.embeddings.LayerNorm.weight", HIDDEN, NONE, PARAM_ONES, false},
    {"bert.embeddings.LayerNorm.bias", HIDDEN, NONE, PARAM_ZEROS, false},
};

static const struct tensor_form layer_forms[] = {
    {"attention.self.query.weight", HIDDEN, HIDDEN, PARAM_NORMAL, false},
    {"attention.self.key.weight", HIDDEN, HIDDEN, PARAM_NORMAL, true},
    {"attention.self.value.weight", HIDDEN, HIDDEN, PARAM_NORMAL, true},
    {"attention.self.query.bias", HIDDEN, NONE, PARAM_ZEROS, false},
    {"attention.self.key.bias", HIDDEN, NONE, PARAM_ZEROS, true},
    {"attention.self.value.bias", HIDDEN, NONE, PARAM_ZEROS, true},
    {"attention.output.dense.weight", HIDDEN, HIDDEN, PARAM_NORMAL, false},
    {"attention.output.dense.bias", HIDDEN, NONE, PARAM_ZEROS, false},
    {"attention.output.LayerNorm.weight", HIDDEN, NONE, PARAM_ONES, false},
    {"attention.output.LayerNorm.bias", HIDDEN, NONE, PARAM_ZEROS, false},
    {"intermediate.dense.weight", INTERMEDIATE, HIDDEN, PARAM_NORMAL, false},
    {"intermediate.dense.bias", INTERMEDIATE, NONE, PARAM_ZEROS, false},
    {"output.dense.weight", HIDDEN, INTERMEDIATE, PARAM_NORMAL, false},
    {"output.dense.bias", HIDDEN, NONE, PARAM_ZEROS, false},
    {"output.LayerNorm.weight", HIDDEN, NONE, PARAM_ONES, false},
    {"output.LayerNorm.bias", HIDDEN, NONE, PARAM_ZEROS, false},
};

static const struct tensor_form head_forms[] = {
    {"bert.pooler.dense.weight", HIDDEN, HIDDEN, PARAM_NORMAL, false},
    {"bert.pooler.dense.bias", HIDDEN, NONE, PARAM_ZEROS, false},
    {"cls.predictions.transform.dense.weight", HIDDEN, HIDDEN, PARAM_NORMAL, false},
    {"cls.predictions.transform.dense.bias", HIDDEN, NONE, PARAM_ZEROS, false},
    {"cls.predictions.transform.LayerNorm.weight", HIDDEN, NONE, PARAM_ONES, false},
    {"cls.predictions.transform.LayerNorm.bias", HIDDEN, NONE, PARAM_ZEROS, false},
    {"cls.predictions.bias", VOCAB, NONE, PARAM_ZEROS, false},
    {"cls.seq_relationship.weight", TWO, HIDDEN, PARAM_NORMAL, false},
    {"cls.seq_relationship.bias", TWO, NONE, PARAM_ZEROS, false},
};

enum {
    EMBEDDING_TENSORS = sizeof embedding_forms / sizeof embedding_forms[0],
    LAYER_TENSORS = sizeof layer_forms / sizeof layer_forms[0],
    HEAD_TENSORS = sizeof head_forms / sizeof head_forms[0]
};

static int elements(const struct bert_config *config, enum width width)
{
    const int widths[] = {[NONE] = 1,
                          [TWO] = 2,
                          [HIDDEN] = config->hidden,
                          [INTERMEDIATE] = config->intermediate,
                          [VOCAB] = config->vocab,
                          [POSITIONS] = config->positions,
                          [TYPES] = config->types};
    return widths[width];
}

/* --- the table -------------------------------------------------------------------------------- */

static size_t align(size_t offset)
{
    return (offset + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

static void append(struct param_table *table, const struct bert_config *config, const char *prefix,
                   const struct tensor_form *form)
{
    struct param_info *info = &table->infos[table->count++];
    bool matrix = form->columns != NONE;
    int rows = elements(config, form->rows), columns = elements(config, form->columns);
    *info = (struct param_info){.dimensions = matrix ? 2 : 1,
                                .shape = {rows, matrix ? columns : 0},
                                .offset = form->joined ? table->size : align(table->size),
                                .count = (size_t)rows * (size_t)columns,
                                .is_bias_or_norm = !matrix,
                                .init = form->init};
    snprintf(info->name, sizeof info->name, "%s%s", prefix, form->name);
    table->size = info->offset + info->count;
    table->weights += info->count;
}

void param_table_init(struct param_table *table, const struct bert_config *config)
{
    int most = EMBEDDING_TENSORS + config->layers * LAYER_TENSORS + HEAD_TENSORS;
    *table = (struct param_table){.infos = memory_new((size_t)most, sizeof *table->infos)};
    for (int i = 0; i < EMBEDDING_TENSORS; i++)
        append(table, config, "", &embedding_forms[i]);
    for (int l = 0; l < config->layers; l++) {
        char prefix[40];
        snprintf(prefix, sizeof prefix, "bert.encoder.layer.%d.", l);
        for (int i = 0; i < LAYER_TENSORS; i++)
            append(table, config, prefix, &layer_forms[i]);
    }
    for (int i = 0; i < HEAD_TENSORS; i++)
        append(table, config, "", &head_forms[i]);
    table->size = align(table->size);
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

static void fill(const struct param_info *info, double range, uint64_t key,
                 real *values /* [count] */)
{
    struct rng rng;
    rng_init(&rng, key);
    for (size_t i = 0; i < info->count; i++)
        values[i] = info->init == PARAM_NORMAL ? (real)(range * truncated_normal(&rng))
                                               : (real)(info->init == PARAM_ONES);
}

void param_table_initialise(const struct param_table *table, double initializer_range,
                            uint64_t seed, real *params)
{
#pragma omp parallel for schedule(dynamic)
    for (int i = 0; i < table->count; i++) {
        const struct param_info *info = &table->infos[i];
        size_t end = info->offset + info->count;
        size_t next = i + 1 < table->count ? info[1].offset : table->size;
        fill(info, initializer_range, rng_key(seed, RNG_INITIAL_WEIGHTS, (uint64_t)i, 0),
             params + info->offset);
        memset(params + end, 0, (next - end) * sizeof *params);
    }
}
