#include "lib/unit.h"

#include <string.h>

#include "lambert/score/confusion.h"

static void rows_are_right_and_columns_said(void **state)
{
    (void)state;
    static const char list[] = "no\nn\u00E4h\nperhaps\n";
    static const int32_t gold[] = {0, 0, 1, 2, 2, 2}, said[] = {0, 2, 1, 2, 0, 2};
    static const uint64_t expected[] = {1, 0, 1, 0, 1, 0, 1, 0, 2};
    uint64_t counts[9];
    struct label_set labels;
    struct error err;
    struct buffer text = {0};
    assert_int_equal(label_set_parse(&labels, list, strlen(list), "labels", &err), 0);
    confusion_count(gold, said, 6, 3, counts);
    assert_memory_equal(counts, expected, sizeof expected);
    counts[3] = 1234567890;
    confusion_print(counts, &labels, &text);
    assert_string_equal(buffer_text(&text),
                        "right \\ said          no         n\u00E4h     perhaps\n"
                        "          no           1           0           1\n"
                        "         n\u00E4h  1234567890           1           0\n"
                        "     perhaps           1           0           2\n");
    buffer_release(&text);
    label_set_release(&labels);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows_are_right_and_columns_said)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
