#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/text/document_reader.h"

static const struct text_options plainly = {0};

/* Documents as "title:line|line|;" one behind the other. The text is copied to its exact size, so
 * that a reader that goes beyond it is seen by the sanitizers. */
static void check_layout(enum text_layout layout, const struct text_options *options,
                         const char *text, size_t size, const char *expected)
{
    struct document_reader reader;
    struct document document;
    struct buffer got = {0};
    char *copy = memory_new(size + 1, 1);
    memcpy(copy, text, size);
    copy = memory_resize(copy, size ? size : 1, 1);
    document_init(&document);
    document_reader_init(&reader, layout, options, copy, size);
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

/* Of the beginning of a file of which nothing is said, whatever keys it has. */
static enum text_layout text_layout_of(const char *head, size_t size)
{
    enum text_layout layout;
    struct error err;
    text_layout_find(&layout, &(struct text_options){0}, "a", head, size, false, &err);
    return layout;
}

static void check(const char *text, const char *expected)
{
    check_layout(text_layout_of(text, strlen(text)), &plainly, text, strlen(text), expected);
}

/* The layout is the one that the options ask for. */
static void check_with(const struct text_options *options, const char *text, const char *expected)
{
    enum text_layout layout;
    struct error err;
    assert_int_equal(text_layout_find(&layout, options, "a.txt", text, strlen(text), true, &err),
                     0);
    check_layout(layout, options, text, strlen(text), expected);
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
    check("<docid=\"1\">\nx", ":<docid=\"1\">|x|;");
    check("<doc id=\"1\" title=\"T\"> is how it begins\nx",
          ":<doc id=\"1\" title=\"T\"> is how it begins|x|;");
    check("<document id=\"1\" title=\"T\">\nx", ":<document id=\"1\" title=\"T\">|x|;");
    check("AT&amp;T\n", ":AT&amp;T|;");
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
    check(DOC("A") "A\n<docs>\n<doc id=\"3\"> x\nx </doc>\n</doc> x\n</doc>\n",
          "A:<docs>|<doc id=\"3\"> x|x </doc>|</doc> x|;");
}

static uint64_t count_not_closed(const char *text)
{
    struct document_reader reader;
    struct document document;
    document_init(&document);
    document_reader_init(&reader, LAYOUT_WIKI, &plainly, text, strlen(text));
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

/* Attributes in any order and number, in quotes of either kind. */
static void wiki_attributes(void **state)
{
    (void)state;
    check("<doc id=\"1\" url=\"u\" title=\"A\" language=\"en\">\nA\nText.\n</doc>\n", "A:Text.|;");
    check("<doc title='A' id='1'>\nA\nText.\n</doc>\n", "A:Text.|;");
    check("<doc  title=\"It's \"A\"\" id=1 >\nIt's \"A\"\nText.\n</doc>\n", "It's \"A\":Text.|;");
    check("<doc id=\"1\" title='A \"B\" it&#39;s'>\nA \"B\" it's\nText.\n</doc>\n",
          "A \"B\" it's:Text.|;");
    /* Without a title, and without any. */
    check("<doc id=\"1\" url=\"u\">\nx\n\ny\n</doc>\n<doc id=2 >\n\nz\n</doc>\n", ":x|y|;:z|;");
    check("<doc>\nx\n</doc>\n<doc>\ny\n<doc>\nz", ":x|;:y|;:z|;");
}

/* Turned back once; what is no entity is left alone. */
static void wiki_entities(void **state)
{
    (void)state;
    check(
        DOC("A") "A\n\nThe&amp;a &lt;b&gt; &quot;c&quot; &#39;d&#x27; AT&T R&D; &amp;amp; &amp;lt;\n</doc>\n",
        "A:The&a <b> \"c\" 'd' AT&T R&D; &amp; &lt;|;");
    check(DOC("A") "caf&eacute;&hellip;&nbsp;\n&nbsp;\n&#10;x&#0;y\n&;&#;&#x;&bogus; &\n</doc>\n",
          "A:caf\u00e9\u2026|x\uFFFDy|&;&#;&#x;&bogus; &|;");
    check(DOC("A") "one\n&lt;/doc&gt;\n&lt;doc id=\"1\" title=\"B\"&gt;\n</doc>\n",
          "A:one|</doc>|<doc id=\"1\" title=\"B\">|;"); /* markup is what stands as markup */
}

static void wiki_in_a_tag(void **state)
{
    (void)state;
    check("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<root>\n" DOC("A") "A\nText.\n</doc>\n" DOC(
              "B") "B\n<root>\n</doc>\n</root>\n",
          "A:Text.|;B:<root>|;");
}

static void line_ends_and_marks(void **state)
{
    (void)state;
    check("one\rtwo\r\rthree\r", ":one|two|;:three|;");
    check("one\r\rtwo\r\n\r\nthree", ":one|;:two|;:three|;");
    check("one\r\r\ntwo\r\r\n", ":one|two|;"); /* one end, written twice */
    check("one\n\r\n\rtwo", ":one|;:two|;");
    check("one\n\uFEFFtwo\n\uFEFF\n\uFEFF\uFEFF three\n", ":one|two|;:three|;");
    check(DOC("A") "A\rText.\r</doc>\r", "A:Text.|;");
    check(DOC("A") "A\nText.\n</doc>\n\uFEFF" DOC("B") "B\nText.\n\uFEFF</doc>\n",
          "A:Text.|;B:Text.|;");
    check("{\"text\": \"one\"}\n\uFEFF{\"text\": \"two\"}\n", ":one|;:two|;");
    check("{\"text\": \"one\"}\r{\"text\": \"two\"}\r", ":one|;:two|;");
    check("{\"text\": \"one\\rtwo\\r\\nthree\"}\n", ":one|two|three|;");
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
    /* Two in a line, where the line end between files is missing. */
    check(
        "{\"text\": \"one\"}\n{\"text\": \"two\"}\uFEFF{\"text\": \"three\"} {\"text\": \"four\"}\n",
        ":one|;:two|;:three|;:four|;");
    check("{\"text\": \"one\"},\n{\"text\": \"two\"}\n", ":one|;:two|;");
}

static void json_costs_a_character(void **state)
{
    (void)state;
    check("{\"p\": NaN, \"q\": [-Infinity, Infinity, 1e5, -0.5, 007], \"text\": \"one\"}\n",
          ":one|;");
    check("{\"text\": \"a\\ud83db\\udc00c\\ud83d\\ude00d\\ud83d\\u0041\\ud83d\"}\n",
          ":a\uFFFDb\uFFFDc\U0001F600d\uFFFDA\uFFFD|;");
    check("{\"text\": \"a\\u0000b\\t\\/\\\\\\\"\"}\n", ":a\uFFFDb\t/\\\"|;");
}

static void json_forms(void **state)
{
    (void)state;
    check("[\n  {\"text\": \"one\"},\n  {\"text\": \"two\"}\n]\n", ":one|;:two|;");
    check("[{\"text\":\"one\"},{\"text\":\"two\"}]", ":one|;:two|;");
    check(
        "{\n  \"id\": 1,\n  \"text\": \"one\"\n}\n{\n  \"text\": \"two\",\n  \"meta\": {\n    \"text\": 1\n  }\n}\n",
        ":one|;:two|;");
    check("[]", "");
    /* Without --text-key: the first of the known keys that an object has. */
    check(
        "{\"content\": \"one\", \"warc_headers\": {}}\n{\"raw_content\": \"two\"}\n{\"content\": \"no\", \"text\": "
        "\"three\"}\n",
        ":one|;:two|;:three|;");
    check(
        "{\"index\":{\"_id\":\"1\"}}\n{\"title\":\"A\",\"text\":\"one\"}\n{\"index\":{\"_id\":\"2\"}}\n{\"title\":\"B\","
        "\"text\":\"two\"}\n",
        "A:one|;B:two|;");
    /* WikiExtractor's escapes & < >, others do not. */
    check(
        "{\"id\": \"1\", \"revid\": \"2\", \"url\": \"u\", \"title\": \"A&amp;B\", \"text\": \"a &amp;lt; b\"}\n",
        "A&B:a &lt; b|;");
    check("{\"id\": \"1\", \"title\": \"A&amp;B\", \"text\": \"a &lt; b\"}\n",
          "A&amp;B:a &lt; b|;");
}

static void json_keys(void **state)
{
    (void)state;
    check_with(&(struct text_options){.text_keys = "body"},
               "{\"body\": \"one\", \"text\": \"no\"}\n", ":one|;");
    check_with(&(struct text_options){.text_keys = "a.b"},
               "{\"a\": {\"b\": \"one\"}}\n{\"a.b\": \"two\"}\n{\"a\": {\"b\": 1}}\n",
               ":one|;:two|;");
    check_with(&(struct text_options){.text_keys = "a.b.c.d"},
               "{\"a.b\": {\"c\": {\"d\": \"one\"}}}\n{\"a\": {\"b.c\": {\"d\": \"two\"}}}\n",
               ":one|;:two|;");
    check_with(
        &(struct text_options){.text_keys = "title,abstract,body"},
        "{\"body\": \"B\\nC\", \"title\": \"T\", \"abstract\": null}\n{\"abstract\": \"A\"}\n",
        "T:T|B|C|;:A|;");
    check_with(&(struct text_options){.text_keys = "\u0442"}, "{\"\\u0442\": \"one\"}\n", ":one|;");
}

/* Without --text-key, what holds nothing hides no other key that does. */
static void an_empty_text_hides_no_content(void **state)
{
    (void)state;
    check("{\"text\": null, \"content\": \"one\"}\n{\"text\": \"\", \"raw_content\": \"two\"}\n"
          "{\"content\": \" \\n\\t\\r\", \"text\": 5, \"raw_content\": \"three\"}\n",
          ":one|;:two|;:three|;");
    check("{\"text\": \"\", \"content\": null}\n{\"text\": 7, \"content\": \" \"}\n", ":;:;");
    check("{\"content\": \"\\\\\", \"raw_content\": \"two\"}\n", ":\\|;");
    check_with(&(struct text_options){.text_keys = "text,content"},
               "{\"text\": null, \"content\": \"one\"}\n{\"text\": \"\", \"content\": \"two\"}\n",
               ":one|;:two|;");
}

/* Of a name that stands more than once the last one counts, as in nearly every reader. */
static void the_last_of_a_name_counts(void **state)
{
    (void)state;
    const struct text_options nested = {.text_keys = "a.b"};
    check(
        "{\"text\": \"one\", \"text\": \"two\"}\n{\"title\": \"A\", \"text\": \"x\", \"title\": \"B\"}\n",
        ":two|;B:x|;");
    check("{\"text\": \"one\", \"content\": \"two\", \"text\": null}\n", ":two|;");
    check_with(&nested, "{\"a\": {\"b\": \"one\"}, \"a\": {\"b\": \"two\"}}\n", ":two|;");
    check_with(&nested, "{\"a\": {\"b\": \"one\", \"b\": \"two\"}}\n", ":two|;");
    check_with(&nested, "{\"a\": {\"b\": \"x\"}, \"a\": {\"c\": 1}}\n{\"a.b\": \"two\"}\n",
               ":two|;");
    check_with(&nested, "{\"a\": {\"b\": \"x\"}, \"a\": 1}\n{\"a.b\": \"two\"}\n", ":two|;");
    check_with(&nested, "{\"a.b\": \"one\", \"a\": {\"b\": \"x\"}}\n", ":one|;");
}

static void keys_that_are_not_there_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *keys, *text, *seen;
    } cases[] = {
        {NULL, "{\"id\": 1, \"body\": \"x\", \"meta\": {\"url\": \"u\"}}\n",
         "has the keys body, meta.url:"},
        {NULL, "{\"content\": {\"text\": \"x\"}}\n", "has the keys content.text:"},
        {NULL, "[{\"n\": 1}, {\"m\": 2}]", "has the keys n, m:"},
        {"txt", "{\"text\": \"x\"}\n", "--text-key txt; it has the keys text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct text_options options = {.text_keys = cases[i].keys};
        enum text_layout layout;
        struct error err;
        assert_int_equal(text_layout_find(&layout, &options, "a.json", cases[i].text,
                                          strlen(cases[i].text), true, &err),
                         -1);
        assert_non_null(strstr(err.text, "a.json is JSON"));
        assert_non_null(strstr(err.text, cases[i].seen));
    }
}

/* Numbers by reason, and the lines in which the first of each stands. */
static void check_left_out(enum text_layout layout, const char *text, const char *expected)
{
    struct document_reader reader;
    struct document document;
    struct buffer got = {0};
    document_init(&document);
    document_reader_init(&reader, layout, &plainly, text, strlen(text));
    while (document_reader_next(&reader, &document))
        buffer_print(&got, "%.*s", (int)document.text.size - 1, (char *)document.text.data);
    for (int r = 0; r < LEFT_OUT_REASONS; r++) {
        int line = 1;
        for (size_t i = 0; i < reader.first_left_out[r]; i++)
            line += text[i] == '\n';
        buffer_print(&got, " %d@%d", (int)reader.left_out[r], reader.left_out[r] ? line : 0);
    }
    assert_string_equal(buffer_text(&got), expected);
    buffer_release(&got);
    document_release(&document);
    document_reader_release(&reader);
}

static void what_is_left_out_is_counted_by_reason(void **state)
{
    (void)state;
    check_left_out(LAYOUT_JSON,
                   "{\"title\": \"A\", \"text\": \"a\"}\n"
                   "{\"title\": \"B\", \"text\": 3}\n"
                   "{\"title\": \"C\", \"te\n"
                   "[1]\n"
                   "{\"text\": \"b\"} {\"text\": \"c\"}\n"
                   "{\"txt\": \"x\"}\n"
                   "{\"text\": null}\n"
                   "{\"index\": {}}\n"
                   "{\"index\": {}, \"x\": 1}\n"
                   "{\"text\": \"\\x\"}\n"
                   "{\"text\": \"\\u12\"}\n"
                   "{\"text\": \"d\"}}\n"
                   "7\uFEFF{\"text\": \"e\"}\n",
                   "abcde 6@3 2@6 2@2 1@8");
    /* What is broken costs itself, and not what stands beside it. */
    check_left_out(
        LAYOUT_JSON_VALUES,
        "[\n  {\"text\": \"a\"},\n  {\"text\": \"x\", \"m\": {\"n\": [1, \n  {\"text\": \"b\"},\n"
        "  {\"text\": bad},\n  {\"text\": \"c\"}\n]\n",
        "abc 2@3 0@0 0@0 0@0");
    check_left_out(LAYOUT_JSON_VALUES,
                   "{\n \"text\": \"a\"\n}\n{\n \"text\": \"x\"\n{\n \"text\": \"b\"\n}\n",
                   "ab 1@4 0@0 0@0 0@0");
    check_left_out(
        LAYOUT_JSON_VALUES,
        "{\n \"text\": \"a\"\n}\n{\n \"text\": \"no end\n}\n{\n \"text\": \"b\"\n}\n{\n \"text\":",
        "ab 2@4 0@0 0@0 0@0");
    check_left_out(LAYOUT_JSON_VALUES, "[{\"text\":\"a\"},{\"text\":x},{\"text\":\"b\"},3]",
                   "ab 2@1 0@0 0@0 0@0");
}

/* A bracket or quote that is missing costs its object: what follows is not lost in it. */
static void what_has_no_end_swallows_nothing(void **state)
{
    (void)state;
    check_left_out(
        LAYOUT_JSON_VALUES,
        "[\n{\"text\": \"a\"},\n{\"text\": \"x\", \"m\": [{\"n\": 1},\n{\"text\": \"b\"},\n{\"text\": \"c\"}\n]\n",
        "abc 1@3 0@0 0@0 0@0");
    check_left_out(
        LAYOUT_JSON_VALUES,
        "[{\"text\": \"a\"}, {\"text\": \"x\", \"m\": [1, {\"n\": 1}, {\"text\": \"b\"}, {\"text\": \"c\"}]",
        "abc 1@1 0@0 0@0 0@0");
    check_left_out(LAYOUT_JSON_VALUES,
                   "[{\"text\": \"a\"}, {\"text\": \"x}, {\"text\": \"b\"}, {\"text\": \"c\"}]",
                   "ac 1@1 0@0 0@0 0@0");
    check_left_out(LAYOUT_JSON_VALUES, "[{\"text\": \"a\"}, {\"text\": \"x", "a 1@1 0@0 0@0 0@0");
}

static void an_array_of_texts(void **state)
{
    (void)state;
    check("[\"one\", \"two\\nlines\", \"\"]", ":one|;:two|lines|;:;");
    check("\uFEFF [\n  \"one\",\n  \"two\"\n]\n", ":one|;:two|;");
    check("[\"one\", {\"text\": \"two\"}, null, [\"three\"]]", ":one|;:two|;:three|;");
    check_left_out(
        LAYOUT_JSON_TEXTS,
        "[\"a\", \"b \"x\" y\", \"c, d\", {\"text\": bad, \"s\": \"x\", \"t\": \"y\"}, {\"text\": \"e\"}, 5, \"f\"]",
        "abc, def 3@1 0@0 0@0 0@0");
    check_left_out(LAYOUT_JSON_TEXTS, "[\n\"a\",\n\"no end,\n\"b\",\n\"c\"\n]\n",
                   "abc 1@3 0@0 0@0 0@0");
    /* By itself a text is none. */
    check_left_out(LAYOUT_JSON_VALUES, "[{\"text\": \"a\"}, \"b\"]", "a 1@1 0@0 0@0 0@0");
}

static void documents_by_the_line_or_the_file(void **state)
{
    (void)state;
    check_with(&(struct text_options){.documents = DOCUMENTS_LINES}, "one\n\n two\nthree",
               ":one|;:two|;:three|;");
    check_with(&(struct text_options){.documents = DOCUMENTS_FILES}, "\none\n\n two\n",
               ":one|two|;");
    check_with(&(struct text_options){.documents = DOCUMENTS_FILES}, "\n\n", "");
    /* What is seen to be something else is that. */
    check_with(&(struct text_options){.documents = DOCUMENTS_LINES},
               DOC("A") "A\none\ntwo\n</doc>\n", "A:one|two|;");
}

static void wrapped_lines(void **state)
{
    (void)state;
    const struct text_options wrapped = {.wrapped = true};
    const struct text_options files = {.wrapped = true, .documents = DOCUMENTS_FILES};
    check_with(&wrapped, "one\ntwo\n\nthree\n", ":one two|;:three|;");
    check_with(&files, "one\ntwo\n\nthree\nfour", ":one two|three four|;");
    check_with(&wrapped, "well-\nknown, ex\u00AD\nample -\nhe said--\nyes 1-\n2\n",
               ":well-known, example - he said-- yes 1- 2|;");
    check_with(&wrapped, "\u4e2d\u6587\n\u5b57\u3002\nlatin\n\ud55c\n\uad6d\n",
               ":\u4e2d\u6587\u5b57\u3002 latin \ud55c \uad6d|;");
    check_with(&wrapped, DOC("A") "A\none\ntwo\n\nthree\n</doc>\n", "A:one two|three|;");
    check_with(
        &wrapped,
        "{\"title\": \"A\", \"text\": \"A\\none\\ntwo\\n\\nthree\"}\n{\"text\": \"x\\ny\"}\n",
        "A:one two|three|;:x y|;");
}

static void options_that_cannot_be_are_refused(void **state)
{
    (void)state;
    struct error err;
    const struct text_options none = {.text_keys = "a,,b"}, last = {.text_keys = "a,"},
                              behind = {.text_keys = "a, b"}, before = {.text_keys = "a ,b"},
                              inside = {.text_keys = "a b,c"},
                              both = {.wrapped = true, .documents = DOCUMENTS_LINES},
                              fine = {.text_keys = "a,b.c", .wrapped = true};
    assert_int_equal(text_options_check(&none, &err), -1);
    assert_int_equal(text_options_check(&last, &err), -1);
    assert_int_equal(text_options_check(&both, &err), -1);
    assert_int_equal(text_options_check(&behind, &err), -1);
    assert_non_null(strstr(err.text, "blanks"));
    assert_int_equal(text_options_check(&before, &err), -1);
    assert_int_equal(text_options_check(&inside, &err), 0);
    assert_int_equal(text_options_check(&fine, &err), 0);
    assert_int_equal(text_options_check(&plainly, &err), 0);
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
        cmocka_unit_test(wiki_attributes),
        cmocka_unit_test(wiki_entities),
        cmocka_unit_test(wiki_in_a_tag),
        cmocka_unit_test(line_ends_and_marks),
        cmocka_unit_test(json_lines),
        cmocka_unit_test(json_costs_a_character),
        cmocka_unit_test(json_forms),
        cmocka_unit_test(json_keys),
        cmocka_unit_test(an_empty_text_hides_no_content),
        cmocka_unit_test(the_last_of_a_name_counts),
        cmocka_unit_test(keys_that_are_not_there_are_refused),
        cmocka_unit_test(what_is_left_out_is_counted_by_reason),
        cmocka_unit_test(what_has_no_end_swallows_nothing),
        cmocka_unit_test(an_array_of_texts),
        cmocka_unit_test(documents_by_the_line_or_the_file),
        cmocka_unit_test(wrapped_lines),
        cmocka_unit_test(options_that_cannot_be_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
