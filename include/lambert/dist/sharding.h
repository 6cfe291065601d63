/* Who owns which part of a flat array: the array of parameters is cut into buckets, and each bucket
 * into one slice a rank. A rank's shard is its slice of every bucket; it alone updates those
 * parameters and holds their moments (ZeRO stage 1, Rajbhandari et al., arXiv 1910.02054).
 *
 * Buckets are what gradients travel in: a bucket can be reduced as soon as its gradients are
 * complete. They travel in stages (dist/stages.h), and who owns what follows: the members of a
 * group in the first stage cut the bucket into a part each, those in the next cut that part again,
 * and what is left after the last stage is the slice.
 *
 * Parts are cut at multiples of a unit and may be empty; sizes need not divide. */
#ifndef LAMBERT_DIST_SHARDING_H
#define LAMBERT_DIST_SHARDING_H

#include <stddef.h>

#include "lambert/base/real.h"
#include "lambert/dist/dist.h"
#include "lambert/dist/stages.h"

struct sharding {
    size_t size;   /* elements of the flat array */
    size_t bucket; /* elements of a bucket; the last is shorter */
    size_t unit;   /* elements; divides bucket */
    int buckets;
    int ranks;
    struct stages stages;
};

enum {
    SHARDING_BUCKET = 4 << 20, /* elements of the largest: 16 MB of float */
    SHARDING_LINE = 16         /* the smallest unit: a cache line of float */
};

/* Elements of the buckets for such stages: small enough that little is left to wait for at the
 * ends, when only the last bucket of gradients is on its way, or the first of weights; and large
 * enough that messages of the first stage between nodes are a megabyte, up to SHARDING_BUCKET. A
 * multiple of every power of two up to 2^18. */
size_t sharding_bucket(const struct stages *stages);

/* One stage of all ranks, cut at multiples of SHARDING_LINE. bucket is a multiple of that, and less
 * than 2 GB. */
void sharding_init(struct sharding *sharding, size_t size, size_t bucket, int ranks);

/* unit is a multiple of SHARDING_LINE, bucket of unit. */
void sharding_init_staged(struct sharding *sharding, size_t size, size_t bucket, size_t unit,
                          const struct stages *stages);

struct slice {
    size_t begin, end; /* in the flat array */
};

static inline size_t slice_length(struct slice slice)
{
    return slice.end - slice.begin;
}

struct slice sharding_slice(const struct sharding *sharding, int bucket, int rank);

/* What a rank works on when `stage` begins: the whole bucket in stage 0, the slice in stage
 * stages.count. */
struct slice sharding_part(const struct sharding *sharding, int bucket, int rank, int stage);

/* Elements in a rank's shard: the sum of its slices. A shard array holds them one after another. */
size_t sharding_count(const struct sharding *sharding, int rank);

/* Collective. Completes flat [size]: every rank has brought its own slices of it up to date, and
 * gets those of the others. For what is done now and then, on any array; in a step, dist/exchange.h
 * moves gradients and weights. */
void shard_gather(const struct dist *dist, const struct sharding *sharding, real *flat);

/* [local] Copies a rank's slices out of, or into, a flat array. */
void shard_extract(const struct sharding *sharding, int rank, const real *flat, real *shard);
void shard_insert(const struct sharding *sharding, int rank, const real *shard, real *flat);

#endif
