/* A shard cut into fragments: runs of at most FRAGMENT elements of one tensor each. They are what threads
 * share out, and what sums are made of; so results do not depend on the number of threads. Gaps
 * between tensors belong to no fragment.
 *
 * Pieces are cut at multiples of FRAGMENT in the flat array and at the ends of tensors. Where slices
 * are cut at such multiples too (a sharding whose unit is FRAGMENT) the fragments of all ranks together
 * are the same for any number of ranks. */
#ifndef LAMBERT_OPTIM_TENSOR_FRAGMENTS_H
#define LAMBERT_OPTIM_TENSOR_FRAGMENTS_H

#include <stddef.h>

#include "lambert/dist/sharding.h"
#include "lambert/model/params.h"
#include "lambert/optim/optimizer.h"

enum { FRAGMENT = OPTIMIZER_UNIT };

struct tensor_fragment {
    size_t flat;  /* where it starts in the flat array */
    size_t shard; /* where it starts in the shard */
    int count;
    int tensor;
};

/* The fragments of a rank's shard, ascending; gives their number. fragments NULL: only counts. */
size_t fragments_cut(const struct param_table *table, const struct sharding *sharding, int rank,
                     struct tensor_fragment *fragments);

#endif
