#include "lambert/dist/sharding.h"

#include <stdint.h>
#include <string.h>

#include "dist_internal.h"
#include "lambert/base/activity.h"
#include "lambert/base/minmax.h"

/* --- who owns what ---------------------------------------------------------------------------- */

size_t sharding_bucket(const struct stages *stages)
{
    enum { PART = 1 << 18, LEAST = 1 << 20 };
    size_t local = stages->node ? (size_t)stages->members[0] : 1, most = 1;
    for (int s = stages->node; s < stages->count; s++)
        most = (size_t)stages->members[s] > most ? (size_t)stages->members[s] : most;
    size_t bucket = PART * local * most;
    if (stages->count == stages->node || bucket > SHARDING_BUCKET)
        return SHARDING_BUCKET;
    return bucket < LEAST ? LEAST : bucket;
}

void sharding_init_staged(struct sharding *sharding, size_t size, size_t bucket, size_t unit,
                          const struct stages *stages)
{
    require(unit > 0 && unit % SHARDING_LINE == 0 && bucket > 0 && bucket % unit == 0);
    require(bucket <= INT32_MAX / sizeof(real)); /* Open MPI 4 computes bytes of a message in int */
    size_t buckets = (size + bucket - 1) / bucket;
    require(buckets <= INT32_MAX);
    *sharding = (struct sharding){.size = size,
                                  .bucket = bucket,
                                  .unit = unit,
                                  .buckets = (int)buckets,
                                  .ranks = stages_ranks(stages),
                                  .stages = *stages};
}

void sharding_init(struct sharding *sharding, size_t size, size_t bucket, int ranks)
{
    struct stages stages = stages_flat(ranks);
    sharding_init_staged(sharding, size, bucket, SHARDING_LINE, &stages);
}

struct slice sharding_part(const struct sharding *sharding, int bucket, int rank, int stage)
{
    size_t begin = (size_t)bucket * sharding->bucket, unit = sharding->unit;
    struct slice part = {begin, min_size(begin + sharding->bucket, sharding->size)};
    for (int s = 0; s < stage; s++) {
        size_t units = (part.end - part.begin + unit - 1) / unit;
        size_t members = (size_t)sharding->stages.members[s];
        size_t digit = (size_t)stages_digit(&sharding->stages, s, rank);
        size_t first = part.begin + units * digit / members * unit;
        size_t next = part.begin + units * (digit + 1) / members * unit;
        part = (struct slice){min_size(first, part.end), min_size(next, part.end)};
    }
    return part;
}

struct slice sharding_slice(const struct sharding *sharding, int bucket, int rank)
{
    return sharding_part(sharding, bucket, rank, sharding->stages.count);
}

size_t sharding_count(const struct sharding *sharding, int rank)
{
    size_t count = 0;
    for (int b = 0; b < sharding->buckets; b++) {
        struct slice slice = sharding_slice(sharding, b, rank);
        count += slice_length(slice);
    }
    return count;
}

/* --- moving data ------------------------------------------------------------------------------ */

/* Counts and starts of all ranks' slices of a bucket, in elements from the bucket's begin. */
static void measure_bucket(const struct dist *dist, const struct sharding *sharding, int bucket)
{
    size_t begin = (size_t)bucket * sharding->bucket;
    for (int r = 0; r < sharding->ranks; r++) {
        struct slice slice = sharding_slice(sharding, bucket, r);
        dist->starts[r] = (int)(slice.begin - begin);
        dist->counts[r] = (int)(slice.end - slice.begin);
    }
}

void shard_gather(const struct dist *dist, const struct sharding *sharding, real *flat)
{
    require(sharding->ranks == dist->size);
    for (int b = 0; dist->size > 1 && b < sharding->buckets; b++) {
        measure_bucket(dist, sharding, b);
        activity_wait_begin("MPI_Allgatherv of bucket", b);
        MPI_Allgatherv(MPI_IN_PLACE, 0, MPI_REAL_TYPE, flat + (size_t)b * sharding->bucket,
                       dist->counts, dist->starts, MPI_REAL_TYPE, dist->world);
        activity_wait_end();
    }
}

void shard_extract(const struct sharding *sharding, int rank, const real *flat, real *shard)
{
    for (int b = 0; b < sharding->buckets; b++) {
        struct slice slice = sharding_slice(sharding, b, rank);
        size_t count = slice_length(slice);
        memcpy(shard, flat + slice.begin, count * sizeof *shard);
        shard += count;
    }
}

void shard_insert(const struct sharding *sharding, int rank, const real *shard, real *flat)
{
    for (int b = 0; b < sharding->buckets; b++) {
        struct slice slice = sharding_slice(sharding, b, rank);
        size_t count = slice_length(slice);
        memcpy(flat + slice.begin, shard, count * sizeof *flat);
        shard += count;
    }
}
