/* ranks: 1 2 3 4 */
/* Slices: a partition, cut at multiples of 16. Gather: against what every rank can compute for all,
 * over sizes that divide by nothing. */
#include "ranks.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/dist/sharding.h"

static const size_t sizes[] = {0, 1, 15, 16, 17, 48, 100, 1000, 4096, 100003};
static const size_t buckets[] = {16, 64, 1008, 1 << 20};
enum { SIZES = sizeof sizes / sizeof sizes[0], BUCKETS = sizeof buckets / sizeof buckets[0] };

static void check_partition(size_t size, size_t bucket, int count)
{
    struct sharding sharding;
    sharding_init(&sharding, size, bucket, count);
    assert_int_equal(sharding.buckets, (size + bucket - 1) / bucket);
    size_t next = 0, total = 0;
    for (int b = 0; b < sharding.buckets; b++) {
        assert_int_equal(next, (size_t)b * bucket);
        for (int r = 0; r < count; r++) {
            struct slice slice = sharding_slice(&sharding, b, r);
            assert_int_equal(slice.begin, next);
            assert_true(slice.end >= slice.begin);
            assert_true(slice.begin % 16 == 0 || slice.begin == size);
            next = slice.end;
        }
    }
    assert_int_equal(next, size);
    for (int r = 0; r < count; r++)
        total += sharding_count(&sharding, r);
    assert_int_equal(total, size);
}

static void slices_are_a_partition(void **state)
{
    (void)state;
    for (int s = 0; s < SIZES; s++)
        for (int b = 0; b < BUCKETS; b++)
            for (int count = 1; count <= 9; count++)
                check_partition(sizes[s], buckets[b], count);
}

/* No rank has more than 16 elements a bucket more than another. */
static void slices_are_even(void **state)
{
    (void)state;
    struct sharding sharding;
    sharding_init(&sharding, 100003, 1008, 4);
    size_t least = sharding_count(&sharding, 0), most = least;
    for (int r = 1; r < 4; r++) {
        size_t count = sharding_count(&sharding, r);
        least = count < least ? count : least;
        most = count > most ? count : most;
    }
    assert_true(most - least <= (size_t)sharding.buckets * 16);
}

/* What rank r has at i. */
static real value_of(int r, size_t i)
{
    return (real)((i * 7 + (size_t)r * 13) % 101);
}

struct arrays {
    struct sharding sharding;
    real *flat, *shard;
    size_t count; /* of the own shard */
};

static const real guard = 12345;

static void arrays_init(struct arrays *arrays, size_t size, size_t bucket)
{
    int rank = dist_rank(ranks);
    sharding_init(&arrays->sharding, size, bucket, dist_size(ranks));
    arrays->count = sharding_count(&arrays->sharding, rank);
    arrays->flat = memory_new(size + 1, sizeof *arrays->flat);
    arrays->shard = memory_new(arrays->count + 1, sizeof *arrays->shard);
    for (size_t i = 0; i < size; i++)
        arrays->flat[i] = value_of(rank, i);
    arrays->flat[size] = arrays->shard[arrays->count] = guard;
}

static void arrays_release(struct arrays *arrays)
{
    assert_true(arrays->flat[arrays->sharding.size] == guard);
    assert_true(arrays->shard[arrays->count] == guard);
    free(arrays->flat);
    free(arrays->shard);
}

/* Each element is what its owner had. */
static void check_gather(size_t size, size_t bucket)
{
    struct arrays a;
    arrays_init(&a, size, bucket);
    shard_gather(ranks, &a.sharding, a.flat);
    for (int b = 0; b < a.sharding.buckets; b++)
        for (int r = 0; r < dist_size(ranks); r++) {
            struct slice slice = sharding_slice(&a.sharding, b, r);
            for (size_t i = slice.begin; i < slice.end; i++)
                assert_true(a.flat[i] == value_of(r, i));
        }
    arrays_release(&a);
}

static void gather_gives_what_the_owners_had(void **state)
{
    (void)state;
    for (int s = 0; s < SIZES; s++)
        for (int b = 0; b < BUCKETS; b++)
            check_gather(sizes[s], buckets[b]);
}

/* Insert undoes extract for any rank, and touches nothing else. */
static void check_copies(size_t size, size_t bucket)
{
    struct arrays a;
    arrays_init(&a, size, bucket);
    shard_extract(&a.sharding, dist_rank(ranks), a.flat, a.shard);
    real *other = memory_new(size + 1, sizeof *other);
    shard_insert(&a.sharding, dist_rank(ranks), a.shard, other);
    for (int b = 0; b < a.sharding.buckets; b++)
        for (int r = 0; r < dist_size(ranks); r++) {
            struct slice slice = sharding_slice(&a.sharding, b, r);
            for (size_t i = slice.begin; i < slice.end; i++)
                assert_true(other[i] == (r == dist_rank(ranks) ? a.flat[i] : 0));
        }
    free(other);
    arrays_release(&a);
}

static void extract_and_insert(void **state)
{
    (void)state;
    for (int s = 0; s < SIZES; s++)
        for (int b = 0; b < BUCKETS; b++)
            check_copies(sizes[s], buckets[b]);
}

static size_t bucket_for(int local, int nodes)
{
    struct stages stages = stages_of(local, nodes, STAGES_SPLIT);
    return sharding_bucket(&stages);
}

/* A megabyte of float to each other node of the first stage, of buckets that are not too many. */
static void buckets_grow_with_the_job(void **state)
{
    (void)state;
    const size_t million = 1 << 20;
    assert_int_equal(bucket_for(1, 1), 4 * million);
    assert_int_equal(bucket_for(8, 1), 4 * million); /* no network */
    assert_int_equal(bucket_for(1, 2), million);
    assert_int_equal(bucket_for(1, 4), million);
    assert_int_equal(bucket_for(2, 4), 2 * million);
    assert_int_equal(bucket_for(1, 8), 2 * million);
    assert_int_equal(bucket_for(1, 11), 11 * (million / 4));
    assert_int_equal(bucket_for(1, 16), million); /* 4 x 4 */
    assert_int_equal(bucket_for(1, 1024), 4 * million);
    assert_int_equal(bucket_for(8, 64), 4 * million);
}

/* At the bucket of real runs Open MPI takes other algorithms than for small messages. */
static void a_bucket_of_real_size(void **state)
{
    (void)state;
    check_gather(SHARDING_BUCKET + 1234, SHARDING_BUCKET);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(slices_are_a_partition),           RANKS_TEST(slices_are_even),
        RANKS_TEST(gather_gives_what_the_owners_had), RANKS_TEST(extract_and_insert),
        RANKS_TEST(buckets_grow_with_the_job),        RANKS_TEST(a_bucket_of_real_size),
    };
    return RANKS_RUN(tests, &argc, &argv);
}
