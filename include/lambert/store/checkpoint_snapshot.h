/* A checkpoint in two parts, so that the slow one can go on beside training: taking it, for which
 * all ranks stand still, copies weights and moments to memory of rank 0's own; writing it touches
 * nothing but that copy, and may be done by a thread. The file is checkpoint_write()'s, byte for
 * byte.
 *
 *     checkpoint_snapshot_new(&snapshot, &arrays, err)           once; or there is no memory for it
 *     checkpoint_snapshot_take(snapshot, &arrays, &meta)         all ranks, between two steps
 *     checkpoint_snapshot_write(snapshot, path, err)             rank 0, as long as it takes
 *     ... take and write again ...
 *     checkpoint_snapshot_free(snapshot)
 *
 * It costs rank 0 (1 + moments) times the weights. Where that is too much, checkpoint_write() needs
 * none, while training stands still. A write beside training moves the heartbeat of
 * base/activity.h like any other. */
#ifndef LAMBERT_STORE_CHECKPOINT_SNAPSHOT_H
#define LAMBERT_STORE_CHECKPOINT_SNAPSHOT_H

#include <stddef.h>

#include "lambert/store/checkpoint.h"

struct checkpoint_snapshot;

/* [local] The bytes that rank 0 needs for it. */
size_t checkpoint_snapshot_memory(const struct checkpoint_arrays *arrays);

/* Collective; all ranks fail together. *snapshot is NULL on ranks other than 0, which hold nothing.
 * The parameter table must outlive it. */
int checkpoint_snapshot_new(struct checkpoint_snapshot **snapshot,
                            const struct checkpoint_arrays *arrays, struct error *err);
void checkpoint_snapshot_free(struct checkpoint_snapshot *snapshot); /* NULL is fine */

/* Collective. Copies meta, the weights, and the moments from the ranks that own them (through the
 * scratch of ranks other than 0). What was in the snapshot before is gone, so its writing is to
 * have ended. */
void checkpoint_snapshot_take(struct checkpoint_snapshot *snapshot,
                              const struct checkpoint_arrays *arrays,
                              const struct checkpoint_meta *meta);

/* [local] On rank 0; by any thread. Writes `path` atomically, and makes its folder, whose parents are there. */
int checkpoint_snapshot_write(const struct checkpoint_snapshot *snapshot, const char *path,
                              struct error *err);

#endif
