#include "lambert/store/checkpoint.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "checkpoint_format.h"
#include "checkpoint_writer.h"
#include "finite.h"
#include "head_tensors.h"
#include "lambert/base/memory.h"
#include "shape_text.h"

/* --- writing ---------------------------------------------------------------------------------- */

int checkpoint_write_weights(const char *path, const struct param_table *table,
                             const struct checkpoint_meta *meta, const real *params,
                             struct error *err)
{
    struct checkpoint_writer writer;
    checkpoint_writer_open(&writer, path, table, meta, (struct update_counts){0}, err);
    checkpoint_writer_flat(&writer, SECTION_WEIGHTS, params);
    return checkpoint_writer_commit(&writer);
}

/* All ranks gather every moment, even where rank 0's writing has failed before: only the commit
 * asks, and then they agree. */
int checkpoint_write(const struct checkpoint_arrays *arrays, const char *path,
                     const struct checkpoint_meta *meta, struct error *err)
{
    struct optimizer *optimizer = arrays->optimizer;
    struct checkpoint_writer writer;
    int rank = dist_rank(arrays->dist), status = 0;
    if (rank == 0) {
        checkpoint_writer_open(&writer, path, arrays->table, meta, optimizer_updates(optimizer),
                               err);
        checkpoint_writer_flat(&writer, SECTION_WEIGHTS, arrays->weights);
    }
    for (int k = 0; k < optimizer_moments(optimizer); k++) {
        char section[CHECKPOINT_SECTION];
        checkpoint_moment_section(optimizer_moment_name(optimizer, k), section);
        shard_insert(arrays->sharding, rank, optimizer_moment(optimizer, k), arrays->scratch);
        shard_gather(arrays->dist, arrays->sharding, arrays->scratch);
        if (rank == 0)
            checkpoint_writer_flat(&writer, section, arrays->scratch);
    }
    if (rank == 0)
        status = checkpoint_writer_commit(&writer);
    return dist_agree(arrays->dist, status, err);
}

/* --- does it fit? ----------------------------------------------------------------------------- */

static enum tensor_fit fit_of(const struct checkpoint_file *file, const struct param_info *info)
{
    const struct checkpoint_tensor *tensor = checkpoint_file_tensor(file, info->name);
    return tensor ? tensor_fit(info, tensor->dimensions, tensor->shape) : TENSOR_MISSING;
}

/* A tensor of the table that does not fit. */
static int misfit(const struct checkpoint_file *file, const struct param_info *info,
                  struct error *err)
{
    const struct checkpoint_tensor *tensor = checkpoint_file_tensor(file, info->name);
    const char *path = checkpoint_file_path(file);
    char stored[SHAPE_TEXT], wanted[SHAPE_TEXT];
    if (!tensor)
        return error_set(err, "%s does not fit the configured model: it has no %s", path,
                         info->name);
    return error_set(err,
                     "%s does not fit the configured model: its %s is %s, the model's is %s; "
                     "configure the model it was written by",
                     path, info->name, shape_text(tensor->dimensions, tensor->shape, stored),
                     shape_text(info->dimensions, info->shape, wanted));
}

/* Every tensor is in table and file, with one shape; where heads may be others, every one of the
 * encoder. */
static int check_tensors(const struct checkpoint_file *file, const struct param_table *table,
                         bool other_heads, struct error *err)
{
    const char *path = checkpoint_file_path(file);
    for (int i = 0; i < table->count; i++) {
        const struct param_info *info = &table->infos[i];
        const enum tensor_fit fit = fit_of(file, info);
        const bool may_be_fresh = other_heads && head_of(info->name) && fit != TENSOR_MISFITS;
        if (fit != TENSOR_FITS && !may_be_fresh)
            return misfit(file, info, err);
    }
    for (int i = 0; i < file->tensor_count; i++) {
        const char *name = file->tensors[i].name;
        if (checkpoint_file_tensor(file, name) != &file->tensors[i])
            return error_set(err, "%s has a tensor twice, %s", path, name);
        if (param_table_find(table, name) < 0 && !(other_heads && head_of(name)))
            return error_set(err, "%s does not fit the configured model, which has no %s", path,
                             name);
    }
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

/* --- reading ---------------------------------------------------------------------------------- */

/* A tensor of one of the file's arrays (values) to its place in a flat one. */
static void copy_tensor(const struct checkpoint_file *file, const float *values,
                        const struct param_info *info, real *flat)
{
    size_t from = checkpoint_file_tensor(file, info->name)->offset;
    /* NOLINTNEXTLINE: whoever has the file open has its values */
    memcpy(flat + info->offset, values + from, info->count * sizeof *flat);
}

/* An array of rank 0's file (values) to a flat array on all ranks. */
static void share_array(const struct checkpoint_arrays *arrays, const struct checkpoint_file *file,
                        const float *values, real *flat)
{
    const struct param_table *table = arrays->table;
    if (dist_rank(arrays->dist) == 0) {
        memset(flat, 0, table->size * sizeof *flat);
        for (int i = 0; i < table->count; i++)
            copy_tensor(file, values, &table->infos[i], flat);
    }
    dist_broadcast(arrays->dist, 0, flat, table->size * sizeof *flat);
}

int checkpoint_read(const struct checkpoint_arrays *arrays, const struct checkpoint_file *file,
                    struct run_state *state, struct error *err)
{
    const struct dist *dist = arrays->dist;
    struct optimizer *optimizer = arrays->optimizer;
    bool reads = dist_rank(dist) == 0;
    int status = 0;
    if (reads && (check_tensors(file, arrays->table, false, err) < 0 ||
                  (optimizer && check_moments(file, optimizer, err) < 0)))
        status = -1;
    if (dist_agree(dist, status, err) < 0)
        return -1;

    if (reads)
        *state = file->meta.state;
    dist_broadcast(dist, 0, state, sizeof *state);
    share_array(arrays, file, reads ? file->weights : NULL, arrays->weights);
    if (!optimizer)
        return 0;

    struct update_counts updates = {0};
    if (reads)
        updates = file->updates;
    dist_broadcast(dist, 0, &updates, sizeof updates);
    optimizer_set_updates(optimizer, updates);
    for (int k = 0; k < optimizer_moments(optimizer); k++) {
        const char *name = optimizer_moment_name(optimizer, k);
        share_array(arrays, file, reads ? checkpoint_file_moment(file, name) : NULL,
                    arrays->scratch);
        shard_extract(arrays->sharding, dist_rank(dist), arrays->scratch,
                      optimizer_moment(optimizer, k));
    }
    return 0;
}

/* --- weights alone ---------------------------------------------------------------------------- */

static int check_values(const struct checkpoint_file *file, const struct param_table *table,
                        const enum tensor_fit *fits, struct error *err)
{
    for (int i = 0; i < table->count; i++) {
        const struct param_info *info = &table->infos[i];
        if (fits[i] == TENSOR_FITS &&
            check_finite(checkpoint_file_path(file), info->name, info->dimensions, info->shape,
                         file->weights + checkpoint_file_tensor(file, info->name)->offset,
                         info->count, err) < 0)
            return -1;
    }
    return 0;
}

static void log_heads(const struct checkpoint_file *file, const struct param_table *table,
                      const enum tensor_fit *fits)
{
    const char **unused = memory_new((size_t)file->tensor_count, sizeof *unused);
    int count = 0;
    for (int i = 0; i < file->tensor_count; i++)
        if (param_table_find(table, file->tensors[i].name) < 0)
            unused[count++] = file->tensors[i].name;
    log_fresh_heads(checkpoint_file_path(file), table, fits);
    log_unused_heads(checkpoint_file_path(file), unused, count);
    free(unused);
}

int checkpoint_file_weights(const struct checkpoint_file *file, const struct param_table *table,
                            double initializer_range, uint64_t seed, real *params,
                            struct error *err)
{
    if (check_tensors(file, table, true, err) < 0)
        return -1;
    enum tensor_fit *fits = memory_new((size_t)table->count, sizeof *fits);
    for (int i = 0; i < table->count; i++)
        fits[i] = fit_of(file, &table->infos[i]);
    const int status = check_values(file, table, fits, err);
    if (status < 0)
        goto done;
    prepare_params(table, fits, initializer_range, seed, params);
    for (int i = 0; i < table->count; i++)
        if (fits[i] == TENSOR_FITS)
            copy_tensor(file, file->weights, &table->infos[i], params);
    log_heads(file, table, fits);
done:
    free(fits);
    return status;
}
