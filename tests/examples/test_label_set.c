#include "lib/unit.h"

#include <string.h>

#include "lambert/examples/label_set.h"

static void check_names(const struct label_set *set, const char *expected)
{
    struct buffer text = {0};
    label_set_print(set, &text);
    assert_string_equal(buffer_text(&text), expected);
    buffer_release(&text);
    for (int i = 0; i < set->count; i++)
        assert_int_equal(label_set_find(set, set->names[i]), i);
}

static void check_collected(const char *const *names, size_t count, const char *expected)
{
    struct label_set set;
    label_set_collect(&set, names, count);
    check_names(&set, expected);
    label_set_release(&set);
}

static void whole_numbers_are_in_the_order_of_values(void **state)
{
    (void)state;
    static const char *const numbers[] = {"10", "2", "-3", "2", "0", "10"};
    static const char *const mixed[] = {"10", "2", "b", "B", "\u00E4", "2"};
    static const char *const same[] = {"1", "01", "1"};
    static const char *const reals[] = {"10", "9", "0.5"};
    static const char *const long_ones[] = {"9999999999999999999", "10"};
    check_collected(numbers, 6, "-3\n0\n2\n10\n");
    check_collected(mixed, 6, "10\n2\nB\nb\n\u00E4\n");
    check_collected(same, 3, "01\n1\n");
    check_collected(reals, 3, "0.5\n10\n9\n");
    check_collected(long_ones, 2, "10\n9999999999999999999\n");
    check_collected(NULL, 0, "");
}

static void a_list_says_the_order(void **state)
{
    (void)state;
    struct error err;
    struct label_set set;
    static const char text[] = "O\r\nB-PER\nI-PER\n\n";
    assert_int_equal(label_set_parse(&set, text, strlen(text), "labels.txt", &err), 0);
    check_names(&set, "O\nB-PER\nI-PER\n");
    assert_int_equal(label_set_find(&set, "B-LOC"), -1);
    assert_int_equal(label_set_find(&set, ""), -1);
    label_set_release(&set);
    assert_int_equal(label_set_parse(&set, "one", 3, "labels.txt", &err), 0);
    check_names(&set, "one\n");
    label_set_release(&set);
    label_set_release(&set);
}

static void check_bad(const char *text, const char *sentence)
{
    struct error err;
    struct label_set set;
    assert_int_equal(label_set_parse(&set, text, strlen(text), "labels.txt", &err), -1);
    assert_string_equal(err.text, sentence);
    assert_int_equal(set.count, 0);
}

static void bad_lists_are_told(void **state)
{
    (void)state;
    check_bad("", "labels.txt has no labels; it is to have one a line");
    check_bad("\n\n", "labels.txt has no labels; it is to have one a line");
    check_bad("a\n\nb\n", "labels.txt:2: an empty line, where each line is a label");
    check_bad("b\na\nb\n", "labels.txt:3: the label b stands on line 1 already");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_are_in_the_order_of_values),
        cmocka_unit_test(a_list_says_the_order),
        cmocka_unit_test(bad_lists_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
