#include "lambert/store/hugging_face.h"

#include <stdlib.h>
#include <string.h>

#include "finite.h"
#include "hf_config.h"
#include "hf_task.h"
#include "hf_tokenizer.h"
#include "lambert/base/file.h"
#include "lambert/base/folder_writer.h"
#include "lambert/base/memory.h"

const char *hf_architecture(enum task_kind kind)
{
    return hf_task_architecture(kind);
}

/* What is written, in this order. Without the last one no reader takes the folder for a model. */
enum { WEIGHTS, VOCABULARY, TOKENIZER_CONFIG, TOKENIZER, CARD, CONFIG, FILES };
static const char *const file_names[FILES] = {
    [WEIGHTS] = "model.safetensors",
    [VOCABULARY] = "vocab.txt",
    [TOKENIZER_CONFIG] = "tokenizer_config.json",
    [TOKENIZER] = "tokenizer.json",
    [CARD] = "README.md",
    [CONFIG] = "config.json",
};

static int write_file(const char *folder, const char *name, const void *data, size_t size,
                      struct error *err)
{
    char *path = path_join(folder, name);
    int status = file_write(path, data, size, err);
    free(path);
    return status;
}

/* The same of a text, which is freed. */
static int write_text(const char *folder, const char *name, char *text, struct error *err)
{
    int status = write_file(folder, name, text, strlen(text), err);
    free(text);
    return status;
}

/* What nobody could compute with is not written. */
static int check_weights(const struct hf_export *request, struct error *err)
{
    const struct checkpoint_file *file = request->checkpoint;
    const char *path = checkpoint_file_path(file);
    for (int t = 0; t < file->tensor_count; t++) {
        const struct checkpoint_tensor *tensor = &file->tensors[t];
        const float *values = file->weights + tensor->offset;
        if (check_finite(path, tensor->name, tensor->dimensions, tensor->shape, values,
                         tensor->count, err) < 0)
            return -1;
        if (check_fits(path, tensor->name, request->dtype, values, tensor->count, err) < 0)
            return -1;
    }
    return 0;
}

static int write_weights(const struct hf_export *request, const char *folder, struct error *err)
{
    const struct checkpoint_file *file = request->checkpoint;
    struct safetensors_entry *entries = memory_new((size_t)file->tensor_count, sizeof *entries);
    for (int i = 0; i < file->tensor_count; i++) {
        const struct checkpoint_tensor *tensor = &file->tensors[i];
        entries[i] = (struct safetensors_entry){.name = tensor->name,
                                                .dimensions = tensor->dimensions,
                                                .shape = {tensor->shape[0], tensor->shape[1]},
                                                .values = file->weights + tensor->offset};
    }
    char *path = path_join(folder, file_names[WEIGHTS]);
    int status = safetensors_write(path, request->dtype, entries, file->tensor_count, err);
    free(path);
    free(entries);
    return status;
}

static int write_files(const struct hf_export *request, const struct vocabulary *vocabulary,
                       const struct hf_config *config, const struct added_tokens *added,
                       const char *folder, struct error *err)
{
    const struct checkpoint_meta *meta = &request->checkpoint->meta;
    const struct tokenizer_options *tokenizer = &meta->state.tokenizer;
    const int pad = vocabulary_special_tokens(vocabulary).pad;
    if (write_weights(request, folder, err) < 0 ||
        write_file(folder, file_names[VOCABULARY], meta->vocabulary, meta->vocabulary_size, err) <
            0)
        return -1;
    if (write_text(folder, file_names[TOKENIZER_CONFIG],
                   hf_tokenizer_config_print(vocabulary, tokenizer, added, config->shape.positions),
                   err) < 0)
        return -1;
    if (write_text(folder, file_names[TOKENIZER], hf_tokenizer_print(vocabulary, tokenizer, added),
                   err) < 0)
        return -1;
    if (write_file(folder, file_names[CARD], request->card, strlen(request->card), err) < 0)
        return -1;
    return write_text(folder, file_names[CONFIG], hf_config_print(config, pad, request->dtype),
                      err);
}

int hf_export(const struct hf_export *request, const char *folder, struct error *err)
{
    const struct checkpoint_meta *meta = &request->checkpoint->meta;
    const char *path = checkpoint_file_path(request->checkpoint);
    struct hf_config config = {.shape = request->shape, .kind = request->kind};
    struct vocabulary *vocabulary = NULL;
    struct added_tokens added = {0};
    struct folder_writer writer = {0};
    int status = -1;
    if (folder_writer_open(&writer, folder, file_names, FILES, err) < 0)
        return -1;
    if (check_weights(request, err) < 0 ||
        vocabulary_parse(&vocabulary, path, meta->vocabulary, meta->vocabulary_size, err) < 0)
        goto done;
    if (hf_task_names_labels(request->kind) &&
        label_set_parse(&config.labels, meta->labels, meta->labels_size, path, err) < 0)
        goto done;
    if (added_tokens_parse(&added, meta->added_tokens, path, err) < 0 ||
        added_tokens_check(&added, vocabulary, path, err) < 0)
        goto done;
    if (write_files(request, vocabulary, &config, &added, writer.folder, err) == 0)
        status = folder_writer_commit(&writer, err);
done:
    folder_writer_discard(&writer);
    added_tokens_release(&added);
    vocabulary_free(vocabulary);
    label_set_release(&config.labels);
    return status;
}
