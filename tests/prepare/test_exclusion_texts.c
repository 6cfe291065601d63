#include "lib/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "lambert/base/memory.h"
#include "lambert/text/input_look.h"
#include "prepare/exclusion_texts.h"

static void put_text(void *context, const char *text, size_t size)
{
    buffer_print(context, "<%.*s>", (int)size, text);
}

/* As exclusion.c reads it. */
static int read_set(const char *path, struct buffer *found, struct error *err)
{
    static const struct text_options options = {.every_string = true};
    char *const inputs[] = {(char *)path};
    struct input_list list;
    if (input_list_open(&list, inputs, 1, NULL, err) < 0)
        return -1;
    int status = input_look(&list, &options, err);
    if (status == 0)
        status = exclusion_texts_read(&list.files[0], &options, put_text, found, err);
    input_list_close(&list);
    return status;
}

/* What the file's texts are, each in angle brackets; or what is said instead. */
static void assert_texts(const char *content, const char *texts)
{
    struct buffer found = {0};
    struct error err;
    const char *path = scratch_path("set");
    scratch_write(path, content, strlen(content));
    if (read_set(path, &found, &err) < 0)
        assert_non_null(strstr(err.text, texts));
    else
        assert_string_equal(buffer_text(&found), texts);
    buffer_release(&found);
}

static void lines_are_documents_or_fields(void **state)
{
    (void)state;
    assert_texts("", "");
    assert_texts("\n \n", "");
    assert_texts("one two\n three \r\n\n\nfour", "<one two\nthree\n><four\n>");
    assert_texts("\xEF\xBB\xBFone\n", "<one\n>");
    assert_texts("a\tb c\t\td\ne\n f\tg\n", "<a><b c><d><e\n><f><g>");
    assert_texts("\"a, b\",\"c\"\"d\"\n1,2\n", "<\"a, b\",\"c\"\"d\"\n1,2\n>");
}

/* A word a line, as for tagging: the columns are read downwards, whichever holds the words. */
static void columns_of_words_are_sentences(void **state)
{
    (void)state;
    assert_texts("a\tX\nb\tY\nc\tX\n\nd\tX\n", "<a><X><b><Y><c><X><a b c ><X Y X ><d><X>");
    assert_texts("# text = a b\n1\ta\tX\n2\tb\tY\n",
                 "<# text = a b\n><1><a><X><2><b><Y><1 2 ><a b ><X Y >");
    assert_texts("a X\nb Y\n", "<a X\nb Y\n><a b ><X Y >");
    assert_texts("a X\nb Y Z\n", "<a X\nb Y Z\n>");
    assert_texts("a\tb c\nd\te\n", "<a><b c><d><e>");
}

static void every_string_of_json_is_a_text(void **state)
{
    (void)state;
    assert_texts("{\"a\": \"b\"}", "<b>");
    assert_texts("  {\"a\": {\"b\": [\"c\", 1, [\"d\"], null]}, \"e\": true}\n", "<c><d>");
    assert_texts("{\"a\": \"b\"}\n{\"a\": \"c\\nd\"}\n\n{\"e\": \"f\"}", "<b><c\nd><f>");
    assert_texts("[\"a\", {\"b\": \"c\"}]", "<a><c>");
    assert_texts("[]\n{}\n", "");
    assert_texts("\xEF\xBB\xBF[[\"a\"]]", "<a>");
    assert_texts("{\n \"a\":\n \"\\u00e4\"\n}\n", "<\xC3\xA4>");
}

static void what_only_begins_like_json_is_text(void **state)
{
    (void)state;
    assert_texts("[7] A note\n", "<[7] A note\n>");
    assert_texts("{A set} of\n", "<{A set} of\n>");
    assert_texts("{\"a\": \"b\"}\n\n{\"a\": \"c\n", "line 3");
}

/* What people's JSON has beyond the standard hides no text; what is damaged is not passed over. */
static void json_is_read_as_the_inputs_is(void **state)
{
    (void)state;
    assert_texts("{\"n\": NaN, \"a\": \"b\"}\n{\"a\": \"c\"}\n", "<b><c>");
    assert_texts("{\"a\": \"b\\ud83d c\", \"d\": \"e\\u0000\"}\n", "<b\uFFFD c><e\uFFFD>");
    assert_texts("[\"a\", [[\"b\"], {\"c\": [\"d\", 1]}], \"e\"]", "<a><b><d><e>");
    assert_texts("{\"a\": \"b\", \"a\": \"c\"}", "<b><c>");
    assert_texts("{\"a\": \"b\"}{\"a\": \"c\"}", "<b><c>");
    assert_texts("{\"a\": [\n{\"b\": \"c\"},\n{\"d\": e}\n]}", "what begins in line 1 is none");
    assert_texts("[{\"a\": \"b\"},\n{\"a\": \"c\"", "what begins in line 2 is none");
    assert_texts("{'a': 'b'}\n", "as Python prints them");
    static const char *const others[] = {"null", "12", "-1.5e3", "true", "NaN", "[]", "[1, null]"};
    for (size_t o = 0; o < sizeof others / sizeof others[0]; o++) {
        char lines[128];
        snprintf(lines, sizeof lines,
                 "{\"a\": \"b\"}\n%s\r\n{\"a\": \"c\"}\n%s\n{\"a\": \"d\"}\n%s", others[o],
                 others[o], others[o]);
        assert_texts(lines, "<b><c><d>");
    }
    assert_texts("{\"a\": \"b\"}\nnone\n{\"a\": \"c\"}\n", "what begins in line 2 is none");
    assert_texts("{\"a\": \"b\"}\n{\"a\": \"c\"}\n{\"a\": 1", "what begins in line 3 is none");
}

static void what_is_no_text_is_refused(void **state)
{
    (void)state;
    struct buffer long_text = {0};
    assert_texts("PAR1\x15\x04\x15\x10", "Parquet");
    assert_texts("\xD1\xF2\xE0\xF0\xFB\xE9 \xE4\xEE\xEC \xF3 \xF0\xE5\xEA\xE8.\n",
                 "is not in UTF-8");
    for (int i = 0; i < 10000; i++)
        buffer_print(&long_text, "%s",
                     i < 8000 ? "ten bytes\n" : "\xE4\xEE\xEC\xE0 \xE4\xEE\xEC\xE0\n");
    assert_texts(buffer_text(&long_text), "is not in UTF-8");
    buffer_release(&long_text);
    assert_texts("<doc id=\"1\" title=\"T\">\nT\n\na &amp; b\n</doc>\n", "<a & b\n>");
}

static void a_compressed_file_is_read(void **state)
{
    (void)state;
    struct buffer found = {0};
    struct error err;
    const char *path = scratch_path("set.gz");
    gzFile file = gzopen(path, "wb");
    assert_non_null(file);
    for (int i = 0; i < 300000; i++)
        assert_true(gzputs(file, i % 100 ? "the words\n" + (i % 2 ? 0 : 4) : "\n") > 0);
    assert_int_equal(gzclose(file), Z_OK);
    assert_int_equal(read_set(path, &found, &err), 0);
    assert_int_equal(found.size, 150000 * 10 + 147000 * 6 + 3000 * 2);
    assert_int_equal(read_set(scratch_path("none"), &found, &err), -1);
    assert_non_null(strstr(err.text, "none"));
    buffer_release(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_documents_or_fields),
        cmocka_unit_test(columns_of_words_are_sentences),
        cmocka_unit_test(every_string_of_json_is_a_text),
        cmocka_unit_test(what_only_begins_like_json_is_text),
        cmocka_unit_test(json_is_read_as_the_inputs_is),
        cmocka_unit_test(what_is_no_text_is_refused),
        cmocka_unit_test(a_compressed_file_is_read),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
