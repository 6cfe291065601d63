/* The weights of a Hugging Face folder, as a parameter table wants them. */
#include "lambert/store/hugging_face.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "head_tensors.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "shape_text.h"

/* --- names ------------------------------------------------------------------------------------ */

enum { LONGEST_NAME = 160 };

/* name with its last `from` replaced by `to`, into text; NULL when there is none. */
static const char *renamed(const char *name, const char *from, const char *to,
                           char text[LONGEST_NAME])
{
    const char *found = NULL;
    for (const char *at = strstr(name, from); at; at = strstr(at + 1, from))
        found = at;
    if (!found)
        return NULL;
    snprintf(text, LONGEST_NAME, "%.*s%s%s", (int)(found - name), name, to, found + strlen(from));
    return text;
}

/* By its own name or one that others give it: TensorFlow's names of LayerNorm's weights, which the
 * hub's first models still have, and NVIDIA's of linear layers with an activation. */
static const struct safetensors_tensor *find_alias(const struct safetensors *weights,
                                                   const char *name)
{
    static const char *const aliases[][2] = {
        {".LayerNorm.weight", ".LayerNorm.gamma"},
        {".LayerNorm.bias", ".LayerNorm.beta"},
        {".intermediate.dense.", ".intermediate.dense_act."},
        {".pooler.dense.", ".pooler.dense_act."},
        {".transform.dense.", ".transform.dense_act."},
        {".predictions.bias", ".predictions.decoder.bias"},
    };
    char text[LONGEST_NAME];
    const struct safetensors_tensor *found = safetensors_find(weights, name);
    for (size_t i = 0; !found && i < sizeof aliases / sizeof *aliases; i++)
        if (renamed(name, aliases[i][0], aliases[i][1], text) != NULL)
            found = safetensors_find(weights, text);
    return found;
}

/* BertModel saves its tensors without the prefix. */
static const struct safetensors_tensor *find_tensor(const struct safetensors *weights,
                                                    const char *name)
{
    const struct safetensors_tensor *found = find_alias(weights, name);
    if (!found && strncmp(name, "bert.", 5) == 0)
        found = find_alias(weights, name + 5);
    return found;
}

bool hf_model_has(const struct hf_model *model, const char *name)
{
    return find_tensor(&model->weights, name) != NULL;
}

static bool ends_with(const char *text, const char *end)
{
    size_t length = strlen(text), wanted = strlen(end);
    return length >= wanted && strcmp(text + length - wanted, end) == 0;
}

/* Tensors of the file that no parameter takes: known duplicates are silent, and heads of something
 * else are to be expected. */
static void report_leftovers(const struct hf_model *model, const struct param_table *table)
{
    const struct safetensors *weights = &model->weights;
    bool *taken = memory_new((size_t)weights->count, sizeof *taken);
    const char **heads = memory_new((size_t)weights->count, sizeof *heads);
    int head_count = 0;
    for (int i = 0; i < table->count; i++) {
        const struct safetensors_tensor *tensor = find_tensor(weights, table->infos[i].name);
        if (tensor)
            taken[tensor - weights->tensors] = true;
    }
    for (int i = 0; i < weights->count; i++) {
        const char *name = weights->tensors[i].name;
        if (taken[i] || ends_with(name, "embeddings.position_ids") ||
            ends_with(name, "embeddings.token_type_ids") ||
            strncmp(name, "cls.predictions.decoder.", 24) == 0)
            continue;
        if (head_of(name))
            heads[head_count++] = name;
        else
            log_warning("%s: tensor %s is not of this model; it is left out", weights->path, name);
    }
    log_unused_heads(weights->path, heads, head_count);
    free(heads);
    free(taken);
}

/* --- tensors ---------------------------------------------------------------------------------- */

/* The word table and its bias have a row an entry of the vocabulary; a padded vocabulary has more.
 */
static bool is_padded(const struct safetensors_tensor *tensor, const struct param_info *info)
{
    return (strcmp(info->name, "bert.embeddings.word_embeddings.weight") == 0 ||
            strcmp(info->name, "cls.predictions.bias") == 0) &&
           tensor->dimensions == info->dimensions && tensor->shape[0] > info->shape[0] &&
           (info->dimensions == 1 || tensor->shape[1] == info->shape[1]);
}

/* How the folder's tensor for a parameter fits it: a misfit is an error, and so is a missing tensor
 * of the encoder. */
static int check_tensor(const struct hf_model *model, const struct safetensors_tensor *tensor,
                        const struct param_info *info, enum tensor_fit *fit, struct error *err)
{
    char stored[SHAPE_TEXT], wanted[SHAPE_TEXT];
    *fit = TENSOR_MISSING;
    if (!tensor)
        return head_of(info->name)
                   ? 0
                   : error_set(err, "%s has no tensor %s", model->weights.path, info->name);
    if (tensor->dtype != SAFETENSORS_F32 && tensor->dtype != SAFETENSORS_F16 &&
        tensor->dtype != SAFETENSORS_BF16)
        return error_set(err, "%s: tensor %s is of type %s; F32, F16 and BF16 can be read",
                         model->weights.path, tensor->name, tensor->dtype_name);
    *fit =
        is_padded(tensor, info) ? TENSOR_FITS : tensor_fit(info, tensor->dimensions, tensor->shape);
    if (*fit == TENSOR_MISFITS)
        return error_set(err, "%s: tensor %s is %s, where the configured model has %s",
                         model->weights.path, tensor->name,
                         shape_text(tensor->dimensions, tensor->shape, stored),
                         shape_text(info->dimensions, info->shape, wanted));
    return 0;
}

static void read_tensor(const struct safetensors_tensor *tensor, const struct param_info *info,
                        real *values /* [info->count] */)
{
    if (tensor->elements == info->count) {
        safetensors_floats(tensor, values);
        return;
    }
    /* Padded: its first rows are those of the vocabulary. */
    float *all = memory_new(tensor->elements, sizeof *all);
    safetensors_floats(tensor, all);
    memcpy(values, all, info->count * sizeof *all);
    free(all);
}

int hf_model_weights(const struct hf_model *model, const struct param_table *table, uint64_t seed,
                     real *params, struct error *err)
{
    enum tensor_fit *fits = memory_new((size_t)table->count, sizeof *fits);
    int status = -1;
    for (int i = 0; i < table->count; i++)
        if (check_tensor(model, find_tensor(&model->weights, table->infos[i].name),
                         &table->infos[i], &fits[i], err) < 0)
            goto done;
    prepare_params(table, fits, model->shape.initializer_range, seed, params);
    for (int i = 0; i < table->count; i++) {
        const struct param_info *info = &table->infos[i];
        if (fits[i] == TENSOR_FITS)
            read_tensor(find_tensor(&model->weights, info->name), info, params + info->offset);
    }
    log_fresh_heads(model->weights.path, table, fits);
    report_leftovers(model, table);
    status = 0;
done:
    free(fits);
    return status;
}
