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

struct fixture {
    struct sharding sharding;
    struct exchange_arrays arrays;
    struct exchange_options options;
    struct exchange *exchange;
    size_t count, element; /* of the shard */
};

static void fixture_init(struct fixture *fixture, size_t size, size_t bucket,
                         const struct stages *stages, const struct exchange_options *options)
{
    struct error err;
    size_t element = options->element == EXCHANGE_FIXED ? sizeof(int64_t) : sizeof(real);
    *fixture = (struct fixture){.options = *options, .element = element};
    sharding_init_staged(&fixture->sharding, size, bucket, SHARDING_LINE, stages);
    fixture->count = sharding_count(&fixture->sharding, dist_rank(ranks));
    fixture->arrays = (struct exchange_arrays){.weights = memory_new(size + 1, sizeof(real)),
                                               .gradients = memory_new(size + 1, element),
                                               .shard = memory_new(fixture->count + 1, element)};
    fixture->arrays.weights[size] = guard;
    memcpy((char *)fixture->arrays.gradients + size * element, &guard, sizeof guard);
    memcpy((char *)fixture->arrays.shard + fixture->count * element, &guard, sizeof guard);
    assert_int_equal(exchange_new(&fixture->exchange, ranks, &fixture->sharding, &fixture->arrays,
                                  options, &err),
                     0);
}

static void fixture_release(struct fixture *fixture)
{
    size_t size = fixture->sharding.size, element = fixture->element;
    exchange_free(fixture->exchange);
    assert_true(fixture->arrays.weights[size] == guard);
    assert_memory_equal((char *)fixture->arrays.gradients + size * element, &guard, sizeof guard);
    assert_memory_equal((char *)fixture->arrays.shard + fixture->count * element, &guard,
                        sizeof guard);
    free(fixture->arrays.weights);
    free(fixture->arrays.gradients);
    free(fixture->arrays.shard);
}

static void reduce_all(struct fixture *fixture)
{
    const void *own = fixture->options.element == EXCHANGE_FIXED
                          ? (const void *)fixed_values[dist_rank(ranks)]
                          : values[dist_rank(ranks)];
    memcpy(fixture->arrays.gradients, own, fixture->sharding.size * fixture->element);
    for (int b = fixture->sharding.buckets - 1; b >= 0; b--) {
        exchange_reduce_begin(fixture->exchange, b);
        exchange_poll(fixture->exchange);
    }
    exchange_reduce_wait(fixture->exchange);
}

static void check_shard(const struct fixture *fixture)
{
    const struct sharding *sharding = &fixture->sharding;
    int rank = dist_rank(ranks);
    size_t at = 0;
    for (int b = 0; b < sharding->buckets; b++) {
        struct slice slice = sharding_slice(sharding, b, rank);
        for (size_t i = slice.begin; i < slice.end; i++, at++)
            if (fixture->options.element == EXCHANGE_FIXED) {
                assert_true(((int64_t *)fixture->arrays.shard)[at] == fixed_sum_at(i));
            } else {
                real wanted = sum_at(&sharding->stages, sharding->stages.count, rank, i,
                                     fixture->options.bfloat16_gradients);
                assert_true(((real *)fixture->arrays.shard)[at] == wanted);
            }
    }
    assert_int_equal(at, fixture->count);
}

static void gather_all(struct fixture *fixture)
{
    const struct sharding *sharding = &fixture->sharding;
    for (int b = 0; b < sharding->buckets; b++) {
        struct slice slice = sharding_slice(sharding, b, dist_rank(ranks));
        memcpy(fixture->arrays.weights + slice.begin, values[dist_rank(ranks)] + slice.begin,
               (slice.end - slice.begin) * sizeof(real));
        exchange_gather_begin(fixture->exchange, b, fixture->options.bfloat16_weights);
    }
    exchange_gather_wait(fixture->exchange);
}

static void check_weights(const struct fixture *fixture)
{
    const struct sharding *sharding = &fixture->sharding;
    for (int b = 0; b < sharding->buckets; b++)
        for (int r = 0; r < dist_size(ranks); r++) {
            struct slice slice = sharding_slice(sharding, b, r);
            for (size_t i = slice.begin; i < slice.end; i++)
                assert_true(fixture->arrays.weights[i] == values[r][i]);
        }
}

static void check(size_t size, size_t bucket, const struct stages *stages,
                  const struct exchange_options *options)
{
    struct fixture fixture;
    fixture_init(&fixture, size, bucket, stages, options);
    for (int step = 0; step < 2; step++) {
        reduce_all(&fixture);
        check_shard(&fixture);
        gather_all(&fixture);
        check_weights(&fixture);
        memset(fixture.arrays.weights, 0, size * sizeof(real));
        dist_barrier(ranks);
    }
    fixture_release(&fixture);
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
    struct fixture fixture;
    if (SIZE % (16 * count * count) != 0)
        return;
    fixture_init(&fixture, SIZE, SIZE, &stages, &(struct exchange_options){.slots = 1});
    reduce_all(&fixture);
    gather_all(&fixture);
    assert_int_equal(exchange_report(fixture.exchange).bytes_sent,
                     2 * SIZE / count * (count - 1) * sizeof(real));
    fixture_release(&fixture);
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
