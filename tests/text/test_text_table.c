#include "lib/unit.h"

#include <stdio.h>
#include <string.h>

#include "text/text_table.h"

static void numbers_strings_in_order_and_finds_them(void **state)
{
    (void)state;
    enum { COUNT = 20000 }; /* several doublings */
    struct text_table table;
    char text[32];
    text_table_init(&table);
    for (uint32_t i = 0; i < COUNT; i++) {
        int size = snprintf(text, sizeof text, "w%u", i * 7);
        assert_int_equal(text_table_find(&table, text, (size_t)size), TEXT_TABLE_NONE);
        assert_int_equal(text_table_add(&table, text, (size_t)size), i);
        assert_int_equal(text_table_add(&table, text, (size_t)size), i);
    }
    assert_int_equal(table.count, COUNT);
    for (uint32_t i = 0; i < COUNT; i++) {
        size_t held;
        int size = snprintf(text, sizeof text, "w%u", i * 7);
        assert_int_equal(text_table_find(&table, text, (size_t)size), i);
        assert_string_equal(text_table_text(&table, i, &held), text);
        assert_int_equal(held, size);
    }
    text_table_release(&table);
}

static void holds_any_bytes(void **state)
{
    (void)state;
    struct text_table table;
    text_table_init(&table);
    assert_int_equal(text_table_add(&table, "", 0), 0);
    assert_int_equal(text_table_add(&table, "\0", 1), 1);
    assert_int_equal(text_table_add(&table, "\0\0", 2), 2);
    assert_int_equal(text_table_find(&table, "", 0), 0);
    assert_int_equal(text_table_find(&table, "\0\0", 2), 2);
    assert_int_equal(text_table_find(&table, "\0\0\0", 3), TEXT_TABLE_NONE);
    text_table_release(&table);
}

static void compares_by_bytes(void **state)
{
    (void)state;
    struct text_table table;
    text_table_init(&table);
    static const char *const ascending[] = {"", "#", "a", "aa", "ab", "b", "é", "中", "𠀀"};
    for (int i = 8; i >= 0; i--)
        text_table_add(&table, ascending[i], strlen(ascending[i]));
    for (uint32_t a = 0; a < 9; a++)
        for (uint32_t b = 0; b < 9; b++) {
            int order = text_table_compare(&table, 8 - a, 8 - b);
            assert_int_equal((order > 0) - (order < 0), (a > b) - (a < b));
        }
    text_table_release(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_strings_in_order_and_finds_them),
        cmocka_unit_test(holds_any_bytes),
        cmocka_unit_test(compares_by_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
