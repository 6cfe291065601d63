#include "lib/unit.h"

#include <math.h>
#include <stdlib.h>

#include "lambert/base/rng.h"
#include "lambert/batch/balance_by_cost.h"

enum { MOST = 3000 };

/* Lengths as on Wikipedia at 512: most are full, the rest spread. */
static void make_lengths(int *lengths, int count, uint64_t key)
{
    struct rng rng;
    rng_init(&rng, key);
    for (int i = 0; i < count; i++)
        lengths[i] = rng_below(&rng, 3) ? 5 + (int)rng_below(&rng, 508) : 512;
}

static double cost(int t)
{
    return t + (double)t * t / 2048;
}

/* The rule of the header, done in the plainest way. */
static void assign_plainly(const int *lengths, int count, int ranks, int *rank_of)
{
    double load[64] = {0};
    int number[64] = {0}, extras = count % ranks;
    for (int i = 0; i < count; i++)
        rank_of[i] = -1;
    for (int given = 0; given < count; given++) {
        int longest = -1, least = -1;
        for (int i = 0; i < count; i++)
            if (rank_of[i] < 0 && (longest < 0 || lengths[i] > lengths[longest]))
                longest = i;
        for (int r = 0; r < ranks; r++)
            if (number[r] < count / ranks + (extras > 0) && (least < 0 || load[r] < load[least]))
                least = r;
        rank_of[longest] = least;
        load[least] += cost(lengths[longest]);
        extras -= ++number[least] > count / ranks;
    }
}

static void assignments_are_by_the_rule(void **state)
{
    (void)state;
    static const int counts[] = {0, 1, 2, 7, 64, 65, 200}, ranks[] = {1, 2, 3, 5, 64};
    int lengths[200], rank_of[200], all[200], chosen[200];
    for (int c = 0; c < 7; c++)
        for (int r = 0; r < 5; r++) {
            make_lengths(lengths, counts[c], (uint64_t)(c * 10 + r));
            assign_plainly(lengths, counts[c], ranks[r], rank_of);
            int total = 0;
            balance_all_by_cost(lengths, counts[c], ranks[r], all);
            for (int i = 0; i < counts[c]; i++)
                assert_int_equal(all[i], rank_of[i]);
            for (int rank = 0; rank < ranks[r]; rank++) {
                int mine = balance_by_cost(lengths, counts[c], ranks[r], rank, chosen);
                assert_true(mine == counts[c] / ranks[r] || mine == counts[c] / ranks[r] + 1);
                for (int i = 0; i < mine; i++) {
                    assert_int_equal(rank_of[chosen[i]], rank);
                    assert_true(i == 0 || chosen[i - 1] < chosen[i]);
                }
                total += mine;
            }
            assert_int_equal(total, counts[c]);
        }
}

/* What the busiest rank has more than the idlest, where attention costs as much as the rest at
 * `even` tokens. */
static double spread_of(const int *lengths, int ranks, double even)
{
    static int chosen[MOST];
    double least = INFINITY, most = 0;
    for (int rank = 0; rank < ranks; rank++) {
        double load = 0;
        int mine = balance_by_cost(lengths, MOST, ranks, rank, chosen);
        for (int i = 0; i < mine; i++)
            load += lengths[chosen[i]] + lengths[chosen[i]] * lengths[chosen[i]] / even;
        least = fmin(least, load);
        most = fmax(most, load);
    }
    return 1 - least / most;
}

/* Whatever the shape of the model (src/batch/balance_by_cost.c). */
static void ranks_get_the_same_work(void **state)
{
    (void)state;
    static const double evens[] = {768, 2048, 4100, 4900, 6300};
    static int lengths[MOST];
    make_lengths(lengths, MOST, 1);
    for (int ranks = 2; ranks <= 32; ranks *= 2)
        for (int e = 0; e < 5; e++)
            assert_true(spread_of(lengths, ranks, evens[e]) < 0.005);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(assignments_are_by_the_rule),
        cmocka_unit_test(ranks_get_the_same_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
