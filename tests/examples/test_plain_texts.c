#include "examples/files.h"

#include <string.h>

#include "lambert/examples/plain_texts.h"

/* Reads the files at these paths: "line id: text / pair;", or what is wrong. */
static void check(char *const *paths, int count, const char *expected)
{
    struct text_examples set;
    struct input_list files;
    struct error err;
    struct buffer got = {0};
    assert_int_equal(input_list_open(&files, paths, count, NULL, &err), 0);
    if (plain_texts_read(&set, &files, &err) < 0) {
        assert_non_null(strstr(err.text, expected));
    } else {
        assert_false(set.labelled);
        for (int i = 0; i < set.count; i++) {
            const struct text_example *text = &set.at[i];
            buffer_print(&got, "%d %s: %s", text->line, text->id, text->text);
            if (text->pair)
                buffer_print(&got, " / %s", text->pair);
            buffer_print(&got, ";");
        }
        assert_string_equal(buffer_text(&got), expected);
    }
    buffer_release(&got);
    text_examples_release(&set);
    input_list_close(&files);
}

static void lines_are_texts_and_tabs_make_pairs(void **state)
{
    (void)state;
    char *const one = (char *)file_of("one.txt", "a text\n\nfirst\tsecond\r\n\tb\nc\t\nlast");
    char *const two = (char *)gzip_of("two.gz", "more\n");
    check(&one, 1, "1 0: a text;2 1: ;3 2: first / second;4 3:  / b;5 4: c / ;6 5: last;");
    check((char *const[]){two, one}, 2,
          "1 0: more;1 1: a text;2 2: ;3 3: first / second;4 4:  / b;5 5: c / ;6 6: last;");
}

static void what_is_wrong_is_said_with_its_place(void **state)
{
    (void)state;
    char *const good = (char *)file_of("good.txt", "good\n");
    char *const tabs = (char *)file_of("tabs.txt", "good\na\tb\tc\n");
    char *const latin = (char *)file_of("latin.txt", "good\n\xe9t\xe9\n");
    char *const empty = (char *)file_of("empty.txt", "");
    check((char *const[]){good, tabs}, 2, "tabs.txt:2: more than one tab");
    check((char *const[]){good, latin}, 2, "latin.txt:2: byte 0xE9");
    check((char *const[]){good, empty}, 2, "empty.txt is empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_texts_and_tabs_make_pairs),
        cmocka_unit_test(what_is_wrong_is_said_with_its_place),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
