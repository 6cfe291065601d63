/* ranks: 1 2 3 4 8 */
/* Steps of a made-up optimizer over shared memory: what rank r adds in step s is known to all, so
 * the weights are. Ranks sleep at random, so that a missing wait would show. */
#define _GNU_SOURCE
#include "ranks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "lambert/base/rng.h"
#include "lambert/dist/node_arrays.h"

enum { SIZE = 50021, BUCKET = 1 << 13, STEPS = 12 };

/* Small whole numbers: sums are exact. */
static real gradient_of(int rank, int step, size_t i)
{
    return (real)((i * 7 + (size_t)rank * 13 + (size_t)step * 5) % 101);
}

struct fixture {
    struct sharding sharding;
    struct node_arrays *memory;
    const struct exchange_arrays *arrays;
    struct exchange *exchange;
    struct rng rng;
};

static void fixture_init(struct fixture *fixture)
{
    struct error err;
    struct stages stages = dist_stages(ranks, 4);
    struct exchange_options options = {.slots = 2};
    sharding_init_staged(&fixture->sharding, SIZE, BUCKET, SHARDING_LINE, &stages);
    assert_int_equal(
        node_arrays_new(&fixture->memory, ranks, &fixture->sharding, EXCHANGE_REAL, &err), 0);
    fixture->arrays = node_arrays_of(fixture->memory);
    assert_int_equal(exchange_new(&fixture->exchange, ranks, &fixture->sharding, fixture->arrays,
                                  &options, &err),
                     0);
    rng_init(&fixture->rng, (uint64_t)dist_rank(ranks));
}

static void fixture_release(struct fixture *fixture)
{
    exchange_free(fixture->exchange);
    node_arrays_free(fixture->memory);
}

static void doze(struct fixture *fixture)
{
    struct timespec time = {.tv_nsec = (long)(rng_u32(&fixture->rng) % 300000)};
    if (rng_u32(&fixture->rng) % 4 == 0)
        nanosleep(&time, NULL);
}

static void fill_and_reduce(struct fixture *fixture, int step)
{
    real *gradients = fixture->arrays->gradients;
    for (int b = fixture->sharding.buckets - 1; b >= 0; b--) {
        size_t begin = (size_t)b * BUCKET, end = begin + BUCKET < SIZE ? begin + BUCKET : SIZE;
        doze(fixture);
        for (size_t i = begin; i < end; i++)
            gradients[i] = gradient_of(dist_rank(ranks), step, i);
        exchange_reduce_begin(fixture->exchange, b);
    }
    exchange_reduce_wait(fixture->exchange);
    memset(gradients, 0xff, SIZE * sizeof *gradients); /* nobody may still read them */
}

/* weight += sum of gradients */
static void update_and_gather(struct fixture *fixture)
{
    const real *sum = fixture->arrays->shard;
    dist_barrier(ranks);
    for (int b = 0; b < fixture->sharding.buckets; b++) {
        struct slice slice = sharding_slice(&fixture->sharding, b, dist_rank(ranks));
        doze(fixture);
        for (size_t i = slice.begin; i < slice.end; i++)
            fixture->arrays->weights[i] += *sum++;
        exchange_gather_begin(fixture->exchange, b, false);
    }
    exchange_gather_wait(fixture->exchange);
}

static void check_weights(const struct fixture *fixture, int steps)
{
    for (size_t i = 0; i < SIZE; i++) {
        real wanted = 0;
        for (int step = 0; step < steps; step++)
            for (int r = 0; r < dist_size(ranks); r++)
                wanted += gradient_of(r, step, i);
        assert_true(fixture->arrays->weights[i] == wanted);
    }
}

/* Alone, shard and gradients are one array, which must not be overwritten before the update. */
static void run_alone(struct fixture *fixture)
{
    real *gradients = fixture->arrays->gradients;
    assert_ptr_equal(fixture->arrays->shard, gradients);
    for (int step = 0; step < STEPS; step++) {
        for (size_t i = 0; i < SIZE; i++)
            gradients[i] = gradient_of(0, step, i);
        for (int b = 0; b < fixture->sharding.buckets; b++)
            exchange_reduce_begin(fixture->exchange, b);
        exchange_reduce_wait(fixture->exchange);
        update_and_gather(fixture);
        check_weights(fixture, step + 1);
    }
}

static void run(struct fixture *fixture)
{
    for (int step = 0; step < STEPS; step++) {
        fill_and_reduce(fixture, step);
        update_and_gather(fixture);
        check_weights(fixture, step + 1);
    }
}

/* Whole nodes first, then divided into smaller and smaller ones: every layout of these ranks. */
static void steps_on_all_layouts(void **state)
{
    (void)state;
    for (int local = dist_size(ranks); local > 0; local--) {
        struct fixture fixture;
        if (!dist_divide_nodes(ranks, local))
            continue;
        assert_int_equal(dist_nodes(ranks) * local, dist_size(ranks));
        assert_int_equal(dist_rank(ranks) % local, dist_local_rank(ranks));
        fixture_init(&fixture);
        assert_int_equal(node_arrays_shared(fixture.memory), local > 1);
        if (dist_size(ranks) == 1)
            run_alone(&fixture);
        else
            run(&fixture);
        fixture_release(&fixture);
    }
}

/* A node that shares sends nothing. */
static void no_messages_inside_a_node(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    if (dist_size(ranks) == 1)
        run_alone(&fixture);
    else
        run(&fixture);
    assert_int_equal(exchange_report(fixture.exchange).bytes_sent, 0);
    fixture_release(&fixture);
}

/* What is mapped is counted once a node: a page that one wrote is seen by the others. */
static void weights_are_one_array(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture);
    if (dist_local_rank(ranks) == 0)
        fixture.arrays->weights[SIZE - 1] = 5;
    dist_barrier(ranks);
    assert_true(fixture.arrays->weights[SIZE - 1] == 5);
    fixture_release(&fixture);
}

/* A limit on the size of files stands for whatever keeps ranks from sharing. */
static void without_shared_memory_messages_do(void **state)
{
    (void)state;
    struct fixture fixture;
    struct rlimit before, small;
    if (dist_size(ranks) == 1)
        return;
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 1 << 20;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, dist_rank(ranks) == 0 ? &small : &before);
    fixture_init(&fixture);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_false(node_arrays_shared(fixture.memory));
    run(&fixture);
    assert_true(exchange_report(fixture.exchange).bytes_sent > 0);
    fixture_release(&fixture);
}

/* What a machine of many reserved huge pages does to processes whose control group may have none of them: the file is
 * made and mapped, and a write to it is SIGBUS. Here these calls stand in the place of the C library's, and its file is
 * of no bytes. */
static bool huge_pages_are_refused;
static int refused_file = -1;

int memfd_create(const char *name, unsigned int flags)
{
    const bool huge = (flags & MFD_HUGETLB) != 0;
    const int descriptor = (int)syscall(
        SYS_memfd_create, name, huge && huge_pages_are_refused ? flags & ~MFD_HUGETLB : flags);
    refused_file = huge && huge_pages_are_refused ? descriptor : -1;
    return descriptor;
}

int ftruncate(int descriptor, off_t size)
{
    return descriptor == refused_file ? 0 : (int)syscall(SYS_ftruncate, descriptor, size);
}

int fallocate(int descriptor, int mode, off_t begin, off_t size)
{
    if (descriptor != refused_file)
        return (int)syscall(SYS_fallocate, descriptor, mode, begin, size);
    errno = ENOSPC;
    return -1;
}

static void refused_huge_pages_give_way_to_small_ones(void **state)
{
    (void)state;
    struct fixture fixture;
    if (dist_size(ranks) == 1)
        return;
    huge_pages_are_refused = true;
    fixture_init(&fixture);
    huge_pages_are_refused = false;
    refused_file = -1;
    assert_true(node_arrays_shared(fixture.memory));
    run(&fixture);
    assert_int_equal(exchange_report(fixture.exchange).bytes_sent, 0);
    fixture_release(&fixture);
}

static void whether_it_is_possible(void **state)
{
    (void)state;
    struct rlimit before, small;
    assert_true(node_arrays_possible(ranks));
    signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before);
    small = before;
    small.rlim_cur = 1 << 20;
    setrlimit(RLIMIT_FSIZE, dist_rank(ranks) == 0 ? &small : &before);
    const bool possible = node_arrays_possible(ranks);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_false(possible);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(weights_are_one_array),
        RANKS_TEST(no_messages_inside_a_node),
        RANKS_TEST(without_shared_memory_messages_do),
        RANKS_TEST(refused_huge_pages_give_way_to_small_ones),
        RANKS_TEST(whether_it_is_possible),
        RANKS_TEST(steps_on_all_layouts),
    };
    return RANKS_RUN(tests, &argc, &argv);
}
