#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/text/document_reader.h"

/* Documents as "title:line|line|;" one behind the other. The text is copied to its exact size, so
 * that a reader that goes beyond it is seen by the sanitizers. */
static void check_text(const char *text, size_t size, const char *expected)
{
    struct document_reader reader;
    struct document document;
    struct buffer got = {0};
    char *copy = memory_new(size + 1, 1);
    memcpy(copy, text, size);
    copy = memory_resize(copy, size ? size : 1, 1);
    document_init(&document);
    document_reader_init(&reader, text_layout_of(copy, size), copy, size);
    while (document_reader_next(&reader, &document)) {
        const char *line;
        size_t length, cursor = 0;
        buffer_print(&got, "%.*s:", (int)document.title.size,
                     document.title.size ? (char *)document.title.data : "");
        while (document_line(&document, &cursor, &line, &length))
            buffer_print(&got, "%.*s|", (int)length, line);
        buffer_print(&got, ";");
    }
    assert_false(document_reader_next(&reader, &document)); /* and stays there */
    assert_string_equal(buffer_text(&got), expected);
    buffer_release(&got);
    document_release(&document);
    document_reader_release(&reader);
    free(copy);
}

static void check(const char *text, const char *expected)
{
    check_text(text, strlen(text), expected);
}

static void plain_text(void **state)
{
    (void)state;
    check("", "");
    check("\n \n\t\n", "");
    check("one", ":one|;");
    check("one\ntwo\n\nthree\n", ":one|two|;:three|;");
    check("\n\n one \t\n\n\n\n\ttwo\n\n\n", ":one|;:two|;");
    check("one\r\n two\r\n\r\nthree\r\n", ":one|two|;:three|;");
    check("\u00A0one\u3000\n\u2003\ntwo\n", ":one|;:two|;"); /* Unicode's white space */
    check("\xFF\xFE\n", ":\xFF\xFE|;");                      /* bytes are left alone */
}

static void plain_text_has_no_markup(void **state)
{
    (void)state;
    check("Text\n<doc id=\"1\" title=\"T\">\n</doc>\nmore",
          ":Text|<doc id=\"1\" title=\"T\">|</doc>|more|;");
    check("<doc\nx", ":<doc|x|;");
    check("<doc id=\"1\">\nx", ":<doc id=\"1\">|x|;");
    check("<doc id=\"1\" title=\"T\"> is how it begins\nx",
          ":<doc id=\"1\" title=\"T\"> is how it begins|x|;");
    check("<document id=\"1\" title=\"T\">\nx", ":<document id=\"1\" title=\"T\">|x|;");
    check("<doc id=\"1\" title=\">\nx", ":<doc id=\"1\" title=\">|x|;");
}

#define DOC(title) "<doc id=\"7\" url=\"?curid=7\" title=\"" title "\">\n"

static void wiki_extractor(void **state)
{
    (void)state;
    check(DOC("Anarchism") "Anarchism\n\nFirst.\nHeading.\n\nSecond.\n\n</doc>\n" DOC(
              "Empty") "Empty\n\n\n</doc>\n" DOC("Last") "Last\n\nText.\n</doc>\n",
          "Anarchism:First.|Heading.|Second.|;Empty:;Last:Text.|;");
    check("\r\n" DOC("A") "A\r\n\r\nText.\r\n</doc>\r\n", "A:Text.|;");
    check("<doc id=\"1\" revid=\"2\" url=\"u\" title=\"A\">\nA\nText.\n</doc>", "A:Text.|;");
}

static void wiki_titles(void **state)
{
    (void)state;
    /* Escaped in both places, or in the attribute only. */
    check(DOC("A &amp; &quot;B&quot; &lt;i&gt;") "A &amp; &quot;B&quot; &lt;i&gt;\nText.\n</doc>\n",
          "A & \"B\" <i>:Text.|;");
    check(DOC("A &amp; B") "A & B\nText.\n</doc>\n", "A & B:Text.|;");
    check(DOC("\"Heroes\" (album)") "\"Heroes\" (album)\nText.\n</doc>\n",
          "\"Heroes\" (album):Text.|;");
    check(DOC("&amp;lt;") "x\n</doc>\n", "&lt;:x|;"); /* unescaped once */
    /* What does not repeat the title is text; so is the title further down. */
    check(DOC("A") "Text.\nA\n</doc>\n", "A:Text.|A|;");
    check(DOC("A") "\n\nA\nA\n</doc>\n", "A:A|;");
    check(DOC("") "Text.\n</doc>\n", ":Text.|;");
}

static void wiki_blemishes(void **state)
{
    (void)state;
    /* No </doc> before the next <doc>, nor at the end of the file. */
    check(DOC("A") "A\nOne.\n" DOC("B") "B\nTwo.\n", "A:One.|;B:Two.|;");
    check(DOC("A") DOC("B") "B\nTwo.", "A:;B:Two.|;");
    check(DOC("A"), "A:;");
    /* A </doc> too many. */
    check(DOC("A") "A\nOne.\n</doc>\n</doc>\n\n</doc>\n" DOC("B") "B\n</doc>\n", "A:One.|;B:;");
    /* Text between documents. */
    check(DOC("A") "A\nOne.\n</doc>\nfree\ntext\n\nmore\n" DOC("B") "B\nTwo.\n</doc>\nend",
          "A:One.|;:free|text|;:more|;B:Two.|;:end|;");
    /* Markup in an article's text is text. */
    check(DOC("A") "A\n<doc>\n<doc id=\"3\">\nx </doc>\n</doc> x\n</doc>\n",
          "A:<doc>|<doc id=\"3\">|x </doc>|</doc> x|;");
}

static uint64_t count_not_closed(const char *text)
{
    struct document_reader reader;
    struct document document;
    document_init(&document);
    document_reader_init(&reader, LAYOUT_WIKI, text, strlen(text));
    while (document_reader_next(&reader, &document))
        ;
    uint64_t count = reader.not_closed;
    document_release(&document);
    document_reader_release(&reader);
    return count;
}

static void documents_without_an_end_are_counted(void **state)
{
    (void)state;
    assert_int_equal(count_not_closed(DOC("A") "x\n</doc>\n" DOC("B") "y\n</doc>\n"), 0);
    assert_int_equal(count_not_closed(DOC("A") "x\n" DOC("B") "y\n</doc>\n"), 1);
    assert_int_equal(count_not_closed(DOC("A") "x\n" DOC("B") "y\n"), 2);
}

static void json_lines(void **state)
{
    (void)state;
    check("{\"id\": \"1\", \"title\": \"A\", \"text\": \"A\\n\\nOne.\\nTwo \\u00e9.\\n\"}\n"
          "\n"
          "{\"text\": \"free\", \"meta\": {\"text\": 1}}\r\n"
          "{\"title\": \"Empty\", \"text\": \"\"}\n"
          "{\"text\": \"no NUL: \\\\u0000\"}",
          "A:One.|Two \u00e9.|;:free|;Empty:;:no NUL: \\u0000|;");
    check("{ is how this plain text begins\n", ":{ is how this plain text begins|;");
    check("{\"no\": \"such key\"}\n", ":{\"no\": \"such key\"}|;");
}

static void damaged_json_is_counted(void **state)
{
    (void)state;
    static const char text[] = "{\"title\": \"A\", \"text\": \"one\"}\n"
                               "{\"title\": \"B\", \"text\": 3}\n"
                               "{\"title\": \"C\", \"te\n"
                               "[1]\n"
                               "{\"text\": \"glued\"} {\"text\": \"to it\"}\n"
                               "{\"text\": \"cut \\u0000 off\"}\n"
                               "{\"text\": \"two\"}\n";
    struct document_reader reader;
    struct document document;
    document_init(&document);
    document_reader_init(&reader, LAYOUT_JSON, text, sizeof text - 1);
    assert_true(document_reader_next(&reader, &document));
    assert_string_equal(buffer_text(&document.text), "one\n");
    assert_true(document_reader_next(&reader, &document));
    assert_string_equal(buffer_text(&document.text), "two\n");
    assert_int_equal(document.title.size, 0);
    assert_false(document_reader_next(&reader, &document));
    assert_int_equal(reader.damaged, 5);
    document_release(&document);
    document_reader_release(&reader);
}

static void layouts_are_told_by_the_first_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum text_layout layout;
    } cases[] = {{"", LAYOUT_PLAIN},
                 {"\n \n", LAYOUT_PLAIN},
                 {"\xEF\xBB\xBF\n" DOC("A"), LAYOUT_WIKI},
                 {"x\n" DOC("A"), LAYOUT_PLAIN},
                 {"{\"text\": \"cut off in the mid", LAYOUT_JSON},
                 {"{\"text\": \"x\"}\n", LAYOUT_JSON},
                 {"{\"text\": \"x\"\n", LAYOUT_PLAIN}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_int_equal(text_layout_of(cases[i].text, strlen(cases[i].text)), cases[i].layout);
}

static void a_document_is_seen_to_begin(void **state)
{
    (void)state;
    static const char plain[] = "one\n\n  \n two\nthree\n\nfour";
    assert_int_equal(text_document_start(LAYOUT_PLAIN, plain, sizeof plain - 1, 0), 0);
    assert_int_equal(text_document_start(LAYOUT_PLAIN, plain, sizeof plain - 1, 1), 8);
    assert_int_equal(text_document_start(LAYOUT_PLAIN, plain, sizeof plain - 1, 5), 8);
    assert_int_equal(text_document_start(LAYOUT_PLAIN, plain, sizeof plain - 1, 8), 20);
    assert_int_equal(text_document_start(LAYOUT_PLAIN, plain, sizeof plain - 1, 21),
                     sizeof plain - 1);
    static const char wiki[] = "x\n" DOC("A") "y\n\nz\n</doc>\n" DOC("B");
    size_t first = 2, second = (size_t)(strstr(wiki, "\"B\"") - wiki) -
                               strlen("<doc id=\"7\" url=\"?curid=7\" title=");
    assert_int_equal(text_document_start(LAYOUT_WIKI, wiki, sizeof wiki - 1, 1), first);
    assert_int_equal(text_document_start(LAYOUT_WIKI, wiki, sizeof wiki - 1, 3), second);
    static const char crlf[] = "x\n<doc id=\"7\" title=\"A\">\r\ny\r\n";
    assert_int_equal(text_document_start(LAYOUT_WIKI, crlf, sizeof crlf - 1, 1), 2);
    static const char json[] = "{}\n\n{}\n";
    assert_int_equal(text_document_start(LAYOUT_JSON, json, sizeof json - 1, 1), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text),
        cmocka_unit_test(plain_text_has_no_markup),
        cmocka_unit_test(wiki_extractor),
        cmocka_unit_test(wiki_titles),
        cmocka_unit_test(wiki_blemishes),
        cmocka_unit_test(documents_without_an_end_are_counted),
        cmocka_unit_test(json_lines),
        cmocka_unit_test(damaged_json_is_counted),
        cmocka_unit_test(layouts_are_told_by_the_first_line),
        cmocka_unit_test(a_document_is_seen_to_begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
