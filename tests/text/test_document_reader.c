#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/text/document_reader.h"

static char folder[] = "/tmp/lambert-documents-XXXXXX";
static char *path;

static int make_folder(void **state)
{
    (void)state;
    log_set_level(LOG_ERROR);
    if (!mkdtemp(folder))
        return -1;
    path = path_join(folder, "text");
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlink(path);
    free(path);
    return rmdir(folder);
}

static struct document_reader *open_text(const void *text, size_t size)
{
    struct document_reader *reader;
    struct error err;
    assert_int_equal(file_write(path, text, size, &err), 0);
    assert_int_equal(document_reader_open(&reader, path, &err), 0);
    return reader;
}

/* Documents as "first_line title:line|line|;" one behind the other. */
static void check(const char *text, const char *expected)
{
    struct document_reader *reader = open_text(text, strlen(text));
    struct document document;
    struct buffer got = {0};
    struct error err;
    document_init(&document);
    int status;
    while ((status = document_reader_next(reader, &document, &err)) == 1) {
        const char *line;
        size_t length, cursor = 0;
        buffer_print(&got, "%d %.*s:", (int)document.first_line, (int)document.title.size,
                     document.title.size ? (char *)document.title.data : "");
        while (document_line(&document, &cursor, &line, &length))
            buffer_print(&got, "%.*s|", (int)length, line);
        buffer_print(&got, ";");
    }
    assert_int_equal(status, 0);
    assert_int_equal(document_reader_next(reader, &document, &err), 0); /* and stays there */
    assert_string_equal(buffer_text(&got), expected);
    assert_int_equal(document_reader_bytes(reader), strlen(text));
    buffer_release(&got);
    document_release(&document);
    document_reader_close(reader);
}

static void plain_text(void **state)
{
    (void)state;
    check("", "");
    check("\n \n\t\n", "");
    check("one", "1 :one|;");
    check("one\ntwo\n\nthree\n", "1 :one|two|;4 :three|;");
    check("\n\n one \t\n\n\n\n\ttwo\n\n\n", "3 :one|;7 :two|;");
    check("one\r\n two\r\n\r\nthree\r\n", "1 :one|two|;4 :three|;");
    check("\xEF\xBB\xBFone\n\ntwo", "1 :one|;3 :two|;");
    check("\xEF\xBB\xBF", "");
    check("\u00A0one\u3000\n\u2003\ntwo\n", "1 :one|;3 :two|;"); /* Unicode's white space */
    check("\xFF\xFE\n", "1 :\xFF\xFE|;");                        /* bytes are left alone */
}

static void plain_text_has_no_markup(void **state)
{
    (void)state;
    check("Text\n<doc id=\"1\" title=\"T\">\n</doc>\nmore",
          "1 :Text|<doc id=\"1\" title=\"T\">|</doc>|more|;");
    check("<doc\nx", "1 :<doc|x|;");
    check("<doc id=\"1\">\nx", "1 :<doc id=\"1\">|x|;");
    check("<doc id=\"1\" title=\"T\"> is how it begins\nx",
          "1 :<doc id=\"1\" title=\"T\"> is how it begins|x|;");
    check("<document id=\"1\" title=\"T\">\nx", "1 :<document id=\"1\" title=\"T\">|x|;");
    check("<doc id=\"1\" title=\">\nx", "1 :<doc id=\"1\" title=\">|x|;");
}

#define DOC(title) "<doc id=\"7\" url=\"?curid=7\" title=\"" title "\">\n"

static void wiki_extractor(void **state)
{
    (void)state;
    check(DOC("Anarchism") "Anarchism\n\nFirst.\nHeading.\n\nSecond.\n\n</doc>\n" DOC(
              "Empty") "Empty\n\n\n</doc>\n" DOC("Last") "Last\n\nText.\n</doc>\n",
          "1 Anarchism:First.|Heading.|Second.|;10 Empty:;15 Last:Text.|;");
    check("\xEF\xBB\xBF\r\n" DOC("A") "A\r\n\r\nText.\r\n</doc>\r\n", "2 A:Text.|;");
    check("<doc id=\"1\" revid=\"2\" url=\"u\" title=\"A\">\nA\nText.\n</doc>", "1 A:Text.|;");
}

static void wiki_titles(void **state)
{
    (void)state;
    /* Escaped in both places, or in the attribute only. */
    check(DOC("A &amp; &quot;B&quot; &lt;i&gt;") "A &amp; &quot;B&quot; &lt;i&gt;\nText.\n</doc>\n",
          "1 A & \"B\" <i>:Text.|;");
    check(DOC("A &amp; B") "A & B\nText.\n</doc>\n", "1 A & B:Text.|;");
    check(DOC("\"Heroes\" (album)") "\"Heroes\" (album)\nText.\n</doc>\n",
          "1 \"Heroes\" (album):Text.|;");
    check(DOC("&amp;lt;") "x\n</doc>\n", "1 &lt;:x|;"); /* unescaped once */
    /* What does not repeat the title is text; so is the title further down. */
    check(DOC("A") "Text.\nA\n</doc>\n", "1 A:Text.|A|;");
    check(DOC("A") "\n\nA\nA\n</doc>\n", "1 A:A|;");
    check(DOC("") "Text.\n</doc>\n", "1 :Text.|;");
}

static void wiki_blemishes(void **state)
{
    (void)state;
    /* No </doc> before the next <doc>, nor at the end of the file. */
    check(DOC("A") "A\nOne.\n" DOC("B") "B\nTwo.\n", "1 A:One.|;4 B:Two.|;");
    check(DOC("A") DOC("B") "B\nTwo.", "1 A:;2 B:Two.|;");
    check(DOC("A"), "1 A:;");
    /* A </doc> too many. */
    check(DOC("A") "A\nOne.\n</doc>\n</doc>\n\n</doc>\n" DOC("B") "B\n</doc>\n", "1 A:One.|;8 B:;");
    /* Text between documents. */
    check(DOC("A") "A\nOne.\n</doc>\nfree\ntext\n\nmore\n" DOC("B") "B\nTwo.\n</doc>\nend",
          "1 A:One.|;5 :free|text|;8 :more|;9 B:Two.|;13 :end|;");
    /* Markup in an article's text is text. */
    check(DOC("A") "A\n<doc>\n<doc id=\"3\">\nx </doc>\n</doc> x\n</doc>\n",
          "1 A:<doc>|<doc id=\"3\">|x </doc>|</doc> x|;");
}

/* Lines and documents longer than any block, and ends of blocks at every place of a short line. */
static void blocks_do_not_show(void **state)
{
    (void)state;
    enum { LONG = 3000000 };
    struct buffer text = {0};
    struct document document;
    struct error err;
    document_init(&document);
    char *longest = memory_new(LONG + 1, 1);
    memset(longest, 'x', LONG);
    buffer_print(&text, "short\n\n%s\n\nend\r\n", longest);
    struct document_reader *reader = open_text(text.data, text.size);
    assert_int_equal(document_reader_next(reader, &document, &err), 1);
    assert_int_equal(document.text.size, 6);
    assert_int_equal(document_reader_bytes(reader), 7);
    assert_int_equal(document_reader_next(reader, &document, &err), 1);
    assert_int_equal(document.text.size, LONG + 1);
    assert_memory_equal(document.text.data, longest, LONG);
    assert_int_equal(document_reader_next(reader, &document, &err), 1);
    assert_string_equal(buffer_text(&document.text), "end\n");
    assert_int_equal(document_reader_next(reader, &document, &err), 0);
    document_reader_close(reader);

    buffer_reset(&text);
    for (int i = 0; i < 200000; i++)
        buffer_print(&text, "%d\r\n%s", i, i % 10 == 9 ? "\r\n" : "");
    reader = open_text(text.data, text.size);
    for (int i = 0; i < 200000; i += 10) {
        assert_int_equal(document_reader_next(reader, &document, &err), 1);
        char expected[128];
        int size = 0;
        for (int j = 0; j < 10; j++)
            size += snprintf(expected + size, sizeof expected - (size_t)size, "%d\n", i + j);
        assert_string_equal(buffer_text(&document.text), expected);
        assert_int_equal(document.first_line, 1 + i / 10 * 11);
    }
    assert_int_equal(document_reader_next(reader, &document, &err), 0);
    document_reader_close(reader);
    document_release(&document);
    buffer_release(&text);
    free(longest);
}

static void assert_not_opened(const char *name, const char *because)
{
    struct document_reader *reader;
    struct error err = {{0}};
    assert_int_equal(document_reader_open(&reader, name, &err), -1);
    assert_non_null(strstr(err.text, name));
    assert_non_null(strstr(err.text, because));
}

static void says_what_cannot_be_read(void **state)
{
    (void)state;
    char *missing = path_join(folder, "missing");
    assert_not_opened(missing, "No such file");
    assert_not_opened(folder, "folder");
    free(missing);
}

/* A file that opens and then fails: reading one's memory at address 0, where Linux offers it. */
static void says_where_reading_failed(void **state)
{
    (void)state;
    struct document_reader *reader;
    struct document document;
    struct error err = {{0}};
    if (document_reader_open(&reader, "/proc/self/mem", &err))
        skip();
    document_init(&document);
    assert_int_equal(document_reader_next(reader, &document, &err), -1);
    assert_non_null(strstr(err.text, "/proc/self/mem"));
    document_reader_close(reader);
    document_release(&document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text),
        cmocka_unit_test(plain_text_has_no_markup),
        cmocka_unit_test(wiki_extractor),
        cmocka_unit_test(wiki_titles),
        cmocka_unit_test(wiki_blemishes),
        cmocka_unit_test(blocks_do_not_show),
        cmocka_unit_test(says_what_cannot_be_read),
        cmocka_unit_test(says_where_reading_failed),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
