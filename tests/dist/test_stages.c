/* Every rank is in one group of each stage, and the stages lead to all ranks. */
#include "lib/unit.h"

#include "lambert/dist/sharding.h"
#include "lambert/dist/stages.h"

static void assert_all_members(struct stages stages, int a, int b, int c, int d)
{
    const int wanted[] = {a, b, c, d};
    int count = (a > 0) + (b > 0) + (c > 0) + (d > 0);
    assert_int_equal(stages.count, count);
    for (int s = 0; s < count; s++)
        assert_int_equal(stages.members[s], wanted[s]);
}

static void assert_members(struct stages stages, int a, int b, int c)
{
    assert_all_members(stages, a, b, c, 0);
}

static void nodes_are_split_evenly(void **state)
{
    (void)state;
    assert_members(stages_of(1, 1, 16), 0, 0, 0);
    assert_members(stages_of(4, 1, 16), 4, 0, 0);
    assert_members(stages_of(1, 15, 16), 15, 0, 0);
    assert_members(stages_of(1, 16, 16), 4, 4, 0);
    assert_members(stages_of(2, 128, 16), 2, 16, 8);
    assert_members(stages_of(1, 255, 16), 17, 15, 0);
    assert_members(stages_of(2, 127, 16), 2, 127, 0); /* a prime cannot be split */
    assert_members(stages_flat(6), 6, 0, 0);
    assert_true(stages_of(2, 1, 16).node);
    assert_false(stages_of(1, 8, 16).node);
}

static void very_many_nodes_are_split_in_three(void **state)
{
    (void)state;
    assert_members(stages_of(1, 256, 16), 8, 8, 4);
    assert_members(stages_of(1, 512, 16), 8, 8, 8);
    assert_members(stages_of(1, 1024, 16), 16, 8, 8);
    assert_all_members(stages_of(48, 1000, 16), 48, 10, 10, 10);
    assert_all_members(stages_of(2, 270, 16), 2, 9, 6, 5); /* not 10, 9, 3 */
    assert_members(stages_of(2, 257, 16), 2, 257, 0);
    assert_members(stages_of(2, 2 * 257, 16), 2, 257, 2);
    assert_members(stages_of(1, 8, 2), 2, 2, 2);
}

static void digits_say_who_is_in_a_group(void **state)
{
    (void)state;
    struct stages stages = stages_of(3, 20, 4);
    assert_int_equal(stages.count, 4);
    assert_int_equal(stages_ranks(&stages), 60);
    for (int rank = 0; rank < 60; rank++)
        for (int s = 0; s < stages.count; s++)
            for (int d = 0; d < stages.members[s]; d++) {
                int member = stages_member(&stages, s, rank, d);
                assert_in_range(member, 0, 59);
                assert_int_equal(stages_digit(&stages, s, member), d);
                for (int other = 0; other < stages.count; other++)
                    if (other != s)
                        assert_int_equal(stages_digit(&stages, other, member),
                                         stages_digit(&stages, other, rank));
            }
}

/* What the ranks own covers everything once, though not in the order of ranks. */
static void slices_of_stages_are_a_partition(void **state)
{
    (void)state;
    enum { SIZE = 100003 };
    static unsigned char seen[SIZE];
    struct stages stages = stages_of(3, 20, 4);
    struct sharding sharding;
    size_t total = 0;
    sharding_init_staged(&sharding, SIZE, 1 << 13, 64, &stages);
    for (int b = 0; b < sharding.buckets; b++)
        for (int rank = 0; rank < 60; rank++) {
            struct slice slice = sharding_slice(&sharding, b, rank);
            assert_true(slice.begin % 64 == 0 || slice.begin == SIZE);
            for (size_t i = slice.begin; i < slice.end; i++)
                assert_int_equal(seen[i]++, 0);
            total += slice.end - slice.begin;
        }
    assert_int_equal(total, SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nodes_are_split_evenly),
        cmocka_unit_test(very_many_nodes_are_split_in_three),
        cmocka_unit_test(digits_say_who_is_in_a_group),
        cmocka_unit_test(slices_of_stages_are_a_partition),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
