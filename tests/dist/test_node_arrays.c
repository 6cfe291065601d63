/* ranks: 1 2 3 4 8 */
/* Steps of a made-up optimizer over shared memory: what rank r adds in step s is known to all, so
 * the weights are. Ranks sleep at random, so that a missing wait would show. */
#include "ranks.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "lambert/base/rng.h"
#include "lambert/dist/node_arrays.h"

enum { SIZE = 50021, BUCKET = 1 << 13, STEPS = 12 };

/* Small whole numbers: sums are exact. */
static real gradient_of(int rank, int step, size_t i)
{
    return (real)((i * 7 + (size_t)rank * 13 + (size_t)step * 5) % 101);
}

struct bench {
    struct sharding sharding;
    struct node_arrays *memory;
    const struct exchange_arrays *arrays;
    struct exchange *exchange;
    struct rng rng;
};

static void bench_init(struct bench *bench)
{
    struct error err;
    struct stages stages = dist_stages(ranks, 4);
    struct exchange_options options = {.slots = 2};
    sharding_init_staged(&bench->sharding, SIZE, BUCKET, SHARDING_LINE, &stages);
    assert_int_equal(node_arrays_new(&bench->memory, ranks, &bench->sharding, EXCHANGE_REAL, &err),
                     0);
    bench->arrays = node_arrays_of(bench->memory);
    assert_int_equal(
        exchange_new(&bench->exchange, ranks, &bench->sharding, bench->arrays, &options, &err), 0);
    rng_init(&bench->rng, (uint64_t)dist_rank(ranks));
}

static void bench_release(struct bench *bench)
{
    exchange_free(bench->exchange);
    node_arrays_free(bench->memory);
}

static void doze(struct bench *bench)
{
    struct timespec time = {.tv_nsec = (long)(rng_u32(&bench->rng) % 300000)};
    if (rng_u32(&bench->rng) % 4 == 0)
        nanosleep(&time, NULL);
}

static void fill_and_reduce(struct bench *bench, int step)
{
    real *gradients = bench->arrays->gradients;
    for (int b = bench->sharding.buckets - 1; b >= 0; b--) {
        size_t begin = (size_t)b * BUCKET, end = begin + BUCKET < SIZE ? begin + BUCKET : SIZE;
        doze(bench);
        for (size_t i = begin; i < end; i++)
            gradients[i] = gradient_of(dist_rank(ranks), step, i);
        exchange_reduce_begin(bench->exchange, b);
    }
    exchange_reduce_wait(bench->exchange);
    memset(gradients, 0xff, SIZE * sizeof *gradients); /* nobody may still read them */
}

/* weight += sum of gradients */
static void update_and_gather(struct bench *bench)
{
    const real *sum = bench->arrays->shard;
    dist_barrier(ranks);
    for (int b = 0; b < bench->sharding.buckets; b++) {
        struct slice slice = sharding_slice(&bench->sharding, b, dist_rank(ranks));
        doze(bench);
        for (size_t i = slice.begin; i < slice.end; i++)
            bench->arrays->weights[i] += *sum++;
        exchange_gather_begin(bench->exchange, b, false);
    }
    exchange_gather_wait(bench->exchange);
}

static void check_weights(const struct bench *bench, int steps)
{
    for (size_t i = 0; i < SIZE; i++) {
        real wanted = 0;
        for (int step = 0; step < steps; step++)
            for (int r = 0; r < dist_size(ranks); r++)
                wanted += gradient_of(r, step, i);
        assert_true(bench->arrays->weights[i] == wanted);
    }
}

/* Alone, shard and gradients are one array, which must not be overwritten before the update. */
static void run_alone(struct bench *bench)
{
    real *gradients = bench->arrays->gradients;
    assert_ptr_equal(bench->arrays->shard, gradients);
    for (int step = 0; step < STEPS; step++) {
        for (size_t i = 0; i < SIZE; i++)
            gradients[i] = gradient_of(0, step, i);
        for (int b = 0; b < bench->sharding.buckets; b++)
            exchange_reduce_begin(bench->exchange, b);
        exchange_reduce_wait(bench->exchange);
        update_and_gather(bench);
        check_weights(bench, step + 1);
    }
}

static void run(struct bench *bench)
{
    for (int step = 0; step < STEPS; step++) {
        fill_and_reduce(bench, step);
        update_and_gather(bench);
        check_weights(bench, step + 1);
    }
}

/* Whole nodes first, then divided into smaller and smaller ones: every layout of these ranks. */
static void steps_on_all_layouts(void **state)
{
    (void)state;
    for (int local = dist_size(ranks); local > 0; local--) {
        struct bench bench;
        if (!dist_divide_nodes(ranks, local))
            continue;
        assert_int_equal(dist_nodes(ranks) * local, dist_size(ranks));
        assert_int_equal(dist_rank(ranks) % local, dist_local_rank(ranks));
        bench_init(&bench);
        assert_int_equal(node_arrays_shared(bench.memory), local > 1);
        if (dist_size(ranks) == 1)
            run_alone(&bench);
        else
            run(&bench);
        bench_release(&bench);
    }
}

/* A node that shares sends nothing. */
static void no_messages_inside_a_node(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    if (dist_size(ranks) == 1)
        run_alone(&bench);
    else
        run(&bench);
    assert_int_equal(exchange_report(bench.exchange).bytes_sent, 0);
    bench_release(&bench);
}

/* What is mapped is counted once a node: a page that one wrote is seen by the others. */
static void weights_are_one_array(void **state)
{
    (void)state;
    struct bench bench;
    bench_init(&bench);
    if (dist_local_rank(ranks) == 0)
        bench.arrays->weights[SIZE - 1] = 5;
    dist_barrier(ranks);
    assert_true(bench.arrays->weights[SIZE - 1] == 5);
    bench_release(&bench);
}

/* A limit on the size of files stands for whatever keeps ranks from sharing. */
static void without_shared_memory_messages_do(void **state)
{
    (void)state;
    struct bench bench;
    struct rlimit before, small;
    if (dist_size(ranks) == 1)
        return;
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 1 << 20;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, dist_rank(ranks) == 0 ? &small : &before);
    bench_init(&bench);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_false(node_arrays_shared(bench.memory));
    run(&bench);
    assert_true(exchange_report(bench.exchange).bytes_sent > 0);
    bench_release(&bench);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(weights_are_one_array),
        RANKS_TEST(no_messages_inside_a_node),
        RANKS_TEST(without_shared_memory_messages_do),
        RANKS_TEST(steps_on_all_layouts),
    };
    return RANKS_RUN(tests, &argc, &argv);
}
