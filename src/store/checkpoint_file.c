#include "lambert/store/checkpoint_file.h"

#include <stdlib.h>
#include <string.h>

#include "checkpoint_format.h"
#include "lambert/base/memory.h"

static int nonsense(const struct container *container, const char *section, struct error *err)
{
    return error_set(err,
                     "%s is not a checkpoint that this program can read: its section '%s' makes no "
                     "sense",
                     container->path, section);
}

/* A section that has to be there. */
static int get_section(const struct container *container, const char *name, const void **data,
                       size_t *size, struct error *err)
{
    if (container_section(container, name, data, size, err) < 0)
        return -1;
    if (!*data)
        return error_set(err, "%s has no section '%s', which every checkpoint has", container->path,
                         name);
    return 0;
}

/* --- what is not an array --------------------------------------------------------------------- */

/* With a NUL behind them; data may be NULL where there are none. */
static char *copy_bytes(const void *data, size_t size)
{
    char *copy = memory_new(size + 1, 1);
    if (size > 0)
        memcpy(copy, data, size);
    return copy;
}

struct checkpoint_meta checkpoint_meta_copy(const struct checkpoint_meta *meta)
{
    struct checkpoint_meta copy = *meta;
    copy.config = memory_copy_text(meta->config);
    copy.vocabulary = copy_bytes(meta->vocabulary, meta->vocabulary_size);
    copy.added_tokens = memory_copy_text(meta->added_tokens ? meta->added_tokens : "");
    copy.labels = copy_bytes(meta->labels, meta->labels_size);
    return copy;
}

void checkpoint_meta_release(struct checkpoint_meta *meta)
{
    free(meta->config);
    free(meta->vocabulary);
    free(meta->added_tokens);
    free(meta->labels);
    *meta = (struct checkpoint_meta){0};
}

/* A copy of a section that has to be there. */
static int copy_section(const struct container *container, const char *name, char **copy,
                        size_t *size, struct error *err)
{
    const void *data;
    if (get_section(container, name, &data, size, err) < 0)
        return -1;
    *copy = copy_bytes(data, *size);
    return 0;
}

/* Few models have some. */
static int copy_added_tokens(const struct container *container, struct checkpoint_meta *meta,
                             struct error *err)
{
    const void *data;
    size_t size;
    if (container_section(container, SECTION_ADDED, &data, &size, err) < 0)
        return -1;
    meta->added_tokens = copy_bytes(data, data ? size : 0);
    return 0;
}

/* A model without a task has none, nor have files from before there were tasks. */
static int copy_labels(const struct container *container, struct checkpoint_meta *meta,
                       struct error *err)
{
    const void *data;
    if (container_section(container, SECTION_LABELS, &data, &meta->labels_size, err) < 0)
        return -1;
    meta->labels = copy_bytes(data, meta->labels_size);
    return 0;
}

/* Files from before it was said have none. */
static int copy_program(const struct container *container, char **program, struct error *err)
{
    const void *data;
    size_t size;
    if (container_section(container, SECTION_PROGRAM, &data, &size, err) < 0)
        return -1;
    *program = copy_bytes(data, data ? size : 0);
    return 0;
}

/* --- arrays ----------------------------------------------------------------------------------- */

static int read_array(const struct checkpoint_file *file, const char *section, const float **values,
                      struct error *err)
{
    const void *data;
    size_t size;
    if (get_section(&file->container, section, &data, &size, err) < 0)
        return -1;
    if (size / sizeof(float) != file->elements || size % sizeof(float) != 0)
        return error_set(err, "%s: its section '%s' has %zu bytes, its tensors %zu elements",
                         file->container.path, section, size, file->elements);
    *values = data; /* sections start at multiples of 64 */
    return 0;
}

static int read_moments(struct checkpoint_file *file, struct error *err)
{
    size_t prefix = strlen(SECTION_MOMENT);
    for (int i = 0; i < file->container.count; i++) {
        const char *section = file->container.entries[i].name;
        if (strncmp(section, SECTION_MOMENT, prefix) != 0)
            continue;
        if (file->moment_count == CHECKPOINT_MOMENTS)
            return nonsense(&file->container, section, err);
        struct checkpoint_moment *moment = &file->moments[file->moment_count++];
        strcpy(moment->name, section + prefix);
        if (read_array(file, section, &moment->values, err) < 0)
            return -1;
    }
    return 0;
}

int checkpoint_file_open(struct checkpoint_file *file, const char *path, struct error *err)
{
    const struct container *container = &file->container;
    struct checkpoint_meta *meta = &file->meta;
    const void *text;
    size_t size;
    *file = (struct checkpoint_file){0};
    if (container_open(&file->container, path, CHECKPOINT_KIND, CHECKPOINT_VERSION, err) < 0)
        return -1;

    if (get_section(container, SECTION_STATE, &text, &size, err) < 0)
        goto fail;
    const char *wrong = checkpoint_state_parse(text, size, &meta->state, &file->updates);
    if (wrong) {
        error_set(
            err,
            "%s is damaged: '%s' of its section '%s' is missing, or is no value that a run can "
            "have reached; take another checkpoint, or a copy",
            container->path, wrong, SECTION_STATE);
        goto fail;
    }
    if (copy_section(container, SECTION_CONFIG, &meta->config, &size, err) < 0 ||
        copy_section(container, SECTION_VOCAB, &meta->vocabulary, &meta->vocabulary_size, err) <
            0 ||
        copy_added_tokens(container, meta, err) < 0 || copy_labels(container, meta, err) < 0 ||
        copy_program(container, &file->program, err) < 0)
        goto fail;

    if (get_section(container, SECTION_TENSORS, &text, &size, err) < 0)
        goto fail;
    if (checkpoint_tensors_parse(text, size, &file->tensors, &file->tensor_count) < 0) {
        nonsense(container, SECTION_TENSORS, err);
        goto fail;
    }
    for (int i = 0; i < file->tensor_count; i++)
        file->elements += file->tensors[i].count;
    if (read_array(file, SECTION_WEIGHTS, &file->weights, err) < 0 || read_moments(file, err) < 0)
        goto fail;
    return 0;

fail:
    checkpoint_file_close(file);
    return -1;
}

void checkpoint_file_close(struct checkpoint_file *file)
{
    for (int i = 0; i < file->tensor_count; i++)
        free(file->tensors[i].name);
    free(file->tensors);
    free(file->program);
    checkpoint_meta_release(&file->meta);
    container_close(&file->container);
    *file = (struct checkpoint_file){0};
}

const char *checkpoint_file_path(const struct checkpoint_file *file)
{
    return file->container.path;
}

const struct checkpoint_tensor *checkpoint_file_tensor(const struct checkpoint_file *file,
                                                       const char *name)
{
    for (int i = 0; i < file->tensor_count; i++)
        if (strcmp(file->tensors[i].name, name) == 0)
            return &file->tensors[i];
    return NULL;
}

const float *checkpoint_file_moment(const struct checkpoint_file *file, const char *name)
{
    for (int k = 0; k < file->moment_count; k++)
        if (strcmp(file->moments[k].name, name) == 0)
            return file->moments[k].values;
    return NULL;
}
