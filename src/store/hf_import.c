#include "lambert/store/hugging_face.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "head_tensors.h"
#include "hf_config.h"
#include "hf_tokenizer.h"
#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/text/vocabulary.h"
#include "shape_text.h"

/* --- the folder ------------------------------------------------------------------------------- */

/* vocab.txt, or what tokenizer.json says where there is none. */
static int load_vocabulary(const struct hf_model *model, struct vocabulary **vocabulary,
                           struct error *err)
{
    struct buffer text = {0}, lines = {0};
    char *list = path_join(model->folder, "vocab.txt");
    char *json = path_join(model->folder, "tokenizer.json");
    int status = -1;
    if (file_exists(list)) {
        status = vocabulary_load(vocabulary, list, err);
    } else if (!file_exists(json)) {
        error_set(err, "%s has neither vocab.txt nor tokenizer.json", model->folder);
    } else if (file_read(json, &text, err) == 0 &&
               hf_tokenizer_vocabulary(buffer_text(&text), text.size, json, &lines, err) == 0) {
        status = vocabulary_parse(vocabulary, json, lines.data, lines.size, err);
    }
    buffer_release(&text);
    buffer_release(&lines);
    free(list);
    free(json);
    return status;
}

/* The shape's vocab becomes the number of entries; weights may have more rows (padding). */
static int read_vocabulary(struct hf_model *model, struct error *err)
{
    struct vocabulary *vocabulary;
    if (load_vocabulary(model, &vocabulary, err) < 0)
        return -1;
    const char *text = vocabulary_text(vocabulary, &model->vocabulary_size);
    int entries = vocabulary_size(vocabulary), status = 0;
    model->vocabulary = memory_new(model->vocabulary_size + 1, 1);
    memcpy(model->vocabulary, text, model->vocabulary_size);
    model->vocabulary_hash = vocabulary_hash(vocabulary);
    if (entries > model->shape.vocab)
        status = error_set(
            err, "the vocabulary of %s has %d entries, but vocab_size in its config.json is %d",
            model->folder, entries, model->shape.vocab);
    else if (entries < model->shape.vocab)
        log_info("the vocabulary of %s has %d entries: rows of the weights beyond them, up to "
                 "vocab_size %d, are left out as padding",
                 model->folder, entries, model->shape.vocab);
    model->shape.vocab = entries;
    vocabulary_free(vocabulary);
    return status;
}

/* What config.json says; the labels go to the model. */
static int read_config(struct hf_model *model, const char *path, struct error *err)
{
    struct buffer text = {0};
    struct hf_config config;
    int status = -1;
    if (file_read(path, &text, err) < 0 ||
        hf_config_parse(buffer_text(&text), text.size, path, &config, err) < 0)
        goto done;
    model->shape = config.shape;
    model->kind = config.kind;
    model->labels = config.labels;
    status = 0;
done:
    buffer_release(&text);
    return status;
}

/* A classifier for as many labels as config.json has. */
static int check_labels(const struct hf_model *model, struct error *err)
{
    const struct safetensors_tensor *classifier =
        safetensors_find(&model->weights, "classifier.weight");
    const int labels = model->kind == TASK_REGRESSION ? 1 : model->labels.count;
    if (!classifier || labels == 0 || classifier->dimensions == 0 || classifier->shape[0] == labels)
        return 0;
    char shape[SHAPE_TEXT];
    return error_set(err, "%s: the config.json is of %d label(s), but classifier.weight is %s",
                     model->folder, labels,
                     shape_text(classifier->dimensions, classifier->shape, shape));
}

int hf_model_open(struct hf_model *model, const char *folder, struct error *err)
{
    struct buffer tokenizer = {0};
    char *config_path = path_join(folder, "config.json");
    char *tokenizer_path = path_join(folder, "tokenizer_config.json");
    char *weights_path = path_join(folder, "model.safetensors");
    int status = -1;
    *model = (struct hf_model){.folder = memory_copy_text(folder)};
    if (read_config(model, config_path, err) < 0)
        goto done;

    /* A folder without tokenizer_config.json is uncased, as in transformers. */
    model->lower_case = true;
    if (file_exists(tokenizer_path) &&
        (file_read(tokenizer_path, &tokenizer, err) < 0 ||
         hf_tokenizer_lower_case(buffer_text(&tokenizer), tokenizer.size, tokenizer_path,
                                 &model->lower_case, err) < 0))
        goto done;
    if (read_vocabulary(model, err) < 0)
        goto done;

    status = safetensors_open(&model->weights, weights_path, err);
    if (status < 0 && !file_exists(weights_path))
        error_set(err,
                  "%s has no model.safetensors; a pytorch_model.bin or a sharded model is to be "
                  "saved anew with transformers' save_pretrained() first",
                  folder);
    if (status == 0)
        status = check_labels(model, err);
done:
    if (status < 0)
        hf_model_close(model);
    buffer_release(&tokenizer);
    free(config_path);
    free(tokenizer_path);
    free(weights_path);
    return status;
}

void hf_model_close(struct hf_model *model)
{
    safetensors_close(&model->weights);
    label_set_release(&model->labels);
    free(model->folder);
    free(model->vocabulary);
    *model = (struct hf_model){0};
}

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
