/* A shard cut into pieces: runs of at most PIECE elements of one tensor each. They are what threads
 * share out; sums are made a piece and then added in order, so results do not depend on the number
 * of threads. Gaps between tensors belong to no piece. */
#ifndef LAMBERT_OPTIM_PIECES_H
#define LAMBERT_OPTIM_PIECES_H

#include <stddef.h>

#include "lambert/dist/sharding.h"
#include "lambert/model/params.h"

enum { PIECE = 2048 }; /* what a piece reads and writes stays in the first-level cache */

struct piece {
    size_t flat;  /* where it starts in the flat array */
    size_t shard; /* where it starts in the shard */
    int count;
    int tensor;
};

/* The pieces of a rank's shard, ascending; gives their number. pieces NULL: only counts. */
size_t pieces_cut(const struct param_table *table, const struct sharding *sharding, int rank,
                  struct piece *pieces);

#endif
