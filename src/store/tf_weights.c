/* The weights of a TensorFlow model, as a parameter table wants them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "finite.h"
#include "head_tensors.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/strings.h"
#include "lambert/store/tensorflow.h"
#include "model_vocabulary.h"
#include "shape_text.h"
#include "tensor_bundle.h"

/* --- names ------------------------------------------------------------------------------------ */

enum { LONGEST_NAME = 160 };

/* Those of heads, which follow no rule. */
static const struct {
    const char *ours, *theirs;
} head_names[] = {
    {"cls.predictions.bias", "cls/predictions/output_bias"},
    {"cls.seq_relationship.weight", "cls/seq_relationship/output_weights"},
    {"cls.seq_relationship.bias", "cls/seq_relationship/output_bias"},
    {"qa_outputs.weight", "cls/squad/output_weights"},
    {"qa_outputs.bias", "cls/squad/output_bias"},
};

/* Ends of names, the first that fits: what stands there in TensorFlow. */
static const struct {
    const char *ours, *theirs;
    bool transposed;
} endings[] = {
    {"_embeddings.weight", "_embeddings", false},
    {".LayerNorm.weight", "/LayerNorm/gamma", false},
    {".LayerNorm.bias", "/LayerNorm/beta", false},
    {".weight", "/kernel", true},
    {".bias", "/bias", false},
};

/* "bert.encoder.layer.0.output.dense.weight" is "bert/encoder/layer_0/output/dense/kernel", [in, out]. Empty where
 * TensorFlow has none of that name. */
static void name_in_tensorflow(const char *name, char text[LONGEST_NAME], bool *transposed)
{
    const size_t length = strlen(name);
    text[0] = '\0';
    *transposed = false;
    for (size_t h = 0; h < sizeof head_names / sizeof *head_names; h++)
        if (strcmp(head_names[h].ours, name) == 0) {
            snprintf(text, LONGEST_NAME, "%s", head_names[h].theirs);
            return;
        }
    for (size_t e = 0; e < sizeof endings / sizeof *endings; e++) {
        const size_t end = strlen(endings[e].ours);
        if (length <= end || strcmp(name + length - end, endings[e].ours) != 0)
            continue;
        snprintf(text, LONGEST_NAME, "%.*s%s", (int)(length - end), name, endings[e].theirs);
        *transposed = endings[e].transposed;
        break;
    }
    for (char *c = text; *c; c++)
        if (*c == '.')
            *c = '/';
    char *layer = strstr(text, "/layer/");
    if (layer)
        layer[strlen("/layer")] = '_';
}

static const struct bundle_tensor *find_tensor(const struct tf_model *model, const char *name,
                                               bool *transposed)
{
    char text[LONGEST_NAME];
    name_in_tensorflow(name, text, transposed);
    return tensor_bundle_find(model->weights, text);
}

bool tf_model_has(const struct tf_model *model, const char *name)
{
    bool transposed;
    return find_tensor(model, name, &transposed) != NULL;
}

/* --- what no parameter takes ------------------------------------------------------------------ */

/* What an optimizer keeps of a variable is named behind it: bert/pooler/dense/bias/adam_m. */
static bool is_kept_of_another(const struct tf_model *model, const char *name)
{
    char *text = memory_copy_text(name);
    bool found = false;
    for (char *slash; !found && (slash = strrchr(text, '/'));) {
        *slash = '\0';
        found = tensor_bundle_find(model->weights, text) != NULL;
    }
    free(text);
    return found;
}

/* The head here that a tensor of TensorFlow's would be of; NULL: of none. */
static const char *head_in_tensorflow(const char *name)
{
    static const struct {
        const char *theirs, *ours;
    } heads[] = {
        {"cls/predictions/", "cls.predictions."},
        {"cls/seq_relationship/", "cls.seq_relationship."},
        {"bert/pooler/", "bert.pooler."},
        {"cls/squad/", "qa_outputs."},
        {"output_weights", "classifier."},
        {"output_bias", "classifier."}, /* run_classifier.py's */
    };
    for (size_t h = 0; h < sizeof heads / sizeof *heads; h++)
        if (string_begins_with(name, heads[h].theirs))
            return heads[h].ours;
    return NULL;
}

/* Whether a BERT of so many layers would compute something with a tensor of that name. */
static bool is_of_encoder(const char *name, int layers)
{
    static const char layer[] = "bert/encoder/layer_", encoder[] = "bert/encoder/",
                      embeddings[] = "bert/embeddings/";
    if (string_begins_with(name, layer))
        return strtol(name + strlen(layer), NULL, 10) < layers;
    return string_begins_with(name, encoder) || string_begins_with(name, embeddings);
}

/* The tensors that no parameter takes, [weights->count]; scalars are steps and the like. free() */
static bool *find_leftovers(const struct tf_model *model, const struct param_table *table)
{
    const struct tensor_bundle *weights = model->weights;
    bool *left = memory_new((size_t)weights->count + 1, sizeof *left), transposed;
    for (int i = 0; i < weights->count; i++)
        left[i] = weights->tensors[i].dimensions > 0 &&
                  !is_kept_of_another(model, weights->tensors[i].name);
    for (int i = 0; i < table->count; i++) {
        const struct bundle_tensor *tensor = find_tensor(model, table->infos[i].name, &transposed);
        if (tensor)
            left[tensor - weights->tensors] = false;
    }
    return left;
}

/* A tensor of the encoder that the table knows nothing of says that the model is another one. */
static int check_leftovers(const struct tf_model *model, const bool *left, struct error *err)
{
    const struct tensor_bundle *weights = model->weights;
    for (int i = 0; i < weights->count; i++)
        if (left[i] && is_of_encoder(weights->tensors[i].name, model->shape.layers))
            return error_set(err,
                             "%s: this program computes nothing with the tensor %s, so it is "
                             "another model than BERT",
                             weights->index, weights->tensors[i].name);
    return 0;
}

static void log_leftovers(const struct tf_model *model, const bool *left)
{
    const struct tensor_bundle *weights = model->weights;
    const char **heads = memory_new((size_t)weights->count + 1, sizeof *heads), *first = NULL;
    int head_count = 0, others = 0;
    for (int i = 0; i < weights->count; i++) {
        const char *name = weights->tensors[i].name, *head = head_in_tensorflow(name);
        if (left[i] && head) {
            heads[head_count++] = head;
        } else if (left[i]) {
            first = others++ == 0 ? name : first;
        }
    }
    log_unused_heads(weights->index, heads, head_count);
    if (others > 0)
        log_warning("%s: %d tensor(s) not of this model, which has %d layers, are left out: %s%s",
                    weights->index, others, model->shape.layers, first, others > 1 ? ", ..." : "");
    free(heads);
}

/* --- tensors ---------------------------------------------------------------------------------- */

static enum tensor_fit fit_of(const struct bundle_tensor *tensor, const struct param_info *info,
                              bool transposed)
{
    const int64_t turned[2] = {tensor->shape[1], tensor->shape[0]};
    return tensor_fit_padded(info, tensor->dimensions,
                             transposed && tensor->dimensions == 2 ? turned : tensor->shape);
}

/* How a tensor fits its parameter: a misfit is an error, and so is a missing tensor of the encoder. */
static int check_tensor(const struct tf_model *model, const struct param_info *info,
                        enum tensor_fit *fit, struct error *err)
{
    const char *path = model->weights->index;
    char name[LONGEST_NAME], stored[SHAPE_TEXT], wanted[SHAPE_TEXT];
    bool transposed;
    name_in_tensorflow(info->name, name, &transposed);
    const struct bundle_tensor *tensor = tensor_bundle_find(model->weights, name);
    *fit = TENSOR_MISSING;
    if (!tensor)
        return head_of(info->name)
                   ? 0
                   : error_set(err,
                               "%s has no tensor %s, which models of google-research/bert have",
                               path, name);
    if (!bundle_tensor_is_float(tensor))
        return error_set(
            err, "%s: tensor %s is %s; float32, float16 and bfloat16 can be read, whole", path,
            name, tensor->sliced ? "saved in slices" : bundle_dtype_name(tensor->dtype));
    const struct model_rows rows = {path, "bert_config.json", model->vocab_size};
    if (model_vocabulary_check_rows(&rows, info, name, tensor->dimensions, tensor->shape, err) < 0)
        return -1;
    *fit = fit_of(tensor, info, transposed);
    if (*fit == TENSOR_MISFITS)
        return error_set(err, "%s: tensor %s is %s, where the configured model has %s%s", path,
                         name, shape_text(tensor->dimensions, tensor->shape, stored),
                         shape_text(info->dimensions, info->shape, wanted),
                         transposed ? " (the other way round)" : "");
    return 0;
}

/* rows and columns are the result's. */
static void transpose(const float *from /* [columns, rows] */, int64_t rows, int64_t columns,
                      real *to /* [rows, columns] */)
{
    const int64_t tile = 32;
#pragma omp parallel for
    for (int64_t row = 0; row < rows; row += tile)
        for (int64_t column = 0; column < columns; column += tile)
            for (int64_t r = row; r < rows && r < row + tile; r++)
                for (int64_t c = column; c < columns && c < column + tile; c++)
                    to[r * columns + c] = from[c * rows + r];
}

static int read_tensor(const struct tf_model *model, const struct param_info *info, real *values,
                       struct error *err)
{
    bool transposed;
    const struct bundle_tensor *tensor = find_tensor(model, info->name, &transposed);
    if (!transposed && tensor->elements == info->count)
        return tensor_bundle_floats(model->weights, tensor, values, err);
    float *all = memory_new(tensor->elements, sizeof *all);
    const int status = tensor_bundle_floats(model->weights, tensor, all, err);
    if (status == 0 && transposed)
        transpose(all, info->shape[0], info->shape[1], values);
    else if (status == 0) /* padded: its first rows are those of the vocabulary */
        memcpy(values, all, info->count * sizeof *values);
    free(all);
    return status;
}

static int read_tensors(const struct tf_model *model, const struct param_table *table,
                        const enum tensor_fit *fits, real *params, struct error *err)
{
    for (int i = 0; i < table->count; i++) {
        const struct param_info *info = &table->infos[i];
        if (fits[i] == TENSOR_FITS &&
            (read_tensor(model, info, params + info->offset, err) < 0 ||
             check_finite(model->weights->index, info->name, info->dimensions, info->shape,
                          params + info->offset, info->count, err) < 0))
            return -1;
    }
    return 0;
}

int tf_model_weights(const struct tf_model *model, const struct param_table *table, uint64_t seed,
                     real *params, struct error *err)
{
    enum tensor_fit *fits = memory_new((size_t)table->count, sizeof *fits);
    bool *left = find_leftovers(model, table);
    int status = -1;
    for (int i = 0; i < table->count; i++)
        if (check_tensor(model, &table->infos[i], &fits[i], err) < 0)
            goto done;
    if (check_leftovers(model, left, err) < 0)
        goto done;
    prepare_params(table, fits, model->shape.initializer_range, seed, params);
    if (read_tensors(model, table, fits, params, err) < 0)
        goto done;
    log_fresh_heads(model->weights->index, table, fits);
    log_leftovers(model, left);
    status = 0;
done:
    free(left);
    free(fits);
    return status;
}
