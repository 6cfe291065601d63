#include "lib/unit.h"

#include <string.h>

#include "lambert/base/buffer.h"
#include "lambert/text/text_layout.h"
#include "text/input_cut.h"

#define DOC(title)   "<doc id=\"7\" url=\"?curid=7\" title=\"" title "\">\n"
#define OBJECT(text) "{\"text\": \"" text "\"}\n"

/* Of the beginning of a file of which nothing is said, whatever keys it has. */
static enum text_layout text_layout_of(const char *head, size_t size)
{
    enum text_layout layout;
    struct error err;
    text_layout_find(&layout, &(struct text_options){0}, "a", head, size, false, &err);
    return layout;
}

static void the_beginning_as_a_whole_tells_the_layout(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum text_layout layout;
    } cases[] = {
        {"", LAYOUT_PLAIN},
        {"\n \n", LAYOUT_PLAIN},
        {"\xEF\xBB\xBF\n" DOC("A"), LAYOUT_WIKI},
        {"<?xml version=\"1.0\"?>\n<root>\n" DOC("A"), LAYOUT_WIKI},
        {"x\n" DOC("A"), LAYOUT_PLAIN},
        {"x\n" DOC("A") "</doc>\n" DOC("B"), LAYOUT_WIKI},
        {"{\"text\": \"cut off in the mid", LAYOUT_JSON},
        {OBJECT("x"), LAYOUT_JSON},
        {"{\"text\": null}\n" OBJECT("x"), LAYOUT_JSON},
        {"\n\n" OBJECT("x"), LAYOUT_JSON},
        {"# of a log\n" OBJECT("x") OBJECT("y"), LAYOUT_JSON},
        {"{\"text\": \"dam\n" OBJECT("x") OBJECT("y"), LAYOUT_JSON},
        {"{\"text\": \"x\"}{\"text\": \"y\"}", LAYOUT_JSON_VALUES}, /* no line seems to end */
        {"{\n  \"text\": \"x\"\n}\n", LAYOUT_JSON_VALUES},
        {"{\"id\": 1,\n \"text\": \"cut off in the mid", LAYOUT_JSON_VALUES},
        {"[{\"text\": \"x\"}]", LAYOUT_JSON_VALUES},
        {"[\n" OBJECT("x"), LAYOUT_JSON_VALUES},
        {"\xEF\xBB\xBF[\n  {\n    \"text\": \"x", LAYOUT_JSON_VALUES},
        {"{\n  \"spans\": [\n    {\"a\": 1}\n  ],\n  \"text\": \"x\"\n}\n", LAYOUT_JSON_VALUES},
        {"{ is how it begins\n", LAYOUT_PLAIN},
        {"[1] A reference.\n", LAYOUT_PLAIN},
        {"[ {so} it goes", LAYOUT_PLAIN},
        {"\"Yes\", he said.\n", LAYOUT_PLAIN},
        {"[\"one\", \"two\"]", LAYOUT_JSON_TEXTS},
        {"\n[\n \"one\",\n \"cut off in the mid", LAYOUT_JSON_TEXTS},
        {"[\"cut off in the mid", LAYOUT_JSON_TEXTS},
        {"[[\"one\"], [\"two\"]]", LAYOUT_JSON_TEXTS},
        {"[\"one\", \"t \"w\" o\", \"three\"]", LAYOUT_JSON_TEXTS},
        {"[\"Yes\", he said.]\n", LAYOUT_PLAIN},
        {"[\"Yes\", \"no\"] were the answers.\n", LAYOUT_PLAIN},
        {"\"one\", \"two\"\n", LAYOUT_PLAIN},
        {"Of JSON:\n\nmore\n" OBJECT("x") "and so on\n", LAYOUT_PLAIN}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (text_layout_of(cases[i].text, strlen(cases[i].text)) != cases[i].layout)
            fail_msg("case %zu: %s", i, cases[i].text);
    assert_true(text_layout_sequential(LAYOUT_JSON_VALUES));
    assert_false(text_layout_sequential(LAYOUT_JSON));
}

/* What Python's print() makes of a dict is no JSON, and says how to make some of it. */
static void objects_of_python_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool refused;
    } cases[] = {{"{'text': 'one', 'id': 1}\n{'text': 'two'}\n", true},
                 {"\uFEFF\n[{'text': \"it's\", 'n': None}]", true},
                 {"{ 'text': 'cut off in the mid", true},
                 {"[{'text': 'one',\n  'n': 1},\n {'text': 'two'}]\n", true},
                 {"# a log\n{'text': 'one'}\n{'text': 'two'}\n", true},
                 {"Of Python:\n{'text': 'one'}\nis an object\n", false},
                 {"{'tis the season}\n", false},
                 {"{so: 'it goes'}\n", false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum text_layout layout;
        struct error err;
        const int status = text_layout_find(&layout, &(struct text_options){0}, "a.txt",
                                            cases[i].text, strlen(cases[i].text), true, &err);
        if (status != (cases[i].refused ? -1 : 0))
            fail_msg("case %zu: %s", i, cases[i].text);
        if (status < 0)
            assert_non_null(strstr(err.text, "a.txt has objects as Python prints them"));
    }
}

static void a_document_is_seen_to_begin(void **state)
{
    (void)state;
    static const char plain[] = "one\n\n  \n two\nthree\n\nfour";
    assert_int_equal(text_document_start(LAYOUT_PLAIN, plain, sizeof plain - 1, 0, true), 0);
    assert_int_equal(text_document_start(LAYOUT_PLAIN, plain, sizeof plain - 1, 1, true), 8);
    assert_int_equal(text_document_start(LAYOUT_PLAIN, plain, sizeof plain - 1, 5, true), 8);
    assert_int_equal(text_document_start(LAYOUT_PLAIN, plain, sizeof plain - 1, 8, true), 20);
    assert_int_equal(text_document_start(LAYOUT_PLAIN, plain, sizeof plain - 1, 21, true),
                     sizeof plain - 1);
    assert_int_equal(text_document_start(LAYOUT_LINES, plain, sizeof plain - 1, 9, true), 13);
    assert_int_equal(text_document_start(LAYOUT_FILE, plain, sizeof plain - 1, 9, true),
                     sizeof plain - 1);
    static const char wiki[] = "x\n" DOC("A") "y\n\nz\n</doc>\n" DOC("B");
    size_t first = 2, second = (size_t)(strstr(wiki, "\"B\"") - wiki) -
                               strlen("<doc id=\"7\" url=\"?curid=7\" title=");
    assert_int_equal(text_document_start(LAYOUT_WIKI, wiki, sizeof wiki - 1, 1, true), first);
    assert_int_equal(text_document_start(LAYOUT_WIKI, wiki, sizeof wiki - 1, 3, true), second);
    static const char crlf[] = "x\n<doc id=\"7\" title=\"A\">\r\ny\r\n";
    assert_int_equal(text_document_start(LAYOUT_WIKI, crlf, sizeof crlf - 1, 1, true), 2);
    static const char json[] = "{}\n\n{}\n";
    assert_int_equal(text_document_start(LAYOUT_JSON, json, sizeof json - 1, 1, true), 4);
    static const char cr[] = "one\r\rtwo\r\nthree\r\r\nfour";
    assert_int_equal(text_document_start(LAYOUT_PLAIN, cr, sizeof cr - 1, 1, true), 5);
    assert_int_equal(text_document_start(LAYOUT_LINES, cr, sizeof cr - 1, 6, true), 10);
    assert_int_equal(text_document_start(LAYOUT_LINES, cr, sizeof cr - 1, 9, true),
                     10); /* between \r and \n */
    assert_int_equal(text_document_start(LAYOUT_LINES, cr, sizeof cr - 1, 16, true), 18);
}

/* A plain document may be cut anywhere; of JSON what has no cut goes on. */
static void json_is_cut_between_objects(void **state)
{
    (void)state;
    static const char lines[] = OBJECT("one two") OBJECT("three");
    static const char values[] = "[{\"text\": \"one {two}\"},\n {\"text\":\n\"three\"}]";
    const size_t second = sizeof OBJECT("one two") - 1;
    struct input_cut cut = input_cut_find(LAYOUT_JSON, lines, sizeof lines - 1, 5, true);
    assert_int_equal(cut.place, second);
    assert_true(cut.at_document && !cut.beyond);
    cut = input_cut_find(LAYOUT_JSON, lines, sizeof lines - 1, second + 1, true);
    assert_true(cut.place == sizeof lines - 1 && cut.beyond);
    cut = input_cut_find(LAYOUT_JSON_VALUES, values, sizeof values - 1, 5, true);
    assert_int_equal(cut.place, strlen("[{\"text\": \"one {two}\"}"));
    assert_true(cut.at_document && !cut.beyond);
    cut = input_cut_find(LAYOUT_JSON_VALUES, values, sizeof values - 3, 30, false);
    assert_true(cut.place == sizeof values - 3 && cut.beyond);
    cut = input_cut_find(LAYOUT_PLAIN, lines, sizeof lines - 1, 5, true);
    assert_false(cut.at_document || cut.beyond);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_beginning_as_a_whole_tells_the_layout),
        cmocka_unit_test(objects_of_python_are_refused),
        cmocka_unit_test(a_document_is_seen_to_begin),
        cmocka_unit_test(json_is_cut_between_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
