#include "lambert/store/checkpoint_snapshot.h"

#include <stdlib.h>
#include <string.h>

#include "checkpoint_format.h"
#include "checkpoint_writer.h"
#include "lambert/base/memory.h"

struct checkpoint_snapshot {
    const struct param_table *table;
    struct checkpoint_meta meta;
    struct update_counts updates;
    real *weights; /* [table size], in front of the moments */
    real *moments[CHECKPOINT_MOMENTS];
    char sections[CHECKPOINT_MOMENTS][CHECKPOINT_SECTION];
    int moment_count;
    size_t bytes; /* of weights and moments */
};

size_t checkpoint_snapshot_memory(const struct checkpoint_arrays *arrays)
{
    return (1 + (size_t)optimizer_moments(arrays->optimizer)) * arrays->table->size * sizeof(real);
}

int checkpoint_snapshot_new(struct checkpoint_snapshot **snapshot,
                            const struct checkpoint_arrays *arrays, struct error *err)
{
    struct checkpoint_snapshot *new = NULL;
    const struct optimizer *optimizer = arrays->optimizer;
    int status = 0;
    *snapshot = NULL;
    if (dist_rank(arrays->dist) == 0) {
        new = memory_new(1, sizeof *new);
        *new = (struct checkpoint_snapshot){.table = arrays->table,
                                            .moment_count = optimizer_moments(optimizer),
                                            .bytes = checkpoint_snapshot_memory(arrays)};
        require(new->moment_count <= CHECKPOINT_MOMENTS);
        status = memory_big((void **)&new->weights, new->bytes, "a checkpoint in memory", err);
    }
    if (dist_agree(arrays->dist, status, err) < 0) {
        checkpoint_snapshot_free(new);
        return -1;
    }
    /* Its pages come now, so that training does not wait for them at the first checkpoint. */
    if (new)
        memset(new->weights, 0, new->bytes);
    for (int k = 0; new &&k < new->moment_count; k++) {
        new->moments[k] = new->weights + (size_t)(k + 1) * arrays->table->size;
        checkpoint_moment_section(optimizer_moment_name(optimizer, k), new->sections[k]);
    }
    *snapshot = new;
    return 0;
}

void checkpoint_snapshot_free(struct checkpoint_snapshot *snapshot)
{
    if (!snapshot)
        return;
    checkpoint_meta_release(&snapshot->meta);
    memory_big_free(snapshot->weights, snapshot->bytes);
    free(snapshot);
}

void checkpoint_snapshot_take(struct checkpoint_snapshot *snapshot,
                              const struct checkpoint_arrays *arrays,
                              const struct checkpoint_meta *meta)
{
    struct optimizer *optimizer = arrays->optimizer;
    int rank = dist_rank(arrays->dist);
    if (rank == 0) {
        checkpoint_meta_release(&snapshot->meta);
        snapshot->meta = checkpoint_meta_copy(meta);
        snapshot->updates = optimizer_updates(optimizer);
        memcpy(snapshot->weights, arrays->weights, arrays->table->size * sizeof(real));
    }
    for (int k = 0; k < optimizer_moments(optimizer); k++) {
        real *whole = rank == 0 ? snapshot->moments[k] : arrays->scratch;
        shard_insert(arrays->sharding, rank, optimizer_moment(optimizer, k), whole);
        shard_gather(arrays->dist, arrays->sharding, whole);
    }
}

int checkpoint_snapshot_write(const struct checkpoint_snapshot *snapshot, const char *path,
                              struct error *err)
{
    struct checkpoint_writer writer;
    checkpoint_writer_open(&writer, path, snapshot->table, &snapshot->meta, snapshot->updates, err);
    checkpoint_writer_flat(&writer, SECTION_WEIGHTS, snapshot->weights);
    for (int k = 0; k < snapshot->moment_count; k++)
        checkpoint_writer_flat(&writer, snapshot->sections[k], snapshot->moments[k]);
    return checkpoint_writer_commit(&writer);
}
