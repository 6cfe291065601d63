#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/message.h"

static size_t make(char *text, size_t room, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const size_t length = message_make(text, room, format, args);
    va_end(args);
    assert_int_equal(strlen(text), length);
    assert_true(length < room);
    return length;
}

static void what_cannot_be_shown_is_written_out(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"plain-1.txt", "plain-1.txt"},
        {"caf\xC3\xA9 \xE6\x97\xA5 \xF0\x9F\x90\xA6", "caf\xC3\xA9 \xE6\x97\xA5 \xF0\x9F\x90\xA6"},
        {"a\x1B[2J\x07", "a\\x1B[2J\\x07"},
        {"a\nerror: b", "a\\x0Aerror: b"},
        {"a\r\tb\x7F", "a\\x0D\\x09b\\x7F"},
        {"a\n  b", "a\n  b"},
        {"a\n ", "a\\x0A "},
        {"a\xC2\x9B"
         "2J",
         "a\\xC2\\x9B2J"}, /* CSI in one character */
        {"a\xE2\x80\xAE"
         "txt",
         "a\\xE2\\x80\\xAEtxt"}, /* right to left from here on */
        {"\xE2\x81\xA6\xE2\x80\xA8", "\\xE2\\x81\\xA6\\xE2\\x80\\xA8"},
        {"\xE2\x80\x9Cx\xE2\x80\x9D", "\xE2\x80\x9Cx\xE2\x80\x9D"}, /* quotes */
        {"\xFF\xC3", "\\xFF\\xC3"},
        {"\xED\xA0\x80\xC0\xAF\xE0\x80\xAF", "\\xED\\xA0\\x80\\xC0\\xAF\\xE0\\x80\\xAF"},
        {"\xF4\x90\x80\x80", "\\xF4\\x90\\x80\\x80"}};
    char text[MESSAGE_LEAST_ROOM], wanted[MESSAGE_LEAST_ROOM];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        make(text, sizeof text, "cannot open %s: %d", names[i][0], 7);
        snprintf(wanted, sizeof wanted, "cannot open %s: 7", names[i][1]);
        assert_string_equal(text, wanted);
        char again[MESSAGE_LEAST_ROOM]; /* what is told on is not written out twice */
        make(again, sizeof again, "%s", text);
        assert_string_equal(again, text);
    }
}

/* Of every length, in every room: whole where there is room, else with both ends, and no character cut. */
static void what_is_long_loses_its_middle(void **state)
{
    (void)state;
    static const char *const units[] = {"x", "\xC3\xA9", "\xE6\x97\xA5", "\x1B", "\xFF"};
    static const size_t shown[] = {1, 2, 3, 4, 4};
    enum { LONGEST = 3 * MESSAGE_LEAST_ROOM };
    char name[3 * LONGEST + 1], text[MESSAGE_LEAST_ROOM + 7];
    for (size_t u = 0; u < sizeof units / sizeof units[0]; u++)
        for (size_t count = 0; count < LONGEST; count++) {
            name[0] = '\0';
            size_t size = 0;
            for (size_t i = 0; i < count; i++, size += strlen(units[u]))
                strcpy(name + size, units[u]);
            const size_t room = MESSAGE_LEAST_ROOM + count % 7;
            const size_t length = make(text, room, "bad %s; move it", name);
            const size_t whole = strlen("bad ; move it") + count * shown[u];
            assert_memory_equal(text, "bad ", 4);
            assert_string_equal(text + length - 9, "; move it");
            if (whole < room)
                assert_int_equal(length, whole);
            else
                assert_non_null(strstr(text, " bytes]... "));
            assert_true(length == whole || length + 64 + LONGEST / 100 > room);
            char again[MESSAGE_LEAST_ROOM + 7]; /* nothing in it is hidden but what was */
            make(again, sizeof again, "%s", text);
            assert_string_equal(again, text);
        }
}

static void fifty_megabytes_are_no_message(void **state)
{
    (void)state;
    enum { SIZE = 50000000 };
    char *name = malloc(SIZE + 1), text[2048];
    assert_non_null(name);
    memset(name, 'n', SIZE);
    name[SIZE] = '\0';
    make(text, sizeof text, "tensor %s has no shape; convert it", name);
    assert_non_null(strstr(text, " bytes]... "));
    assert_non_null(strstr(text, "nn has no shape; convert it"));
    free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_shown_is_written_out),
        cmocka_unit_test(what_is_long_loses_its_middle),
        cmocka_unit_test(fifty_megabytes_are_no_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
