/* ranks: 1 2 3 4 5 8 */
/* Reduce and gather against what every rank can compute for all, over sizes that divide by nothing
 * and over every way to put the ranks on nodes. Sums are compared bit by bit with sums in the
 * promised order. */
#include "ranks.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/float16.h"
#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "lambert/dist/exchange.h"

static const size_t sizes[] = {0, 1, 15, 16, 17, 48, 100, 1000, 4096, 20011};
static const size_t buckets[] = {16, 1008, 1 << 15};
enum { SIZES = sizeof sizes / sizeof sizes[0], BUCKETS = sizeof buckets / sizeof buckets[0] };
enum { LARGEST = 20011 };

static const real guard = 12345;

/* --- every rank's values ---------------------------------------------------------------------- */

static real values[8][LARGEST];
static int64_t fixed_values[8][LARGEST];

/* Values whose sums round, so that their order shows. */
static void make_values(void)
{
    for (int r = 0; r < dist_size(ranks); r++) {
        struct rng rng;
        rng_init(&rng, (uint64_t)r);
        for (size_t i = 0; i < LARGEST; i++) {
            values[r][i] = (real)rng_normal(&rng);
            fixed_values[r][i] = (int64_t)(rng_normal(&rng) * 0x1p50);
        }
    }
    fixed_values[dist_size(ranks) - 1][7] = EXCHANGE_NOT_FINITE;
}

/* --- what a sum should be --------------------------------------------------------------------- */

static real rounded(real value, bool bfloat16)
{
    return bfloat16 ? (real)bfloat16_to_float(bfloat16_from_float((float)value)) : value;
}

/* What `rank` has at i when `stage` begins, it being the owner of i so far. */
static real sum_at(const struct stages *stages, int stage, int rank, size_t i, bool bfloat16)
{
    if (stage == 0)
        return values[rank][i];
    bool wire = bfloat16 && !(stages->node && stage == 1);
    real sum = 0;
    for (int m = 0; m < stages->members[stage - 1]; m++) {
        int member = stages_member(stages, stage - 1, rank, m);
        real value = sum_at(stages, stage - 1, member, i, bfloat16);
        value = member == rank ? value : rounded(value, wire);
        sum = m == 0 ? value : sum + value;
    }
    return sum;
}

static int64_t fixed_sum_at(size_t i)
{
    int64_t sum = 0;
    for (int r = 0; r < dist_size(ranks); r++) {
        if (fixed_values[r][i] == EXCHANGE_NOT_FINITE)
            return EXCHANGE_NOT_FINITE;
        sum += fixed_values[r][i];
    }
    return sum;
}

/* --- one exchange ----------------------------------------------------------------------------- */

struct bench {
    struct sharding sharding;
    struct exchange_arrays arrays;
    struct exchange_options options;
    struct exchange *exchange;
    size_t count, element; /* of the shard */
};

static void bench_init(struct bench *bench, size_t size, size_t bucket, const struct stages *stages,
                       const struct exchange_options *options)
{
    struct error err;
    size_t element = options->element == EXCHANGE_FIXED ? sizeof(int64_t) : sizeof(real);
    *bench = (struct bench){.options = *options, .element = element};
    sharding_init_staged(&bench->sharding, size, bucket, SHARDING_LINE, stages);
    bench->count = sharding_count(&bench->sharding, dist_rank(ranks));
    bench->arrays = (struct exchange_arrays){.weights = memory_new(size + 1, sizeof(real)),
                                             .gradients = memory_new(size + 1, element),
                                             .shard = memory_new(bench->count + 1, element)};
    bench->arrays.weights[size] = guard;
    memcpy((char *)bench->arrays.gradients + size * element, &guard, sizeof guard);
    memcpy((char *)bench->arrays.shard + bench->count * element, &guard, sizeof guard);
    assert_int_equal(
        exchange_new(&bench->exchange, ranks, &bench->sharding, &bench->arrays, options, &err), 0);
}

static void bench_release(struct bench *bench)
{
    size_t size = bench->sharding.size, element = bench->element;
    exchange_free(bench->exchange);
    assert_true(bench->arrays.weights[size] == guard);
    assert_memory_equal((char *)bench->arrays.gradients + size * element, &guard, sizeof guard);
    assert_memory_equal((char *)bench->arrays.shard + bench->count * element, &guard, sizeof guard);
    free(bench->arrays.weights);
    free(bench->arrays.gradients);
    free(bench->arrays.shard);
}

static void reduce_all(struct bench *bench)
{
    const void *own = bench->options.element == EXCHANGE_FIXED
                          ? (const void *)fixed_values[dist_rank(ranks)]
                          : values[dist_rank(ranks)];
    memcpy(bench->arrays.gradients, own, bench->sharding.size * bench->element);
    for (int b = bench->sharding.buckets - 1; b >= 0; b--) {
        exchange_reduce_begin(bench->exchange, b);
        exchange_poll(bench->exchange);
    }
    exchange_reduce_wait(bench->exchange);
}

static void check_shard(const struct bench *bench)
{
    const struct sharding *sharding = &bench->sharding;
    int rank = dist_rank(ranks);
    size_t at = 0;
    for (int b = 0; b < sharding->buckets; b++) {
        struct slice slice = sharding_slice(sharding, b, rank);
        for (size_t i = slice.begin; i < slice.end; i++, at++)
            if (bench->options.element == EXCHANGE_FIXED) {
                assert_true(((int64_t *)bench->arrays.shard)[at] == fixed_sum_at(i));
            } else {
                real wanted = sum_at(&sharding->stages, sharding->stages.count, rank, i,
                                     bench->options.bfloat16_gradients);
                assert_true(((real *)bench->arrays.shard)[at] == wanted);
            }
    }
    assert_int_equal(at, bench->count);
}

static void gather_all(struct bench *bench)
{
    const struct sharding *sharding = &bench->sharding;
    for (int b = 0; b < sharding->buckets; b++) {
        struct slice slice = sharding_slice(sharding, b, dist_rank(ranks));
        memcpy(bench->arrays.weights + slice.begin, values[dist_rank(ranks)] + slice.begin,
               (slice.end - slice.begin) * sizeof(real));
        exchange_gather_begin(bench->exchange, b, bench->options.bfloat16_weights);
    }
    exchange_gather_wait(bench->exchange);
}

static void check_weights(const struct bench *bench)
{
    const struct sharding *sharding = &bench->sharding;
    for (int b = 0; b < sharding->buckets; b++)
        for (int r = 0; r < dist_size(ranks); r++) {
            struct slice slice = sharding_slice(sharding, b, r);
            for (size_t i = slice.begin; i < slice.end; i++)
                assert_true(bench->arrays.weights[i] == values[r][i]);
        }
}

static void check(size_t size, size_t bucket, const struct stages *stages,
                  const struct exchange_options *options)
{
    struct bench bench;
    bench_init(&bench, size, bucket, stages, options);
    for (int step = 0; step < 2; step++) {
        reduce_all(&bench);
        check_shard(&bench);
        gather_all(&bench);
        check_weights(&bench);
        memset(bench.arrays.weights, 0, size * sizeof(real));
        dist_barrier(ranks);
    }
    bench_release(&bench);
}

/* --- the tests -------------------------------------------------------------------------------- */

static void for_all_layouts(const struct exchange_options *options)
{
    int count = dist_size(ranks);
    for (int local = 1; local <= count; local++) {
        if (count % local != 0)
            continue;
        for (int split = 2; split <= 16; split += 14) {
            struct stages stages = stages_of(local, count / local, split);
            for (int s = 0; s < SIZES; s++)
                for (int b = 0; b < BUCKETS; b++)
                    check(sizes[s], buckets[b], &stages, options);
        }
    }
}

static void sums_and_weights(void **state)
{
    (void)state;
    for_all_layouts(&(struct exchange_options){.slots = 4});
}

static void one_slot(void **state)
{
    (void)state;
    for_all_layouts(&(struct exchange_options){.slots = 1});
}

static void bfloat16_between_nodes(void **state)
{
    (void)state;
    for_all_layouts(&(struct exchange_options){.slots = 3, .bfloat16_gradients = true});
}

/* Of values that bfloat16 has nothing is lost. */
static void bfloat16_weights(void **state)
{
    (void)state;
    for (int r = 0; r < dist_size(ranks); r++)
        for (size_t i = 0; i < LARGEST; i++)
            values[r][i] = rounded(values[r][i], true);
    for_all_layouts(&(struct exchange_options){.slots = 3, .bfloat16_weights = true});
    for_all_layouts(&(struct exchange_options){
        .slots = 2, .bfloat16_weights = true, .element = EXCHANGE_FIXED});
    make_values();
}

static void fixed_point(void **state)
{
    (void)state;
    for_all_layouts(&(struct exchange_options){.slots = 2, .element = EXCHANGE_FIXED});
}

/* (N - 1) / N of the array each way, whatever the stages. */
static void volume(void **state)
{
    (void)state;
    enum { SIZE = 16 * 120 * 8 };
    size_t count = (size_t)dist_size(ranks);
    struct stages stages = stages_of(1, dist_size(ranks), 2);
    struct bench bench;
    if (SIZE % (16 * count * count) != 0)
        return;
    bench_init(&bench, SIZE, SIZE, &stages, &(struct exchange_options){.slots = 1});
    reduce_all(&bench);
    gather_all(&bench);
    assert_int_equal(exchange_report(bench.exchange).bytes_sent,
                     2 * SIZE / count * (count - 1) * sizeof(real));
    bench_release(&bench);
}

static void alone_nothing_moves(void **state)
{
    (void)state;
    struct error err;
    if (dist_size(ranks) > 1)
        return;
    struct sharding sharding;
    struct exchange *exchange;
    real flat[40], copy[40], weights[40] = {0};
    for (int i = 0; i < 40; i++)
        flat[i] = copy[i] = (real)i;
    sharding_init(&sharding, 40, 16, 1);
    struct exchange_arrays arrays = {.weights = weights, .gradients = flat, .shard = flat};
    struct exchange_options options = {.slots = 1};
    assert_int_equal(exchange_new(&exchange, ranks, &sharding, &arrays, &options, &err), 0);
    for (int b = 0; b < 3; b++)
        exchange_reduce_begin(exchange, b);
    exchange_reduce_wait(exchange);
    assert_memory_equal(flat, copy, sizeof flat);
    assert_int_equal(exchange_report(exchange).bytes_sent, 0);
    exchange_free(exchange);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(sums_and_weights),
        RANKS_TEST(one_slot),
        RANKS_TEST(bfloat16_between_nodes),
        RANKS_TEST(bfloat16_weights),
        RANKS_TEST(fixed_point),
        RANKS_TEST(volume),
        RANKS_TEST(alone_nothing_moves),
    };
    if (ranks_open(&argc, &argv) != 0)
        return 1;
    make_values();
    return ranks_close(cmocka_run_group_tests(tests, NULL, ranks_check));
}
