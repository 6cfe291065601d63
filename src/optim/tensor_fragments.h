/* A shard cut into fragments: runs of at most OPTIMIZER_UNIT elements of one tensor each. They are
 * what threads share out, and what sums are made of; so results do not depend on the number of
 * threads. Gaps between tensors belong to no fragment.
 *
 * Fragments are cut at multiples of OPTIMIZER_UNIT in the flat array and at the ends of tensors.
 * Where slices are cut at such multiples too (a sharding with that unit) the fragments of all ranks
 * together are the same for any number of ranks. */
#ifndef LAMBERT_OPTIM_TENSOR_FRAGMENTS_H
#define LAMBERT_OPTIM_TENSOR_FRAGMENTS_H

#include <stddef.h>

#include "lambert/dist/sharding.h"
#include "lambert/model/params.h"
#include "lambert/optim/optimizer.h"

struct tensor_fragment {
    size_t flat;  /* where it starts in the flat array */
    size_t shard; /* where it starts in the shard */
    int count;
    int tensor;
};

/* The fragments of a rank's shard, ascending; gives their number. fragments NULL: only counts. */
size_t tensor_fragments_cut(const struct param_table *table, const struct sharding *sharding,
                            int rank, struct tensor_fragment *fragments);

#endif
