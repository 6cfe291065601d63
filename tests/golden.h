/* The golden files of tests/golden, made by an independent implementation in PyTorch; the formats
 * and number() are described in scripts/numerics/golden.py. Tests run in the root of the
 * repository. */
#ifndef LAMBERT_TESTS_GOLDEN_H
#define LAMBERT_TESTS_GOLDEN_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/model/params.h"

static inline double golden_number(uint32_t step, uint32_t tensor, uint32_t element)
{
    uint32_t k = (step * 64 + tensor) * 4096 + element;
    k ^= k >> 16;
    k *= 0x85ebca6bu;
    k ^= k >> 13;
    k *= 0xc2b2ae35u;
    k ^= k >> 16;
    return k / 4294967296.0 - 0.5;
}

/* cJSON_Delete() */
static inline cJSON *golden_open(const char *name)
{
    struct buffer text = {0};
    struct error err;
    char *path = memory_text("tests/golden/%s.json", name);
    if (file_read(path, &text, &err) != 0)
        fail_msg("%s", err.text);
    cJSON *root = cJSON_ParseWithLength(buffer_text(&text), text.size);
    assert_non_null(root);
    buffer_release(&text);
    free(path);
    return root;
}

static inline const cJSON *golden_get(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);
    if (item == NULL)
        fail_msg("the golden file has no %s", name);
    return item;
}

static inline double golden_value(const cJSON *object, const char *name)
{
    return golden_get(object, name)->valuedouble;
}

static inline struct bert_config golden_shape(const cJSON *root)
{
    const cJSON *config = golden_get(root, "config");
    const cJSON *act = cJSON_GetObjectItemCaseSensitive(config, "hidden_act");
    return (struct bert_config){
        .layers = (int)golden_value(config, "num_hidden_layers"),
        .hidden = (int)golden_value(config, "hidden_size"),
        .heads = (int)golden_value(config, "num_attention_heads"),
        .intermediate = (int)golden_value(config, "intermediate_size"),
        .vocab = (int)golden_value(config, "vocab_size"),
        .positions = (int)golden_value(config, "max_position_embeddings"),
        .types = (int)golden_value(config, "type_vocab_size"),
        .gelu = act && strcmp(act->valuestring, "gelu_new") == 0 ? GELU_TANH : GELU_ERF,
        .layer_norm_eps = golden_value(config, "layer_norm_eps"),
    };
}

/* The number that a tensor has in the files, which list them in another order: in `tensors` of a
 * model's file, and as the names of `sums` in an optimizer's. */
static inline uint32_t golden_tensor(const cJSON *root, const char *name)
{
    uint32_t number = 0;
    const cJSON *item, *tensors = cJSON_GetObjectItemCaseSensitive(root, "tensors");
    const cJSON *list = tensors != NULL ? tensors : golden_get(root, "sums");
    cJSON_ArrayForEach(item, list)
    {
        if (strcmp(tensors != NULL ? item->valuestring : item->string, name) == 0)
            return number;
        number++;
    }
    fail_msg("the golden file has no tensor %s", name);
    return 0;
}

/* The weights that both sides begin with. */
static inline void golden_weights(const cJSON *root, const struct param_table *table, real *params)
{
    memset(params, 0, table->size * sizeof *params);
    for (int t = 0; t < table->count; t++) {
        const struct param_info *info = &table->infos[t];
        uint32_t number = golden_tensor(root, info->name);
        for (size_t e = 0; e < info->count; e++)
            params[info->offset + e] =
                (real)(golden_number(0, number, (uint32_t)e) + (info->init == PARAM_ONES));
    }
}

/* Norm of (array - values), over the norm of the array. */
static inline double golden_distance(const cJSON *array, const real *values, size_t count)
{
    double difference = 0, norm = 0;
    size_t i = 0;
    const cJSON *item;
    cJSON_ArrayForEach(item, array)
    {
        assert_true(i < count);
        double d = item->valuedouble - (double)values[i++];
        difference += d * d;
        norm += item->valuedouble * item->valuedouble;
    }
    assert_int_equal(i, count);
    return sqrt(difference) / (norm > 0 ? sqrt(norm) : 1);
}

#endif
