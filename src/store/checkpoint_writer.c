#include "checkpoint_writer.h"

#include <stdlib.h>
#include <string.h>

#include "checkpoint_format.h"
#include "lambert/base/build.h"
#include "lambert/base/file.h"
#include "lambert/base/memory.h"

static int write_added_tokens(struct container_writer *container,
                              const struct checkpoint_meta *meta, struct error *err)
{
    const char *added = meta->added_tokens;
    if (!added || !added[0])
        return 0;
    return container_writer_section(container, SECTION_ADDED, added, strlen(added), err);
}

static int write_labels(struct container_writer *container, const struct checkpoint_meta *meta,
                        struct error *err)
{
    if (meta->labels_size == 0)
        return 0;
    return container_writer_section(container, SECTION_LABELS, meta->labels, meta->labels_size,
                                    err);
}

static int write_program(struct container_writer *container, struct error *err)
{
    struct buffer text = {0};
    if (!build_get())
        return 0;
    build_print(&text);
    const int status =
        container_writer_section(container, SECTION_PROGRAM, text.data, text.size, err);
    buffer_release(&text);
    return status;
}

/* Not its parents: where a run's folder was moved away while it trains, a new one in the old place would part its
 * checkpoints. */
static int create_folder_of(const char *path, struct error *err)
{
    char *folder = path_folder(path);
    const int status = folder_create_last(folder, err);
    free(folder);
    return status;
}

void checkpoint_writer_open(struct checkpoint_writer *writer, const char *path,
                            const struct param_table *table, const struct checkpoint_meta *meta,
                            struct update_counts updates, struct error *err)
{
    struct container_writer *container = &writer->container;
    char *state = checkpoint_state_print(&meta->state, updates);
    char *tensors = checkpoint_tensors_print(table);
    const uint32_t version = tokenizer_options_are_plain(&meta->state.tokenizer)
                                 ? CHECKPOINT_PLAIN_VERSION
                                 : CHECKPOINT_VERSION;
    *writer = (struct checkpoint_writer){.table = table, .err = err, .status = -1};
    if (create_folder_of(path, err) == 0 &&
        container_writer_open(container, path, CHECKPOINT_KIND, version, err) == 0 &&
        container_writer_section(container, SECTION_STATE, state, strlen(state), err) == 0 &&
        container_writer_section(container, SECTION_CONFIG, meta->config, strlen(meta->config),
                                 err) == 0 &&
        container_writer_section(container, SECTION_TENSORS, tensors, strlen(tensors), err) == 0 &&
        container_writer_section(container, SECTION_VOCAB, meta->vocabulary, meta->vocabulary_size,
                                 err) == 0 &&
        write_added_tokens(container, meta, err) == 0 && write_labels(container, meta, err) == 0 &&
        write_program(container, err) == 0)
        writer->status = 0;
    free(state);
    free(tensors);
}

void checkpoint_writer_flat(struct checkpoint_writer *writer, const char *section, const real *flat)
{
    struct container_writer *container = &writer->container;
    const struct param_table *table = writer->table;
    if (writer->status < 0)
        return;
    writer->status = -1; /* until the section is whole */
    if (container_writer_begin(container, section, writer->err) < 0)
        return;
    for (int i = 0; i < table->count; i++)
        if (container_writer_write(container, flat + table->infos[i].offset,
                                   table->infos[i].count * sizeof *flat, writer->err) < 0)
            return;
    container_writer_end(container);
    writer->status = 0;
}

int checkpoint_writer_commit(struct checkpoint_writer *writer)
{
    return writer->status == 0 ? container_writer_commit(&writer->container, writer->err) : -1;
}
