/* The weights of a Hugging Face folder, as a parameter table wants them. */
#include "lambert/base/strings.h"
#include "lambert/store/hugging_face.h"

#include <stdlib.h>
#include <string.h>

#include "finite.h"
#include "head_tensors.h"
#include "hf_tensors.h"
#include "lambert/base/buffer.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "model_vocabulary.h"
#include "shape_text.h"

bool hf_model_has(const struct hf_model *model, const char *name)
{
    return hf_tensors_find(model->weights, name) != NULL;
}

/* --- what no parameter takes ------------------------------------------------------------------ */

enum leftover {
    LEFTOVER_KNOWN, /* what every model has, or has twice */
    LEFTOVER_HEAD,
    LEFTOVER_USED, /* the model would compute something with it */
    LEFTOVER_OTHER
};

/* By its name in a BERT of so many layers. */
static enum leftover leftover_of(const char *name, int layers)
{
    static const char embeddings[] = "bert.embeddings.", layer[] = "bert.encoder.layer.",
                      encoder[] = "bert.encoder.";
    static const char *const known[] = {
        "bert.embeddings.position_ids", "bert.embeddings.token_type_ids", "cls.predictions.bias",
        "cls.predictions.decoder.bias", "cls.predictions.decoder.weight"};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(name, known[i]) == 0)
            return LEFTOVER_KNOWN;
    if (head_of(name))
        return LEFTOVER_HEAD;
    if (string_begins_with(name, layer))
        return strtol(name + strlen(layer), NULL, 10) < layers ? LEFTOVER_USED : LEFTOVER_OTHER;
    return string_begins_with(name, embeddings) || string_begins_with(name, encoder)
               ? LEFTOVER_USED
               : LEFTOVER_OTHER;
}

/* The rows of one kind that the table does not take: rows [weights->count]. */
static int find_leftovers(const struct hf_model *model, const struct param_table *table,
                          enum leftover kind, const struct hf_tensor **rows)
{
    const struct hf_tensors *weights = model->weights;
    int count = 0;
    for (int i = 0; i < weights->count; i++) {
        const struct hf_tensor *row = &weights->rows[i];
        if (leftover_of(row->name, model->shape.layers) == kind &&
            param_table_find(table, row->name) < 0)
            rows[count++] = row;
    }
    return count;
}

/* Their names as the files have them, the first of many. */
static void print_names(const struct hf_tensor *const *rows, int count, struct buffer *list)
{
    enum { SHOWN = 8 };
    for (int i = 0; i < count && i < SHOWN; i++)
        buffer_print(list, "%s%.128s", i > 0 ? ", " : "", rows[i]->tensor->name);
    if (count > SHOWN)
        buffer_print(list, " and %d more", count - SHOWN);
}

/* A tensor of the encoder that the table knows nothing of says that the model is another one. */
static int check_leftovers(const struct hf_model *model, const struct param_table *table,
                           struct error *err)
{
    const struct hf_tensor **rows = memory_new((size_t)model->weights->count, sizeof *rows);
    struct buffer list = {0};
    const int count = find_leftovers(model, table, LEFTOVER_USED, rows);
    int status = 0;
    if (count > 0) {
        print_names(rows, count, &list);
        status = error_set(err,
                           "%s: its encoder has tensors that this program computes nothing with "
                           "(%s), so it is another model than BERT",
                           model->weights->files.path, buffer_text(&list));
    }
    buffer_release(&list);
    free(rows);
    return status;
}

/* The decoder is the word table, and its bias the head's, whatever stands under its own names. */
static void log_decoder(const struct hf_model *model)
{
    static const char *const other[HF_TIED] = {"the word table", "cls.predictions.bias"};
    for (int i = 0; i < HF_TIED; i++) {
        const struct hf_tensor *decoder = hf_tensors_untied(model->weights, i);
        if (decoder)
            log_warning("%s: %s is not %s, which config.json has for it; it is left out",
                        decoder->path, decoder->tensor->name, other[i]);
    }
}

static void log_leftovers(const struct hf_model *model, const struct param_table *table)
{
    const struct hf_tensors *weights = model->weights;
    const struct hf_tensor **rows = memory_new((size_t)weights->count, sizeof *rows);
    const char **heads = memory_new((size_t)weights->count, sizeof *heads);
    struct buffer list = {0};
    int count = find_leftovers(model, table, LEFTOVER_HEAD, rows);
    for (int i = 0; i < count; i++)
        heads[i] = rows[i]->name;
    log_unused_heads(weights->files.path, heads, count);
    count = find_leftovers(model, table, LEFTOVER_OTHER, rows);
    if (count > 0) {
        print_names(rows, count, &list);
        log_warning("%s: %d tensor(s) not of this model, which has %d layers, are left out: %s",
                    weights->files.path, count, model->shape.layers, buffer_text(&list));
    }
    log_decoder(model);
    buffer_release(&list);
    free(heads);
    free(rows);
}

/* --- tensors ---------------------------------------------------------------------------------- */

/* How the folder's tensor for a parameter fits it: a misfit is an error, and so is a missing tensor
 * of the encoder. */
static int check_tensor(const struct hf_model *model, const struct param_info *info,
                        enum tensor_fit *fit, struct error *err)
{
    const struct hf_tensor *row = hf_tensors_find(model->weights, info->name);
    char stored[SHAPE_TEXT], wanted[SHAPE_TEXT];
    *fit = TENSOR_MISSING;
    if (!row)
        return head_of(info->name)
                   ? 0
                   : error_set(err, "%s has no tensor %s", model->weights->files.path, info->name);
    const struct safetensors_tensor *tensor = row->tensor;
    if (!safetensors_is_real(tensor->dtype))
        return error_set(err,
                         "%s: tensor %s is of type %s; F32, F16, BF16 and F64 can be read, so save "
                         "the model as one of these",
                         row->path, tensor->name, tensor->dtype_name);
    const struct model_rows rows = {row->path, "config.json", model->vocab_size};
    if (model_vocabulary_check_rows(&rows, info, tensor->name, tensor->dimensions, tensor->shape,
                                    err) < 0)
        return -1;
    *fit = tensor_fit_padded(info, tensor->dimensions, tensor->shape);
    if (*fit == TENSOR_MISFITS)
        return error_set(err, "%s: tensor %s is %s, where the configured model has %s", row->path,
                         tensor->name, shape_text(tensor->dimensions, tensor->shape, stored),
                         shape_text(info->dimensions, info->shape, wanted));
    return 0;
}

/* Of a padded one the first rows, which are those of the vocabulary. */
static int read_tensor(const struct hf_tensor *row, const struct param_info *info,
                       real *values /* [info->count] */, struct error *err)
{
    const struct safetensors_tensor *tensor = row->tensor;
    safetensors_first_floats(tensor, info->count, values);
    return check_finite(row->path, tensor->name, info->dimensions, info->shape, values, info->count,
                        err);
}

int hf_model_weights(const struct hf_model *model, const struct param_table *table, uint64_t seed,
                     real *params, struct error *err)
{
    enum tensor_fit *fits = memory_new((size_t)table->count, sizeof *fits);
    int status = -1;
    for (int i = 0; i < table->count; i++)
        if (check_tensor(model, &table->infos[i], &fits[i], err) < 0)
            goto done;
    if (check_leftovers(model, table, err) < 0)
        goto done;
    prepare_params(table, fits, model->shape.initializer_range, seed, params);
    for (int i = 0; i < table->count; i++) {
        const struct param_info *info = &table->infos[i];
        if (fits[i] == TENSOR_FITS && read_tensor(hf_tensors_find(model->weights, info->name), info,
                                                  params + info->offset, err) < 0)
            goto done;
    }
    log_fresh_heads(model->weights->files.path, table, fits);
    log_leftovers(model, table);
    status = 0;
done:
    free(fits);
    return status;
}
