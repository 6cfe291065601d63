#include "lambert/store/checkpoint.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint_format.h"
#include "lambert/base/container.h"
#include "lambert/base/memory.h"
#include "lambert/store/checkpoint_file.h"

static void moment_section(const struct optimizer *optimizer, int k, char name[17])
{
    snprintf(name, 17, SECTION_MOMENT "%s", optimizer_moment_name(optimizer, k));
}

/* --- writing ---------------------------------------------------------------------------------- */

static int make_folder_of(const char *path, struct error *err)
{
    const char *slash = strrchr(path, '/');
    if (!slash || slash == path)
        return 0;
    char *folder = memory_text("%.*s", (int)(slash - path), path);
    int result = folder_create(folder, err);
    free(folder);
    return result;
}

/* A section of text that is freed. */
static int write_text(struct container_writer *writer, const char *name, char *text,
                      struct error *err)
{
    int result = container_writer_section(writer, name, text, strlen(text), err);
    free(text);
    return result;
}

/* A section of an array: tensor after tensor, the gaps between them left out. */
static int write_array(struct container_writer *writer, const char *name,
                       const struct param_table *table, const real *const *values,
                       struct error *err)
{
    if (container_writer_begin(writer, name, err) < 0)
        return -1;
    for (int i = 0; i < table->count; i++)
        if (container_writer_write(writer, values[i], table->infos[i].count * sizeof **values,
                                   err) < 0)
            return -1;
    return container_writer_end(writer, err);
}

static int write_flat(struct container_writer *writer, const char *name,
                      const struct param_table *table, const real *flat, struct error *err)
{
    const real **values = memory_new((size_t)table->count, sizeof *values);
    for (int i = 0; i < table->count; i++)
        values[i] = flat + table->infos[i].offset;
    int status = write_array(writer, name, table, values, err);
    free(values);
    return status;
}

/* All but arrays. */
static int write_first_part(struct container_writer *writer, const char *path,
                            const struct param_table *table, const struct checkpoint_meta *meta,
                            int64_t updates, struct error *err)
{
    if (make_folder_of(path, err) < 0 ||
        container_writer_open(writer, path, CHECKPOINT_KIND, CHECKPOINT_VERSION, err) < 0 ||
        write_text(writer, SECTION_STATE, checkpoint_state_print(&meta->state, updates), err) !=
            0 ||
        container_writer_section(writer, SECTION_CONFIG, meta->config, strlen(meta->config), err) !=
            0 ||
        write_text(writer, SECTION_TENSORS, checkpoint_tensors_print(table), err) < 0)
        return -1;
    return container_writer_section(writer, SECTION_VOCAB, meta->vocabulary, meta->vocabulary_size,
                                    err);
}

int checkpoint_write_weights(const char *path, const struct param_table *table,
                             const struct checkpoint_meta *meta, const real *const *values,
                             struct error *err)
{
    struct container_writer writer;
    if (write_first_part(&writer, path, table, meta, 0, err) < 0 ||
        write_array(&writer, SECTION_WEIGHTS, table, values, err) < 0)
        return -1;
    return container_writer_commit(&writer, err);
}

/* Rank 0 writes. A write that failed has removed the unfinished file; rank 0 then still takes part
 * in gathering the moments that are left. */
int checkpoint_write(const struct dist *dist, const char *path, const struct param_table *table,
                     const struct sharding *sharding, const struct checkpoint_meta *meta,
                     const real *params, struct optimizer *optimizer, real *scratch,
                     struct error *err)
{
    struct container_writer writer;
    int rank = dist_rank(dist), status = 0;
    if (rank == 0)
        status = write_first_part(&writer, path, table, meta, optimizer_updates(optimizer), err);
    if (rank == 0 && status == 0)
        status = write_flat(&writer, SECTION_WEIGHTS, table, params, err);
    for (int k = 0; k < optimizer_moments(optimizer); k++) {
        char name[17];
        moment_section(optimizer, k, name);
        shard_insert(sharding, rank, optimizer_moment(optimizer, k), scratch);
        shard_gather(dist, sharding, scratch);
        if (rank == 0 && status == 0)
            status = write_flat(&writer, name, table, scratch, err);
    }
    if (rank == 0 && status == 0)
        status = container_writer_commit(&writer, err);
    return dist_agree(dist, status, err);
}

/* --- does it fit? ----------------------------------------------------------------------------- */

/* "[30522, 768]" */
static const char *shape_text(int dimensions, const int64_t *shape, char text[64])
{
    if (dimensions == 2)
        snprintf(text, 64, "[%" PRId64 ", %" PRId64 "]", shape[0], shape[1]);
    else
        snprintf(text, 64, "[%" PRId64 "]", shape[0]);
    return text;
}

static int check_shape(const char *path, const struct checkpoint_tensor *tensor,
                       const struct param_info *info, struct error *err)
{
    char stored[64], wanted[64];
    shape_text(tensor->dimensions, tensor->shape, stored);
    shape_text(info->dimensions, info->shape, wanted);
    if (strcmp(stored, wanted) == 0)
        return 0;
    return error_set(err,
                     "%s does not fit the configured model: its %s is %s, the model's is %s; "
                     "configure the model it was written by",
                     path, info->name, stored, wanted);
}

static int check_tensors(const struct checkpoint_file *file, const struct param_table *table,
                         struct error *err)
{
    const char *path = file->container.path;
    for (int i = 0; i < table->count; i++) {
        const struct param_info *info = &table->infos[i];
        const struct checkpoint_tensor *tensor = checkpoint_file_tensor(file, info->name);
        if (!tensor)
            return error_set(err, "%s does not fit the configured model: it has no %s", path,
                             info->name);
        if (check_shape(path, tensor, info, err) < 0)
            return -1;
    }
    for (int i = 0; i < file->tensor_count; i++)
        if (param_table_find(table, file->tensors[i].name) < 0)
            return error_set(err, "%s does not fit the configured model, which has no %s", path,
                             file->tensors[i].name);
    if (file->tensor_count != table->count)
        return error_set(err, "%s has a tensor twice", path);
    return 0;
}

static int check_moments(const struct checkpoint_file *file, const struct optimizer *optimizer,
                         struct error *err)
{
    if (file->moment_count == 0)
        return error_set(err,
                         "%s holds weights alone (imported or stripped): a run can start from it "
                         "(run.start_from), not be resumed",
                         file->container.path);
    for (int k = 0; k < optimizer_moments(optimizer); k++) {
        const char *name = optimizer_moment_name(optimizer, k);
        if (checkpoint_file_moment(file, name) == NULL)
            return error_set(err,
                             "%s has no moment '%s', which the configured optimizer needs; "
                             "configure the one it was written by (optimizer.name)",
                             file->container.path, name);
    }
    return 0;
}

static int open_fitting(struct checkpoint_file *file, const char *path,
                        const struct param_table *table, const struct optimizer *optimizer,
                        struct error *err)
{
    if (checkpoint_file_open(file, path, err) < 0)
        return -1;
    int result = check_tensors(file, table, err);
    if (result == 0 && optimizer)
        result = check_moments(file, optimizer, err);
    if (result != 0)
        checkpoint_file_close(file);
    return result;
}

/* --- reading ---------------------------------------------------------------------------------- */

/* An array of the file to a flat array on all ranks; values matter on rank 0 only. */
static void share_array(const struct dist *dist, const struct checkpoint_file *file,
                        const struct param_table *table, const float *values, real *flat)
{
    if (dist_rank(dist) == 0) {
        memset(flat, 0, table->size * sizeof *flat);
        for (int i = 0; i < table->count; i++) {
            const struct param_info *info = &table->infos[i];
            size_t from = checkpoint_file_tensor(file, info->name)->offset;
            memcpy(flat + info->offset, values + from, info->count * sizeof *flat);
        }
    }
    dist_broadcast(dist, 0, flat, table->size * sizeof *flat);
}

/* A text of rank 0 to all; free(). */
static void share_text(const struct dist *dist, char **text, size_t size)
{
    if (dist_rank(dist) != 0)
        *text = memory_new(size + 1, 1);
    dist_broadcast(dist, 0, *text, size);
}

/* Takes what rank 0's file owns. */
static void share_meta(const struct dist *dist, struct checkpoint_file *file,
                       struct checkpoint_meta *meta)
{
    size_t config_size = 0;
    if (dist_rank(dist) == 0) {
        *meta = file->meta;
        file->meta = (struct checkpoint_meta){0};
        config_size = strlen(meta->config);
    }
    dist_broadcast(dist, 0, &meta->state, sizeof meta->state);
    dist_broadcast(dist, 0, &config_size, sizeof config_size);
    dist_broadcast(dist, 0, &meta->vocabulary_size, sizeof meta->vocabulary_size);
    share_text(dist, &meta->config, config_size);
    share_text(dist, &meta->vocabulary, meta->vocabulary_size);
}

static void share_optimizer(const struct dist *dist, const struct checkpoint_file *file,
                            const struct param_table *table, const struct sharding *sharding,
                            struct optimizer *optimizer, real *scratch)
{
    int64_t updates = file->updates;
    dist_broadcast(dist, 0, &updates, sizeof updates);
    optimizer_set_updates(optimizer, updates);
    for (int k = 0; k < optimizer_moments(optimizer); k++) {
        const char *name = optimizer_moment_name(optimizer, k);
        share_array(dist, file, table, checkpoint_file_moment(file, name), scratch);
        shard_extract(sharding, dist_rank(dist), scratch, optimizer_moment(optimizer, k));
    }
}

int checkpoint_read(const struct dist *dist, const char *path, const struct param_table *table,
                    const struct sharding *sharding, struct checkpoint_meta *meta, real *params,
                    struct optimizer *optimizer, real *scratch, struct error *err)
{
    struct checkpoint_file file = {0};
    int status = 0;
    *meta = (struct checkpoint_meta){0};
    if (dist_rank(dist) == 0)
        status = open_fitting(&file, path, table, optimizer, err);
    if (dist_agree(dist, status, err) < 0)
        return -1;
    share_meta(dist, &file, meta);
    share_array(dist, &file, table, file.weights, params);
    if (optimizer)
        share_optimizer(dist, &file, table, sharding, optimizer, scratch);
    checkpoint_file_close(&file);
    return 0;
}
