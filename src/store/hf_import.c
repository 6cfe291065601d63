#include "lambert/store/hugging_face.h"

#include <stdlib.h>
#include <string.h>

#include "hf_config.h"
#include "hf_tensors.h"
#include "hf_tokenizer.h"
#include "lambert/base/buffer.h"
#include "lambert/base/file.h"
#include "lambert/base/json.h"
#include "lambert/base/memory.h"
#include "lambert/text/vocabulary.h"
#include "model_vocabulary.h"
#include "shape_text.h"

/* --- the folder ------------------------------------------------------------------------------- */

/* The shape's vocab becomes the number of entries; weights may have more rows (padding). */
static int read_tokenizer(struct hf_model *model, struct error *err)
{
    struct hf_tokenizer tokenizer;
    if (hf_tokenizer_read(&tokenizer, model->folder, err) < 0)
        return -1;
    char *whose = memory_text("the vocabulary of %s", model->folder);
    const int status =
        model_vocabulary_take(tokenizer.vocabulary, whose, "its config.json", &model->shape.vocab,
                              &model->vocabulary, &model->vocabulary_size, err);
    model->vocabulary_hash = vocabulary_hash(tokenizer.vocabulary);
    model->tokenizer = tokenizer.options;
    model->added_tokens = memory_copy_text(buffer_text(&tokenizer.added));
    free(whose);
    hf_tokenizer_release(&tokenizer);
    return status;
}

/* What config.json says; the labels go to the model. */
static int read_config(struct hf_model *model, const char *path, bool *untied, struct error *err)
{
    struct buffer text = {0};
    struct hf_config config;
    int status = -1;
    if (json_file_read(path, &text, err) < 0 ||
        hf_config_parse(buffer_text(&text), text.size, path, &config, err) < 0)
        goto done;
    model->shape = config.shape;
    model->vocab_size = config.shape.vocab;
    model->kind = config.kind;
    model->labels = config.labels;
    *untied = config.untied;
    status = 0;
done:
    buffer_release(&text);
    return status;
}

/* A classifier for as many labels as config.json has. */
static int check_labels(const struct hf_model *model, struct error *err)
{
    const struct hf_tensor *row = hf_tensors_find(model->weights, "classifier.weight");
    const int labels = model->kind == TASK_REGRESSION ? 1 : model->labels.count;
    if (!row || labels == 0 || row->tensor->dimensions == 0 || row->tensor->shape[0] == labels)
        return 0;
    char shape[SHAPE_TEXT];
    return error_set(err, "%s: the config.json is of %d label(s), but %s is %s", model->folder,
                     labels, row->tensor->name,
                     shape_text(row->tensor->dimensions, row->tensor->shape, shape));
}

/* A decoder of its own is computed only where it is the word table after all, and its bias the head's. */
static int check_untied(const struct hf_model *model, struct error *err)
{
    const bool has_head =
        hf_tensors_find(model->weights, "cls.predictions.transform.dense.weight") != NULL;
    const bool has_decoder =
        hf_tensors_find(model->weights, "cls.predictions.decoder.weight") != NULL;
    if (has_decoder == has_head && hf_tensors_are_tied(model->weights))
        return 0;
    return error_set(
        err,
        "%s/config.json: tie_word_embeddings is false, and the decoder is not the word "
        "table, or its bias not that of the head; this program computes models where they are one",
        model->folder);
}

static int open_weights(struct hf_model *model, bool untied, struct error *err)
{
    model->weights = memory_new(1, sizeof *model->weights);
    if (hf_tensors_open(model->weights, model->folder, err) < 0 || check_labels(model, err) < 0)
        return -1;
    return untied ? check_untied(model, err) : 0;
}

bool hf_model_has_weights(const char *folder)
{
    return hf_files_are_there(folder);
}

int hf_model_open(struct hf_model *model, const char *folder, struct error *err)
{
    char *config_path = path_join(folder, "config.json");
    bool untied = false;
    *model = (struct hf_model){.folder = memory_copy_text(folder)};
    int status = read_config(model, config_path, &untied, err);
    if (status == 0)
        status = read_tokenizer(model, err);
    if (status == 0)
        status = open_weights(model, untied, err);
    if (status < 0)
        hf_model_close(model);
    free(config_path);
    return status;
}

void hf_model_close(struct hf_model *model)
{
    if (model->weights)
        hf_tensors_close(model->weights);
    free(model->weights);
    label_set_release(&model->labels);
    free(model->folder);
    free(model->vocabulary);
    free(model->added_tokens);
    *model = (struct hf_model){0};
}
