/* Who checks whom is a permutation in every turn, and leads as far away as it can. */
#include "lib/unit.h"

#include <stdbool.h>

#include "lambert/dist/partners.h"

enum { MOST = 24 };

/* Machines with so many ranks each, which are numbered one machine after another; all of one kind. */
struct layout {
    uint64_t kinds[MOST];
    int machines[MOST];
    int ranks;
};

static struct layout layout_of(const int *sizes)
{
    struct layout layout = {0};
    for (int m = 0; sizes[m] > 0; m++)
        for (int i = 0; i < sizes[m]; i++)
            layout.machines[layout.ranks++] = m;
    return layout;
}

static struct partners at(const struct layout *layout, int rank, int64_t turn)
{
    return partners_of(layout->kinds, layout->machines, layout->ranks, rank, turn);
}

/* Ranks that are checked on another machine. */
static int abroad(const struct layout *layout, int64_t turn)
{
    int count = 0;
    for (int r = 0; r < layout->ranks; r++)
        count += layout->machines[at(layout, r, turn).checker] != layout->machines[r];
    return count;
}

static void check_turn(const struct layout *layout, int64_t turn)
{
    bool checks[MOST] = {false};
    for (int r = 0; r < layout->ranks; r++) {
        const struct partners partners = at(layout, r, turn);
        assert_in_range(partners.checker, 0, layout->ranks - 1);
        assert_false(checks[partners.checker]);
        checks[partners.checker] = true;
        assert_int_equal(at(layout, partners.checker, turn).checked, r);
        assert_int_equal(layout->kinds[partners.checker], layout->kinds[r]);
    }
}

static void another_machine_where_there_is_one(void **state)
{
    static const int sizes[][7] = {{1, 1, 0},          {2, 2, 0},         {1, 1, 1, 0},
                                   {2, 1, 1, 0},       {4, 4, 4, 0},      {3, 2, 4, 0},
                                   {4, 4, 4, 4, 4, 4}, {5, 1, 1, 2, 3, 0}};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const struct layout layout = layout_of(sizes[i]);
        for (int64_t turn = 0; turn < 30; turn++) {
            check_turn(&layout, turn);
            assert_int_equal(abroad(&layout, turn), layout.ranks);
        }
    }
}

/* What leaves a machine with more than half of all ranks is what the others have room for. */
static void as_many_as_possible_elsewhere(void **state)
{
    static const int sizes[][4] = {{3, 1, 0}, {5, 1, 1, 0}, {7, 3, 0}};
    static const int others[] = {1, 2, 3};
    (void)state;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const struct layout layout = layout_of(sizes[i]);
        for (int64_t turn = 0; turn < 30; turn++) {
            check_turn(&layout, turn);
            assert_int_equal(abroad(&layout, turn), 2 * others[i]);
        }
    }
}

static void partners_change_from_turn_to_turn(void **state)
{
    const struct layout layout = layout_of((const int[]){2, 2, 2, 2, 0});
    const struct layout one = layout_of((const int[]){4, 0});
    bool met[MOST] = {false}, met_here[MOST] = {false};
    (void)state;
    for (int64_t turn = 0; turn < 8; turn++) {
        met[at(&layout, 0, turn).checker] = true;
        met_here[at(&one, 0, turn).checker] = true;
    }
    for (int r = 0; r < layout.ranks; r++)
        assert_int_equal(met[r], r >= 2 && r <= 6);
    for (int r = 0; r < one.ranks; r++)
        assert_int_equal(met_here[r], r > 0); /* itself never */
}

static void kinds_keep_to_themselves(void **state)
{
    struct layout layout = layout_of((const int[]){2, 2, 2, 2, 0});
    const uint64_t kinds[] = {7, 7, 9, 9, 7, 7, 5, 9};
    (void)state;
    for (int r = 0; r < layout.ranks; r++)
        layout.kinds[r] = kinds[r];
    for (int64_t turn = 0; turn < 12; turn++) {
        check_turn(&layout, turn);
        for (int r = 0; r < layout.ranks; r++)
            if (kinds[r] == 7)
                assert_int_not_equal(layout.machines[at(&layout, r, turn).checker],
                                     layout.machines[r]);
        assert_int_equal(at(&layout, 6, turn).checker, 6); /* the only one of its kind */
    }
}

static void one_rank_checks_itself(void **state)
{
    const struct layout layout = layout_of((const int[]){1, 0});
    (void)state;
    for (int64_t turn = 0; turn < 3; turn++)
        assert_int_equal(at(&layout, 0, turn).checked, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(another_machine_where_there_is_one),
        cmocka_unit_test(as_many_as_possible_elsewhere),
        cmocka_unit_test(partners_change_from_turn_to_turn),
        cmocka_unit_test(kinds_keep_to_themselves),
        cmocka_unit_test(one_rank_checks_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
