/* A shard cut into pieces: runs of at most PIECE elements of one tensor each. They are what threads
 * share out, and what sums are made of; so results do not depend on the number of threads. Gaps
 * between tensors belong to no piece.
 *
 * Pieces are cut at multiples of PIECE in the flat array and at the ends of tensors. Where slices
 * are cut at such multiples too (a sharding whose unit is PIECE) the pieces of all ranks together
 * are the same for any number of ranks. */
#ifndef LAMBERT_OPTIM_PIECES_H
#define LAMBERT_OPTIM_PIECES_H

#include <stddef.h>

#include "lambert/dist/sharding.h"
#include "lambert/model/params.h"
#include "lambert/optim/optimizer.h"

enum { PIECE = OPTIMIZER_UNIT };

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
