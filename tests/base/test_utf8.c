#include "lambert/base/utf8.h"

#include <stdlib.h>
#include <string.h>

#include "lib/unit.h"

#define NONE "\xEF\xBF\xBD"

static void characters_have_one_to_four_bytes(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size, bytes;
    } cases[] = {
        {"a", 1, 1},
        {"\0", 1, 1},
        {"\x7F", 1, 1},
        {"\xC3\xA9", 2, 2},
        {"\xE6\x97\xA5", 3, 3},
        {"\xF0\x9F\x90\xA6", 4, 4},
        {"\xF4\x8F\xBF\xBF", 4, 4},
        {"\xC3\xA9", 1, 0}, /* ends too early */
        {"\xE6\x97\xA5", 2, 0},
        {"\x80", 1, 0},     /* begins in the middle */
        {"\xC1\xBF", 2, 0}, /* longer than need be */
        {"\xE0\x9F\xBF", 3, 0},
        {"\xF0\x8F\xBF\xBF", 4, 0},
        {"\xED\xA0\x80", 3, 0},     /* half a surrogate */
        {"\xF4\x90\x80\x80", 4, 0}, /* beyond U+10FFFF */
        {"\xC3"
         "a",
         2, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(utf8_character(cases[i].text, cases[i].size), cases[i].bytes);
}

static void what_is_not_utf8_is_replaced(void **state)
{
    (void)state;
    static const char *const cases[][2] = {
        {"", ""},
        {"caf\xC3\xA9", "caf\xC3\xA9"},
        {"caf\xE9/x", "caf" NONE "/x"},
        {"\xED\xA0\x80", NONE NONE NONE},
        {"a\xF0\x9F\x90", "a" NONE NONE NONE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *copy = utf8_copy(cases[i][0]);
        assert_string_equal(copy, cases[i][1]);
        free(copy);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(characters_have_one_to_four_bytes),
                                       cmocka_unit_test(what_is_not_utf8_is_replaced)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
