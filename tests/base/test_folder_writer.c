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

static const char *const names[] = {"a", "b"};

static int open_writer(struct folder_writer *writer, const char *path, struct error *err)
{
    return folder_writer_open(writer, path, names, 2, err);
}

static void write_folder(const char *path, const char *wanted)
{
    struct folder_writer writer;
    struct error err;
    if (open_writer(&writer, path, &err) < 0)
        fail_msg("%s", err.text);
    scratch_put(writer.folder, "a", "1");
    scratch_put(writer.folder, "b", "2");
    if (folder_writer_commit(&writer, &err) < 0)
        fail_msg("%s", err.text);
    assert_null(writer.folder);
    assert_names(path, wanted);
}

static void expect_refused(const char *path, const char *word)
{
    struct folder_writer writer;
    struct error err;
    assert_int_equal(open_writer(&writer, path, &err), -1);
    if (!strstr(err.text, word))
        fail_msg("'%s' says not '%s'", err.text, word);
    folder_writer_discard(&writer);
}

static void where_nothing_is(void **state)
{
    (void)state;
    char *place = inside("nothing"), *name = path_join(place, "new"),
         *deep = path_join(place, "x/y/new"), *slashes = path_join(place, "slashes///"),
         *dot = path_join(place, "dot/.");
    write_folder(name, "a b");
    write_folder(deep, "a b");
    write_folder(slashes, "a b");
    write_folder(dot, "a b");
    assert_names(place, "dot new slashes x");
    free(place);
    free(name);
    free(deep);
    free(slashes);
    free(dot);
}

/* Of it all is kept: what lies there, and itself, which may be a place that nothing else can be put at. */
static void a_folder_that_is_there(void **state)
{
    (void)state;
    struct stat before, after;
    struct error err;
    char here[4096];
    char *place = inside("there"), *empty = path_join(place, "empty"),
         *cloned = path_join(place, "cloned"), *git = path_join(cloned, ".git"),
         *stands = path_join(place, "stands"), *link = path_join(place, "link");
    assert_int_equal(folder_create(empty, &err), 0);
    assert_int_equal(stat(empty, &before), 0);
    write_folder(empty, "a b");
    assert_int_equal(stat(empty, &after), 0);
    assert_true(before.st_ino == after.st_ino);

    assert_int_equal(folder_create(git, &err), 0);
    scratch_put(cloned, ".gitattributes", "mine");
    assert_int_equal(symlink("cloned", link), 0);
    write_folder(link, ".git .gitattributes a b");

    assert_int_equal(folder_create(stands, &err), 0);
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(stands), 0);
    write_folder(".", "a b");
    assert_int_equal(chdir(here), 0);
    assert_names(place, "cloned empty link stands");
    free(place);
    free(empty);
    free(cloned);
    free(git);
    free(stands);
    free(link);
}

static void what_is_there_is_kept(void **state)
{
    (void)state;
    char *place = inside("something"), *file = path_join(place, "file"),
         *link = path_join(place, "link"), *below = path_join(place, "file/new"),
         *full = inside("full");
    scratch_put(place, "file", "mine");
    expect_refused(file, "file is there already");
    expect_refused(below, "a file of that name is in the way");
    assert_int_equal(symlink("nowhere", link), 0);
    expect_refused(link, "link is there already");
    expect_refused("", "is no name for a folder");
    assert_names(place, "file link");
    scratch_put(full, "b", "mine");
    expect_refused(full, "full already holds a b; name another folder");
    assert_names(full, "b");
    free(place);
    free(file);
    free(link);
    free(below);
    free(full);
}

static void what_is_given_up_leaves_nothing(void **state)
{
    (void)state;
    char *place = inside("given-up"), *name = path_join(place, "new"),
         *there = path_join(place, "there");
    struct folder_writer writer;
    struct error err;
    assert_int_equal(open_writer(&writer, name, &err), 0);
    scratch_put(writer.folder, "a", "1");
    folder_writer_discard(&writer);
    folder_writer_discard(&writer);
    assert_names(place, "");

    assert_int_equal(folder_create(there, &err), 0);
    scratch_put(there, "mine", "1");
    assert_int_equal(open_writer(&writer, there, &err), 0);
    scratch_put(writer.folder, "a", "1");
    folder_writer_discard(&writer);
    assert_names(there, "mine");
    free(place);
    free(name);
    free(there);
}

/* Both begin where nothing is: the one that commits first stays. */
static void two_write_one(void **state)
{
    (void)state;
    char *place = inside("two"), *name = path_join(place, "new");
    struct folder_writer first, second;
    struct error err;
    assert_int_equal(open_writer(&first, name, &err), 0);
    assert_int_equal(open_writer(&second, name, &err), 0);
    scratch_put(first.folder, "a", "1");
    scratch_put(second.folder, "b", "2");
    assert_int_equal(folder_writer_commit(&second, &err), 0);
    assert_int_equal(folder_writer_commit(&first, &err), -1);
    assert_non_null(strstr(err.text, "new was written by another program meanwhile"));
    assert_names(place, "new");
    assert_names(name, "b");
    free(place);
    free(name);
}

/* Where the folder is there: the one that began first stays. The other is another process, as in use. */
static void two_write_one_that_is_there(void **state)
{
    (void)state;
    char *place = inside("two-there");
    struct folder_writer first, second;
    struct error err;
    int status;
    assert_int_equal(open_writer(&first, place, &err), 0);
    const pid_t child = fork();
    if (child == 0)
        _exit(open_writer(&second, place, &err) == 0           ? 1
              : strstr(err.text, "another process is at work") ? 0
                                                               : 2);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    scratch_put(first.folder, "a", "1");
    scratch_put(first.folder, "b", "2");
    assert_int_equal(folder_writer_commit(&first, &err), 0);
    assert_names(place, "a b");
    expect_refused(place, "already holds a a");
    free(place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(where_nothing_is),      cmocka_unit_test(a_folder_that_is_there),
        cmocka_unit_test(what_is_there_is_kept), cmocka_unit_test(what_is_given_up_leaves_nothing),
        cmocka_unit_test(two_write_one),         cmocka_unit_test(two_write_one_that_is_there),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
