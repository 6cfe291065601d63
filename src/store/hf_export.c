#include "lambert/store/hugging_face.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hf_config.h"
#include "hf_tokenizer.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"

/* Writes folder/name, and frees text. */
static int write_text(const char *folder, const char *name, char *text, struct error *err)
{
    char *path = path_join(folder, name);
    int status = file_write(path, text, strlen(text), err);
    free(path);
    free(text);
    return status;
}

static int write_vocabulary(const struct checkpoint_meta *meta, const char *folder,
                            struct error *err)
{
    char *path = path_join(folder, "vocab.txt");
    int status = file_write(path, meta->vocabulary, meta->vocabulary_size, err);
    free(path);
    return status;
}

/* Such a weight becomes infinite. */
static void warn_of_overflow(const struct checkpoint_file *file)
{
    const float largest = 65504; /* of float16 */
    for (int t = 0; t < file->tensor_count; t++) {
        const struct checkpoint_tensor *tensor = &file->tensors[t];
        const float *values = file->weights + tensor->offset;
        for (size_t i = 0; i < tensor->count; i++)
            if (fabsf(values[i]) > largest) {
                log_warning("%s has weights beyond the range of f16; --dtype bf16 holds them",
                            tensor->name);
                break;
            }
    }
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
    if (request->dtype == SAFETENSORS_F16)
        warn_of_overflow(file);
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
    const struct bert_config *shape = &request->shape;
    bool lower_case = meta->state.lower_case;
    struct vocabulary *vocabulary;
    if (refuse_folder(folder, err) < 0 ||
        vocabulary_parse(&vocabulary, request->checkpoint->container.path, meta->vocabulary,
                         meta->vocabulary_size, err) < 0)
        return -1;
    int32_t pad = vocabulary_special_tokens(vocabulary).pad;
    int status = folder_create(folder, err);
    if (status == 0)
        status = write_weights(request, folder, err);
    if (status == 0)
        status = write_vocabulary(meta, folder, err);
    if (status == 0)
        status = write_text(folder, "tokenizer_config.json",
                            hf_tokenizer_config_print(lower_case, shape->positions), err);
    if (status == 0)
        status =
            write_text(folder, "tokenizer.json", hf_tokenizer_print(vocabulary, lower_case), err);
    if (status == 0)
        status = write_text(folder, "README.md", memory_copy_text(request->card), err);
    if (status == 0)
        status =
            write_text(folder, "config.json", hf_config_print(shape, pad, request->dtype), err);
    vocabulary_free(vocabulary);
    return status;
}
