/* How texts begin and end, and their newlines. */
#include "lambert/base/strings.h"

#include <stdlib.h>

#include "lib/unit.h"

static void a_text_begins_and_ends(void **state)
{
    (void)state;
    assert_true(string_begins_with("bert.pooler", "bert."));
    assert_true(string_begins_with("bert.", "bert."));
    assert_true(string_begins_with("bert", ""));
    assert_false(string_begins_with("ber", "bert"));
    assert_false(string_begins_with("a bert", "bert"));
    assert_true(string_ends_with("model.index", ".index"));
    assert_true(string_ends_with(".index", ".index"));
    assert_true(string_ends_with("", ""));
    assert_false(string_ends_with("index", ".index"));
    assert_false(string_ends_with("model.index.new", ".index"));
}

static void newlines_are_counted(void **state)
{
    (void)state;
    static const char text[] = "\none\n\ntwo\0\nthree";
    assert_int_equal(count_newlines(text, sizeof text - 1), 4);
    assert_int_equal(count_newlines(text, 1), 1);
    assert_int_equal(count_newlines(text + 1, 3), 0);
    assert_int_equal(count_newlines(text, 0), 0);
    assert_int_equal(count_newlines(NULL, 0), 0);
}

static void a_word_of_a_shell(void **state)
{
    (void)state;
    static const char *const pairs[][2] = {
        {"", "''"},
        {"bert.ckpt", "'bert.ckpt'"},
        {"my models/$HOME \"x\" `id`;*", "'my models/$HOME \"x\" `id`;*'"},
        {"it's", "'it'\\''s'"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char *word = shell_word(pairs[i][0]);
        assert_string_equal(word, pairs[i][1]);
        free(word);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_begins_and_ends),
        cmocka_unit_test(newlines_are_counted),
        cmocka_unit_test(a_word_of_a_shell),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
