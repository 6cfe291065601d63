/* ranks: 2 3 4 */
#include "ranks.h"

#include <math.h>

#include "lambert/dist/probe.h"

/* All ranks of a test are on one machine. */
static void test_nodes(void **state)
{
    int first[8] = {-1, -1, -1, -1, -1, -1, -1, -1};
    (void)state;
    probe_nodes(ranks, first);
    for (int rank = 0; rank < dist_size(ranks); rank++)
        assert_int_equal(first[rank], 0);
    assert_int_equal(first[dist_size(ranks)], -1);
}

/* Every rank is told the same, finite and positive. */
static void assert_same_time(double seconds)
{
    double all[2] = {seconds, -seconds};
    assert_true(isfinite(seconds) && seconds > 0);
    dist_max_double(ranks, all, 2);
    assert_true(all[0] == seconds && -all[1] == seconds);
}

static void test_pair(void **state)
{
    (void)state;
    for (int a = 0; a < dist_size(ranks); a++)
        for (int b = 0; b < dist_size(ranks); b++)
            if (a != b)
                assert_same_time(probe_pair(ranks, a, b, 8, 3));
    assert_same_time(probe_pair(ranks, 0, 1, 0, 1));
}

/* A million times as much to carry cannot take less time, whatever else the machine does. */
static void test_pair_carries_bytes(void **state)
{
    (void)state;
    double small = probe_pair(ranks, 0, 1, 64, 20);
    double large = probe_pair(ranks, 0, 1, 64000000, 1);
    assert_same_time(large);
    assert_true(large > small);
}

static void test_all(void **state)
{
    (void)state;
    assert_same_time(probe_all(ranks, 8, 3));
    assert_same_time(probe_all(ranks, 300000, 2));
}

static void test_calls(void **state)
{
    (void)state;
    assert_same_time(probe_calls(ranks, 1));
    assert_same_time(probe_calls(ranks, 1000));
}

/* All ranks are told the same of each link; a link that is there is measured. */
static void test_neighbours(void **state)
{
    (void)state;
    struct probe_link links[8];
    probe_neighbours(ranks, 0.1, links);
    for (int rank = 0; rank < dist_size(ranks); rank++) {
        assert_same_time(links[rank].latency);
        assert_same_time(links[rank].bandwidth);
    }
}

/* Ranks of one machine have one clock; who is not asked for lack of time is told apart. */
static void test_clocks(void **state)
{
    (void)state;
    int first[8];
    struct probe_clock clocks[8];
    probe_nodes(ranks, first);
    probe_clocks(ranks, first, 100, clocks);
    for (int rank = 1; rank < dist_size(ranks); rank++) {
        assert_same_time(clocks[rank].within);
        assert_true(fabs(clocks[rank].ahead) <= clocks[rank].within + 1e-3);
    }
    probe_clocks(ranks, first, 0, clocks);
    assert_true(clocks[0].within == 0 && isinf(clocks[1].within));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(test_nodes), RANKS_TEST(test_pair),  RANKS_TEST(test_pair_carries_bytes),
        RANKS_TEST(test_all),   RANKS_TEST(test_calls), RANKS_TEST(test_neighbours),
        RANKS_TEST(test_clocks)};
    return RANKS_RUN(tests, &argc, &argv);
}
