#include "lambert/store/hugging_face.h"

#include <stdlib.h>
#include <string.h>

#include "finite.h"
#include "hf_config.h"
#include "hf_task.h"
#include "hf_tokenizer.h"
#include "lambert/base/file.h"
#include "lambert/base/memory.h"

const char *hf_architecture(enum task_kind kind)
{
    return hf_task_architecture(kind);
}

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
    char *path = path_join(folder, "model.safetensors");
    int status = safetensors_write(path, request->dtype, entries, file->tensor_count, err);
    free(path);
    free(entries);
    return status;
}

/* Nothing that is there is written over. */
static int refuse_folder(const char *folder, struct error *err)
{
    static const char *const names[] = {"config.json",           "model.safetensors", "vocab.txt",
                                        "tokenizer_config.json", "tokenizer.json",    "README.md"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *path = path_join(folder, names[i]);
        bool there = file_exists(path);
        free(path);
        if (there)
            return error_set(err, "%s already holds a %s; name another folder", folder, names[i]);
    }
    return 0;
}

/* config.json comes last: without it a folder is no model. */
int hf_export(const struct hf_export *request, const char *folder, struct error *err)
{
    const struct checkpoint_meta *meta = &request->checkpoint->meta;
    const char *path = checkpoint_file_path(request->checkpoint);
    const struct bert_config *shape = &request->shape;
    struct hf_config config = {.shape = *shape, .kind = request->kind};
    const struct tokenizer_options *tokenizer = &meta->state.tokenizer;
    struct vocabulary *vocabulary = NULL;
    struct added_tokens added = {0};
    int status = -1;
    if (refuse_folder(folder, err) < 0 || check_weights(request, err) < 0 ||
        vocabulary_parse(&vocabulary, path, meta->vocabulary, meta->vocabulary_size, err) < 0)
        return -1;
    if (hf_task_names_labels(request->kind) &&
        label_set_parse(&config.labels, meta->labels, meta->labels_size, path, err) < 0)
        goto done;
    if (added_tokens_parse(&added, meta->added_tokens, path, err) < 0 ||
        added_tokens_check(&added, vocabulary, path, err) < 0)
        goto done;
    if (folder_create(folder, err) < 0 || write_weights(request, folder, err) < 0)
        goto done;
    if (write_file(folder, "vocab.txt", meta->vocabulary, meta->vocabulary_size, err) < 0)
        goto done;
    if (write_text(folder, "tokenizer_config.json",
                   hf_tokenizer_config_print(vocabulary, tokenizer, &added, shape->positions),
                   err) < 0)
        goto done;
    if (write_text(folder, "tokenizer.json", hf_tokenizer_print(vocabulary, tokenizer, &added),
                   err) < 0)
        goto done;
    if (write_file(folder, "README.md", request->card, strlen(request->card), err) < 0)
        goto done;
    status = write_text(
        folder, "config.json",
        hf_config_print(&config, vocabulary_special_tokens(vocabulary).pad, request->dtype), err);
done:
    added_tokens_release(&added);
    vocabulary_free(vocabulary);
    label_set_release(&config.labels);
    return status;
}
