/* ranks: 1 2 3 */
/* The number of threads, by rule; and that a parallel region has as many as were counted. */
#include "ranks.h"

#include <limits.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/dist/threads.h"

static void by_rule(void **state)
{
    static const struct {
        struct threads_facts facts;
        int count;
        enum threads_source source;
        bool limited;
    } rows[] = {
        /* wanted, environment, limit, CPUs, cores, quota, its sharers */
        {{0, 0, INT_MAX, 64, 64, INFINITY, 1}, 64, THREADS_OF_CORES, false},
        {{0, 0, INT_MAX, 128, 64, INFINITY, 1}, 64, THREADS_OF_CORES, false},
        {{0, 0, INT_MAX, 64, 64 / 3.0, INFINITY, 3}, 21, THREADS_OF_CORES, false},
        {{0, 0, INT_MAX, 6, 1 / 3.0 + 1 / 3.0 + 1 / 3.0, INFINITY, 3}, 1, THREADS_OF_CORES, false},
        {{0, 0, INT_MAX, 2, 0.25, INFINITY, 8}, 1, THREADS_OF_CORES, false},
        {{0, 0, INT_MAX, 64, 64, 1, 1}, 1, THREADS_OF_QUOTA, false},
        {{0, 0, INT_MAX, 64, 64, 1.5, 1}, 2, THREADS_OF_QUOTA, false},
        {{0, 0, INT_MAX, 64, 64, 0.1, 1}, 1, THREADS_OF_QUOTA, false},
        {{0, 0, INT_MAX, 64, 32, 7.5, 2}, 4, THREADS_OF_QUOTA, false},
        {{0, 0, INT_MAX, 64, 32, 3, 4}, 1, THREADS_OF_QUOTA, false},
        {{0, 0, INT_MAX, 64, 4, 8, 1}, 4, THREADS_OF_CORES, false},
        {{3, 0, INT_MAX, 64, 64, INFINITY, 1}, 3, THREADS_OF_CONFIG, false},
        {{3, 5, INT_MAX, 64, 64, 1, 1}, 3, THREADS_OF_CONFIG, false},
        {{0, 5, INT_MAX, 64, 64, 1, 1}, 5, THREADS_OF_ENVIRONMENT, false},
        {{0, 0, 1, 64, 64, INFINITY, 1}, 1, THREADS_OF_CORES, true},
        {{8, 0, 4, 64, 64, INFINITY, 1}, 4, THREADS_OF_CONFIG, true},
        {{4, 0, 4, 64, 64, INFINITY, 1}, 4, THREADS_OF_CONFIG, false},
        {{16, 0, INT_MAX, 2, 2, INFINITY, 1}, 16, THREADS_OF_CONFIG, false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct threads threads = {0};
        struct error err;
        assert_int_equal(threads_choose(&threads, &rows[i].facts, &err), 0);
        if (threads.count != rows[i].count || threads.source != rows[i].source ||
            threads.limited != rows[i].limited)
            fail_msg("row %zu: %d threads, source %d, limited %d", i, threads.count, threads.source,
                     threads.limited);
    }
}

static void refused(int wanted, int environment, int online, const char *words)
{
    struct threads_facts facts = {wanted, environment, INT_MAX, online, online, INFINITY, 1};
    struct threads threads = {0};
    struct error err;
    assert_int_equal(threads_choose(&threads, &facts, &err), -1);
    assert_non_null(strstr(err.text, words));
}

static void of_another_world(void **state)
{
    (void)state;
    refused(17, 0, 2, "run.threads=17");
    refused(4096, 0, 2, "at most 16");
    refused(0, INT_MAX, 2, "OMP_NUM_THREADS=2147483647");
    refused(INT_MAX, 0, 1, "at most 8");
}

static void regions_have_what_was_counted(void **state)
{
    struct threads threads, again;
    struct error err;
    int team = 0, all = 0;
    (void)state;
    for (int wanted = 0; wanted <= 3; wanted++) {
        omp_set_dynamic(1); /* as OMP_DYNAMIC and OMP_MAX_ACTIVE_LEVELS=0 would have it */
        omp_set_max_active_levels(0);
        assert_int_equal(threads_start(&threads, ranks, wanted, &err), 0);
        assert_true(wanted == 0 || threads.count == wanted);
#pragma omp parallel
#pragma omp single
        team = omp_get_num_threads();
        assert_int_equal(team, threads.count);
        assert_int_equal(threads_start(&again, ranks, wanted, &err), 0);
        assert_int_equal(again.count, threads.count);
    }
    all = dist_size(ranks) * 3;
    assert_int_equal(threads.all, all);
    assert_int_equal(threads.ranks, dist_size(ranks));
    assert_true(threads.held >= 1 && threads.held <= threads.allowed);
}

static void a_refusal_is_everyones(void **state)
{
    struct threads threads;
    struct error err;
    const bool last = dist_rank(ranks) == dist_size(ranks) - 1;
    (void)state;
    assert_int_equal(threads_start(&threads, ranks, last ? 1 << 20 : 1, &err), -1);
    assert_non_null(strstr(err.text, "run.threads=1048576"));
}

static void without_ranks(void **state)
{
    struct threads threads;
    struct error err;
    (void)state;
    assert_int_equal(threads_start(&threads, NULL, 2, &err), 0);
    assert_int_equal(threads.count, 2);
    assert_int_equal(threads.ranks, 1);
    assert_int_equal(threads.all, 2);
    assert_int_equal(threads.held, threads.cores.count);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {RANKS_TEST(by_rule), RANKS_TEST(of_another_world),
                                       RANKS_TEST(regions_have_what_was_counted),
                                       RANKS_TEST(a_refusal_is_everyones),
                                       RANKS_TEST(without_ranks)};
    return RANKS_RUN(tests, &argc, &argv);
}
