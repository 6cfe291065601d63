#include "examples/files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/examples/example_file.h"

static void check_text(const char *path, const char *expected)
{
    struct error err;
    struct buffer text = {0};
    if (example_file_read(&text, path, &err) < 0)
        fail_msg("%s", err.text);
    assert_string_equal(buffer_text(&text), expected);
    assert_int_equal(text.size, strlen(expected));
    buffer_release(&text);
}

static void plain_and_compressed_files_are_read(void **state)
{
    (void)state;
    check_text(file_of("a.txt", "one\r\n\u00E4\U0001F600\n"), "one\r\n\u00E4\U0001F600\n");
    check_text(file_of("a.txt", "\xEF\xBB\xBFone"), "one");
    check_text(file_of("a.txt", "\xEF\xBB"
                                "\xBF\xEF\xBB\xBFone"),
               "\xEF\xBB\xBFone");
    check_text(gzip_of("a.gz", "\xEF\xBB\xBFone\n"), "one\n");
}

static void check_bad(const char *name, const char *text, size_t size, const char *sentence)
{
    struct error err;
    struct buffer read = {0};
    char *expected = strdup(scratch_path(name)), message[4096];
    snprintf(message, sizeof message, sentence, expected);
    if (text)
        scratch_write(expected, text, size);
    assert_int_equal(example_file_read(&read, expected, &err), -1);
    assert_string_equal(err.text, message);
    buffer_release(&read);
    free(expected);
}

static void what_is_no_text_is_told(void **state)
{
    (void)state;
    check_bad("none", NULL, 0, "cannot open %s: No such file or directory");
    check_bad("empty", "", 0, "%s is empty");
    check_bad("mark", "\xEF\xBB\xBF", 3, "%s is empty");
    check_bad("latin1", "one\ntwo\ncaf\xE9\n", 13,
              "%s:3: byte 0xE9 there is not UTF-8; convert the file first, as in iconv -f latin1 "
              "-t utf-8");
    check_bad("cut", "one\n\xE2\x82", 6,
              "%s:2: byte 0xE2 there is not UTF-8; convert the file first, as in iconv -f latin1 "
              "-t utf-8");
    check_bad("nul", "one\n\0two", 8,
              "%s:2: a byte 0, which text does not have; is this a text file?");
    check_bad("damaged.gz", "\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\x03", 10,
              "the gzip file %s is damaged: its end is missing; fetch or compress it again");
}

static void check_json(const char *text, size_t size, int line, const char *sentence)
{
    struct error err = {.text = ""};
    cJSON *root;
    char *copy = memcpy(malloc(size), text, size); /* so that sanitizers see what reads behind it */
    const int status = example_json_parse(&root, copy, size, "a.json", line, &err);
    assert_int_equal(status, sentence ? -1 : 0);
    assert_true(sentence ? root == NULL : root != NULL);
    assert_string_equal(err.text, sentence ? sentence : "");
    cJSON_Delete(root);
    free(copy);
}

static void json_is_parsed_to_its_end(void **state)
{
    (void)state;
    check_json("{\"a\": [1]} \n\t\n", 14, 1, NULL);
    check_json("[1] x", 3, 1, NULL);
    check_json("[1] x", 5, 1, "a.json:1: this is not JSON from byte 5 of the line on");
    check_json("{\n\"a\": 1,\n\"b\" 2}", 16, 7,
               "a.json:9: this is not JSON from byte 5 of the line on");
    check_json("\"\\\\u0000\"", 9, 1, NULL);
    check_json("\"\\u0000\"", 8, 3,
               "a.json:3: a \\u0000 in it, which text does not have; take it out");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_and_compressed_files_are_read),
        cmocka_unit_test(what_is_no_text_is_told),
        cmocka_unit_test(json_is_parsed_to_its_end),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
