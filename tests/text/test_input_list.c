#include "lib/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/text/input_list.h"

static void write_file(const char *name, const char *text)
{
    struct error err;
    assert_int_equal(file_write(name, text, strlen(text), &err), 0);
}

/* The tests' current folder has: b.txt, a.txt, .hidden, below/z, below/y.gz, fifo */
static int make_files(void **state)
{
    struct error err;
    if (scratch_enter(state) < 0 || folder_create("below", &err) < 0)
        return -1;
    write_file("b.txt", "bb");
    write_file("a.txt", "a");
    write_file(".hidden", "h");
    write_file("below/z", "zzz");
    gzFile gzip = gzopen("below/y.gz", "wb");
    if (!gzip || gzwrite(gzip, "text", 4) != 4 || gzclose(gzip) != Z_OK)
        return -1;
    return mkfifo("fifo", 0600);
}

/* The paths that an input stands for, one behind the other with blanks. */
static void check(const char *input, const char *expected)
{
    struct input_list list;
    struct error err;
    struct buffer got = {0};
    char *inputs[] = {(char *)input};
    assert_int_equal(input_list_open(&list, inputs, 1, NULL, &err), 0);
    for (int i = 0; i < list.count; i++)
        buffer_print(&got, "%s%s", i ? " " : "", list.files[i].path);
    assert_string_equal(buffer_text(&got), expected);
    buffer_release(&got);
    input_list_close(&list);
}

static void check_refused(const char *first, const char *second, const char *because)
{
    struct input_list list;
    struct error err;
    char *inputs[] = {(char *)first, (char *)second};
    assert_int_equal(input_list_open(&list, inputs, second ? 2 : 1, NULL, &err), -1);
    assert_non_null(strstr(err.text, because));
}

static void folders_are_sorted_and_searched(void **state)
{
    (void)state;
    check("below", "below/y.gz below/z");
    check(".", "./a.txt ./b.txt ./below/y.gz ./below/z");
}

static void files_may_be_named_and_matched(void **state)
{
    (void)state;
    check("b.txt", "b.txt");
    check(".hidden", ".hidden");
    check("?.txt", "a.txt b.txt");
    check("[b]*", "b.txt below/y.gz below/z");
    write_file("x[1].txt", "x"); /* a name, whatever it looks like */
    check("x[1].txt", "x[1].txt");
    unlink("x[1].txt");
}

static void kinds_and_sizes_are_known(void **state)
{
    (void)state;
    struct input_list list;
    struct error err;
    char *inputs[] = {"b.txt", "below", "-", "fifo"};
    assert_int_equal(input_list_open(&list, inputs, 4, NULL, &err), 0);
    assert_int_equal(list.count, 5);
    const enum input_kind kinds[] = {INPUT_FILE, INPUT_SEQUENTIAL, INPUT_FILE, INPUT_STREAM,
                                     INPUT_STREAM};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(list.files[i].kind, kinds[i]);
        assert_int_equal(list.files[i].modified > 0, kinds[i] != INPUT_STREAM);
    }
    assert_int_equal(list.files[0].bytes, 2);
    assert_int_equal(list.bytes, 2 + list.files[1].bytes + 3);
    input_list_close(&list);
}

static void what_is_not_there_is_named(void **state)
{
    (void)state;
    struct error err;
    check_refused("missing", NULL, "missing");
    check_refused("*.none", NULL, "*.none");
    check_refused("-", "-", "only once");
    assert_int_equal(folder_create("empty", &err), 0);
    check_refused("empty", NULL, "no files in empty");
    rmdir("empty");
}

/* The list of one input, and what is said to be passed over in it. */
static void check_passed_over(const char *input, const struct input_use *used, int count,
                              const char *said)
{
    struct input_list list;
    struct error err;
    struct buffer sentence = {0};
    char *inputs[] = {(char *)input};
    assert_int_equal(input_list_open(&list, inputs, 1, used, &err), 0);
    assert_int_equal(list.count, count);
    input_list_print_passed_over(&list, &sentence);
    assert_string_equal(buffer_text(&sentence), said);
    buffer_release(&sentence);
    input_list_close(&list);
}

/* Thirty folders, each with two links to the next one: there are 2^29 ways to the file in the last. */
static void what_links_lead_to_is_read_once(void **state)
{
    (void)state;
    enum { FOLDERS = 30 };
    struct error err;
    char name[32], to[32];
    assert_int_equal(folder_create("farm", &err), 0);
    for (int f = 0; f < FOLDERS; f++) {
        snprintf(name, sizeof name, "farm/%02d", f);
        snprintf(to, sizeof to, "../%02d", f + 1);
        assert_int_equal(folder_create(name, &err), 0);
        for (int link = 0; link < 2 && f + 1 < FOLDERS; link++) {
            snprintf(name, sizeof name, "farm/%02d/%c", f, "ab"[link]);
            assert_int_equal(symlink(to, name), 0);
        }
    }
    snprintf(name, sizeof name, "farm/%02d/text", FOLDERS - 1);
    write_file(name, "x");
    assert_int_equal(link(name, "farm/00/c"), 0);
    assert_int_equal(symlink("../00", "farm/05/up"), 0);
    /* the second link of each folder but the last, the way up, and the other name of the text */
    check_passed_over(
        "farm/00", NULL, 1,
        "; passed over: 31 that were met before (the first is farm/00/a/a/a/a/a/a/a/a/a/a/a/"
        "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/b)");
    assert_int_equal(system("rm -r farm"), 0);
}

/* What folders and patterns have is taken once, a file that is named as often as it is named. */
static void named_files_are_taken_as_often_as_named(void **state)
{
    (void)state;
    struct input_list list;
    struct error err;
    char *inputs[] = {"a.txt", "below", "?.txt", "a.txt", "below/z", "below"};
    assert_int_equal(input_list_open(&list, inputs, 6, NULL, &err), 0);
    static const char *const wanted[] = {"a.txt", "below/y.gz", "below/z", "a.txt",
                                         "b.txt", "a.txt",      "below/z"};
    assert_int_equal(list.count, 7);
    for (int i = 0; i < 7; i++)
        assert_string_equal(list.files[i].path, wanted[i]);
    assert_int_equal(list.passed_over[INPUT_PASSED_BEFORE].count, 1);
    input_list_close(&list);
}

/* A file that the command has another use for, under whatever name, is no text, and is not to be named. */
static void what_the_command_uses_is_no_text(void **state)
{
    (void)state;
    struct input_list list;
    struct error err;
    const struct input_use uses[] = {
        {"missing", "nothing"}, {"b.txt", "the vocabulary"}, {"below", "the result"}, {0}};
    check_passed_over(
        ".", uses, 1,
        "; passed over: 2 that the command has another use for (the first is ./b.txt), 1 that "
        "are no regular files (./fifo)");
    check_passed_over("*.txt", uses, 1,
                      "; passed over: 1 that the command has another use for (b.txt)");
    assert_int_equal(symlink("b.txt", "link"), 0);
    for (int i = 0; i < 2; i++) {
        char *named[] = {"a.txt", i ? "link" : "./b.txt"};
        assert_int_equal(input_list_open(&list, named, 2, uses, &err), -1);
        assert_non_null(strstr(err.text, "is an input, and is the vocabulary"));
        assert_non_null(strstr(err.text, named[1]));
    }
    char *nothing[] = {"b.*"};
    assert_int_equal(input_list_open(&list, nothing, 1, uses, &err), -1);
    assert_non_null(strstr(err.text, "no files in b.*; passed over: 1 that"));
    unlink("link");
}

static void devices_are_refused_and_pipes_read_once(void **state)
{
    (void)state;
    check_refused("/dev/zero", NULL, "/dev/zero is a device");
    check_refused("fifo", "./fifo", "only once");
    check_refused("fifo", "fifo", "only once");
}

/* What can be read once is for one rank; files are for any number. */
static void streams_are_for_one_rank(void **state)
{
    (void)state;
    struct input_list list;
    struct error err;
    char *files[] = {"a.txt", "below"}, *stream[] = {"a.txt", "fifo"};
    assert_int_equal(input_list_open(&list, files, 2, NULL, &err), 0);
    assert_false(input_list_has_stream(&list));
    assert_int_equal(input_list_check_ranks(&list, 2, &err), 0);
    input_list_close(&list);
    assert_int_equal(input_list_open(&list, stream, 2, NULL, &err), 0);
    assert_true(input_list_has_stream(&list));
    assert_int_equal(input_list_check_ranks(&list, 1, &err), 0);
    assert_int_equal(input_list_check_ranks(&list, 2, &err), -1);
    assert_non_null(strstr(err.text, "one rank only"));
    input_list_close(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_are_sorted_and_searched),
        cmocka_unit_test(files_may_be_named_and_matched),
        cmocka_unit_test(kinds_and_sizes_are_known),
        cmocka_unit_test(what_is_not_there_is_named),
        cmocka_unit_test(what_links_lead_to_is_read_once),
        cmocka_unit_test(named_files_are_taken_as_often_as_named),
        cmocka_unit_test(what_the_command_uses_is_no_text),
        cmocka_unit_test(devices_are_refused_and_pipes_read_once),
        cmocka_unit_test(streams_are_for_one_rank),
    };
    return cmocka_run_group_tests(tests, make_files, scratch_teardown);
}
