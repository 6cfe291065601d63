#include "lib/unit.h"

#include "lambert/base/rng.h"
#include "lambert/batch/balance_by_cost.h"
#include "lambert/batch/share.h"

enum { MOST = 200 };

static void make_lengths(int *lengths, int count, uint64_t key)
{
    struct rng rng;
    rng_init(&rng, key);
    for (int i = 0; i < count; i++)
        lengths[i] = 5 + (int)rng_below(&rng, 508);
}

/* Each sample is on one rank, ascending there, with all of its group. */
static void check(int samples, int group, int ranks)
{
    int lengths[MOST], chosen[MOST], rank_of[MOST], total = 0;
    make_lengths(lengths, samples, (uint64_t)(samples + group + ranks));
    for (int i = 0; i < samples; i++)
        rank_of[i] = -1;
    for (int rank = 0; rank < ranks; rank++) {
        const struct sharing sharing = {samples, group, rank, ranks};
        const int count = share_choose(&sharing, lengths, chosen);
        for (int n = 0; n < count; n++) {
            assert_true(n == 0 || chosen[n - 1] < chosen[n]);
            assert_int_equal(rank_of[chosen[n]], -1);
            rank_of[chosen[n]] = rank;
        }
        total += count;
    }
    assert_int_equal(total, samples);
    for (int i = 1; i < samples && group > 0; i++)
        assert_true(i % group == 0 || rank_of[i] == rank_of[i - 1]);
}

static void groups_stay_whole(void **state)
{
    (void)state;
    static const int groups[] = {0, 1, 5, 8, 64, MOST + 3}, ranks[] = {1, 2, 3, 40};
    for (int g = 0; g < 6; g++)
        for (int r = 0; r < 4; r++) {
            check(1, groups[g], ranks[r]);
            check(32, groups[g], ranks[r]);
            check(MOST, groups[g], ranks[r]);
        }
}

/* A group costs what a sequence of all its tokens would; without groups samples are dealt out. */
static void ranks_get_the_same_work(void **state)
{
    (void)state;
    /* groups of 2: 900, 510, 400 and 20 tokens; so 900 + 20 and 510 + 400 */
    static const int lengths[] = {500, 400, 10, 500, 200, 200, 10, 10};
    int chosen[8];
    const struct sharing first = {8, 2, 0, 2}, second = {8, 2, 1, 2};
    assert_int_equal(share_choose(&first, lengths, chosen), 4);
    assert_memory_equal(chosen, ((int[]){0, 1, 6, 7}), 4 * sizeof(int));
    assert_int_equal(share_choose(&second, lengths, chosen), 4);
    assert_memory_equal(chosen, ((int[]){2, 3, 4, 5}), 4 * sizeof(int));

    int plain[8];
    for (int group = 0; group <= 1; group++) {
        const struct sharing each = {8, group, 1, 3};
        const int count = balance_by_cost(lengths, 8, 3, 1, plain);
        assert_int_equal(share_choose(&each, lengths, chosen), count);
        assert_memory_equal(chosen, plain, (size_t)count * sizeof(int));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_stay_whole),
        cmocka_unit_test(ranks_get_the_same_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
