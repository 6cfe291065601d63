/* The arrays of a training step: weights, gradients, and a rank's shard of the summed gradients.
 * Where a node has several ranks it holds one copy of the weights, which all of them map, and each
 * rank can read the gradients of its neighbours, so that the stage of an exchange inside a node
 * moves nothing.
 *
 * Shared memory is a memfd of the node's first rank, which the others open through /proc. Unlike a
 * file in /dev/shm (or MPI_Win_allocate_shared(), which makes one) it has no size of its own to run
 * into (containers often have 64 MB), and nothing of it is left when a job is killed. Where it
 * cannot be had (ranks in containers of their own), all ranks get private arrays, and a warning
 * says why: the job works as well, with more memory and messages.
 *
 * The pages of the weights are first touched by the rank that updates them, those of gradients and
 * shard by the rank they belong to: on a node of several NUMA domains, with a rank to each, they
 * lie there. Huge pages: reserved ones where there are enough (vm.nr_hugepages) and no control group
 * refuses them, else transparent ones where the kernel grants them. */
#ifndef LAMBERT_DIST_NODE_ARRAYS_H
#define LAMBERT_DIST_NODE_ARRAYS_H

#include "lambert/base/error.h"
#include "lambert/dist/exchange.h"

struct node_arrays;

/* Bytes: of the weights, which a node holds once if it shares; and of what each rank has for
 * itself: gradients, and the shard where it is not the gradients. */
struct node_arrays_memory {
    size_t weights, gradients, shard;
    bool shares; /* it will be tried */
};

/* Collective: whether the ranks of each node can map memory of its first rank, as ranks in user namespaces of their own
 * (rootless containers) cannot. */
bool node_arrays_possible(const struct dist *dist);

struct node_arrays_memory node_arrays_memory(const struct sharding *sharding, int rank,
                                             enum exchange_element element); /* [local] */

/* Collective: all ranks fail together, and share together. The sharding is that of dist_stages().
 */
int node_arrays_new(struct node_arrays **arrays, const struct dist *dist,
                    const struct sharding *sharding, enum exchange_element element,
                    struct error *err);
void node_arrays_free(struct node_arrays *arrays); /* NULL is fine */

const struct exchange_arrays *node_arrays_of(const struct node_arrays *arrays);

/* Whether weights are the same memory on all ranks of a node that has several. */
bool node_arrays_shared(const struct node_arrays *arrays);

#endif
