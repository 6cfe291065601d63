#include "lib/unit.h"

#include "lambert/examples/name_index.h"

static void names_are_found(void **state)
{
    (void)state;
    static const char *const names[] = {"pear", "apple", "", "fig", "apple"};
    struct name_index index;
    name_index_init(&index, names, 4);
    for (int i = 0; i < 4; i++)
        assert_int_equal(name_index_find(&index, names[i]), i);
    assert_int_equal(name_index_find(&index, "figs"), -1);
    assert_int_equal(name_index_find(&index, "zebra"), -1);
    assert_int_equal(name_index_repeated(&index), -1);
    name_index_release(&index);
    name_index_init(&index, names, 5);
    assert_int_equal(name_index_find(&index, "apple"), 1);
    assert_int_equal(name_index_repeated(&index), 4);
    name_index_release(&index);
    name_index_init(&index, names, 0);
    assert_int_equal(name_index_find(&index, "fig"), -1);
    assert_int_equal(name_index_repeated(&index), -1);
    name_index_release(&index);
    name_index_release(&index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_are_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
