/* A new folder is there whole or not at all, whoever else writes it. */
#include "lambert/base/folder_writer.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lib/scratch.h"

static char *inside(const char *name)
{
    struct error err;
    char *folder = path_join(scratch_folder(), name);
    assert_int_equal(folder_create(folder, &err), 0);
    return folder;
}

static void put(const char *folder, const char *name, const char *text)
{
    char *path = path_join(folder, name);
    scratch_write(path, text, strlen(text));
    free(path);
}

/* The names in a folder, with spaces between. */
static void expect_names(const char *folder, const char *wanted)
{
    struct folder_list list;
    struct buffer names = {0};
    struct error err;
    assert_int_equal(folder_list_open(&list, folder, &err), 0);
    for (int i = 0; i < list.count; i++)
        buffer_print(&names, "%s%s", i > 0 ? " " : "", list.names[i]);
    assert_string_equal(buffer_text(&names), wanted);
    folder_list_close(&list);
    buffer_release(&names);
}

static void write_folder(const char *path)
{
    struct folder_writer writer;
    struct error err;
    if (folder_writer_open(&writer, path, &err) < 0)
        fail_msg("%s", err.text);
    put(writer.temporary, "a", "1");
    put(writer.temporary, "b", "2");
    if (folder_writer_commit(&writer, &err) < 0)
        fail_msg("%s", err.text);
    assert_null(writer.temporary);
    expect_names(path, "a b");
}

static void expect_refused(const char *path, const char *word)
{
    struct folder_writer writer;
    struct error err;
    assert_int_equal(folder_writer_open(&writer, path, &err), -1);
    if (!strstr(err.text, word))
        fail_msg("'%s' says not '%s'", err.text, word);
    folder_writer_discard(&writer);
}

static void where_nothing_is(void **state)
{
    (void)state;
    char *place = inside("nothing"), *name = path_join(place, "new"),
         *deep = path_join(place, "x/y/new"), *slashes = path_join(place, "slashes///"),
         *empty = path_join(place, "empty");
    write_folder(name);
    write_folder(deep);
    write_folder(slashes);
    assert_int_equal(mkdir(empty, 0777), 0);
    write_folder(empty);
    expect_names(place, "empty new slashes x");
    free(place);
    free(name);
    free(deep);
    free(slashes);
    free(empty);
}

static void what_is_there_is_kept(void **state)
{
    (void)state;
    char *place = inside("something"), *file = path_join(place, "file"),
         *link = path_join(place, "link"), *below = path_join(place, "file/new"),
         *dot = path_join(place, ".");
    put(place, "file", "mine");
    expect_refused(place, "something already holds a file; name another folder");
    expect_refused(file, "file is there already");
    expect_refused(below, "a file of that name is in the way");
    assert_int_equal(symlink("nowhere", link), 0);
    expect_refused(link, "link is there already");
    expect_refused(dot, "is no name for a new folder");
    expect_refused("..", "is no name for a new folder");
    expect_refused("/", "is no name for a new folder");
    expect_refused("", "is no name for a new folder");
    expect_names(place, "file link");
    free(place);
    free(file);
    free(link);
    free(below);
    free(dot);
}

static void what_is_given_up_leaves_nothing(void **state)
{
    (void)state;
    char *place = inside("given-up"), *name = path_join(place, "new");
    struct folder_writer writer;
    struct error err;
    assert_int_equal(folder_writer_open(&writer, name, &err), 0);
    put(writer.temporary, "a", "1");
    folder_writer_discard(&writer);
    folder_writer_discard(&writer);
    expect_names(place, "");
    free(place);
    free(name);
}

/* Both begin where nothing is: the one that commits first stays. */
static void two_write_one(void **state)
{
    (void)state;
    char *place = inside("two"), *name = path_join(place, "new");
    struct folder_writer first, second;
    struct error err;
    assert_int_equal(folder_writer_open(&first, name, &err), 0);
    assert_int_equal(folder_writer_open(&second, name, &err), 0);
    put(first.temporary, "a", "1");
    put(second.temporary, "b", "2");
    assert_int_equal(folder_writer_commit(&second, &err), 0);
    assert_int_equal(folder_writer_commit(&first, &err), -1);
    assert_non_null(strstr(err.text, "new was written by another program meanwhile"));
    expect_names(place, "new");
    expect_names(name, "b");
    free(place);
    free(name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_nothing_is),
        cmocka_unit_test(what_is_there_is_kept),
        cmocka_unit_test(what_is_given_up_leaves_nothing),
        cmocka_unit_test(two_write_one),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
