#include "lambert/dist/node_arrays.h"

#include <stdlib.h>
#include <string.h>

#include "dist_internal.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "node_memory.h"

enum { ALIGNMENT = 2 << 20 };

struct node_arrays {
    struct exchange_arrays arrays;
    struct node_arrays_memory memory;
    void *shared; /* weights, the gradients of each rank, flags; NULL: private arrays */
    size_t shared_bytes;
    void **neighbours;
};

static size_t align(size_t bytes)
{
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

struct node_arrays_memory node_arrays_memory(const struct sharding *sharding, int rank,
                                             enum exchange_element element)
{
    size_t bytes = element == EXCHANGE_FIXED ? sizeof(int64_t) : sizeof(real);
    size_t count = sharding->ranks > 1 ? sharding_count(sharding, rank) : 0;
    return (struct node_arrays_memory){.weights = sharding->size * sizeof(real),
                                       .gradients = sharding->size * bytes,
                                       .shard = count * bytes,
                                       .shares = sharding->stages.node};
}

/* --- shared ----------------------------------------------------------------------------------- */

static size_t shared_bytes(const struct node_arrays *new, const struct sharding *sharding,
                           int local_ranks)
{
    size_t flags = exchange_flags(sharding, local_ranks) * sizeof(_Atomic uint64_t);
    return align(new->memory.weights) + (size_t)local_ranks * align(new->memory.gradients) + flags;
}

static void lay_out_shared(struct node_arrays *new, const struct dist *dist)
{
    unsigned char *at = new->shared;
    new->arrays.weights = (real *)at;
    at += align(new->memory.weights);
    new->neighbours = memory_new((size_t)dist->local_size, sizeof *new->neighbours);
    for (int local = 0; local < dist->local_size; local++) {
        new->neighbours[local] = at;
        at += align(new->memory.gradients);
    }
    new->arrays.neighbours = new->neighbours;
    new->arrays.gradients = new->neighbours[dist->local_rank];
    new->arrays.flags = (_Atomic uint64_t *)at;
}

static void stop_sharing(struct node_arrays *new)
{
    node_memory_unmap(new->shared, new->shared_bytes);
    free(new->neighbours);
    new->neighbours = NULL;
    new->shared = NULL;
    new->arrays = (struct exchange_arrays){0};
}

/* Who takes a page decides where it lies. */
static int take_pages(const struct node_arrays *new, const struct dist *dist,
                      const struct sharding *sharding, struct error *err)
{
    for (int b = 0; b < sharding->buckets; b++) {
        struct slice slice = sharding_slice(sharding, b, dist->rank);
        if (node_memory_take(new->arrays.weights + slice.begin,
                             (slice.end - slice.begin) * sizeof(real), err) < 0)
            return -1;
    }
    if (dist->local_rank == 0 &&
        node_memory_take((void *)new->arrays.flags,
                         exchange_flags(sharding, dist->local_size) * sizeof *new->arrays.flags,
                         err) < 0)
        return -1;
    return node_memory_take(new->arrays.gradients, new->memory.gradients, err);
}

/* All ranks of the job share with their nodes or none does. When they agree, each has taken its pages: neighbours may
 * write to them. */
static int share(struct node_arrays *new, const struct dist *dist, const struct sharding *sharding,
                 enum node_pages pages, struct error *err)
{
    new->shared_bytes = shared_bytes(new, sharding, dist->local_size);
    int status = node_memory_map(&new->shared, dist, new->shared_bytes, pages, err);
    if (status == 0) {
        lay_out_shared(new, dist);
        status = take_pages(new, dist, sharding, err);
    }
    status = dist_agree(dist, status, err);
    if (status < 0)
        stop_sharing(new);
    return status;
}

/* Huge pages that were reserved, where there are enough and none is refused; else small ones, or a warning that names a
 * rank that cannot share them. */
static void try_to_share(struct node_arrays *new, const struct dist *dist,
                         const struct sharding *sharding)
{
    struct error err;
    if (share(new, dist, sharding, NODE_PAGES_HUGE, &err) == 0 ||
        share(new, dist, sharding, NODE_PAGES_SMALL, &err) == 0)
        return;
    if (dist->rank == 0)
        log_warning(
            "the ranks of a node share no memory: %s. Each has weights of its own, and they send each other "
            "messages",
            err.text);
}

bool node_arrays_possible(const struct dist *dist)
{
    struct error err;
    void *trial;
    const size_t bytes = sizeof(uint64_t);
    const bool possible =
        dist_agree(dist, node_memory_map(&trial, dist, bytes, NODE_PAGES_SMALL, &err), &err) == 0;
    node_memory_unmap(trial, bytes);
    return possible;
}

/* --- both ------------------------------------------------------------------------------------- */

/* Private arrays where nothing is shared, and the shard, which always is private. */
static int take_private(struct node_arrays *new, const struct dist *dist, struct error *err)
{
    void *weights = NULL;
    if (!new->shared) {
        if (memory_big(&weights, new->memory.weights, "weights", err) < 0)
            return -1;
        new->arrays.weights = weights;
        if (memory_big(&new->arrays.gradients, new->memory.gradients, "gradients", err) < 0)
            return -1;
    }
    if (dist->size > 1)
        return memory_big(&new->arrays.shard, new->memory.shard, "summed gradients", err);
    new->arrays.shard = new->arrays.gradients; /* the sum of one is itself */
    return 0;
}

int node_arrays_new(struct node_arrays **arrays, const struct dist *dist,
                    const struct sharding *sharding, enum exchange_element element,
                    struct error *err)
{
    struct node_arrays *new = memory_new(1, sizeof *new);
    *arrays = NULL;
    new->memory = node_arrays_memory(sharding, dist->rank, element);
    if (new->memory.shares)
        try_to_share(new, dist, sharding);
    if (dist_agree(dist, take_private(new, dist, err), err) < 0) {
        node_arrays_free(new);
        return -1;
    }
    *arrays = new;
    return 0;
}

void node_arrays_free(struct node_arrays *arrays)
{
    if (!arrays)
        return;
    if (arrays->arrays.shard != arrays->arrays.gradients)
        memory_big_free(arrays->arrays.shard, arrays->memory.shard);
    if (!arrays->shared) {
        memory_big_free(arrays->arrays.weights, arrays->memory.weights);
        memory_big_free(arrays->arrays.gradients, arrays->memory.gradients);
    }
    node_memory_unmap(arrays->shared, arrays->shared_bytes);
    free(arrays->neighbours);
    free(arrays);
}

const struct exchange_arrays *node_arrays_of(const struct node_arrays *arrays)
{
    return &arrays->arrays;
}

bool node_arrays_shared(const struct node_arrays *arrays)
{
    return arrays->shared != NULL;
}
