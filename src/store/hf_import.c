#include "lambert/store/hugging_face.h"

#include <stdlib.h>
#include <string.h>

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
