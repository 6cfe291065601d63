#include "lib/scratch.h"

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
    check(".", "./a.txt ./b.txt ./below/y.gz ./below/z ./fifo");
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
        cmocka_unit_test(streams_are_for_one_rank),
    };
    return cmocka_run_group_tests(tests, make_files, scratch_teardown);
}
