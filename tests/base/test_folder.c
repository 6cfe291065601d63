#define _GNU_SOURCE /* system calls by number */
#include "lib/scratch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/log.h"

/* What the file system says when a folder is to be synced; 0: what it says by itself. */
static int fault;

int fsync(int descriptor)
{
    if (fault == 0)
        return (int)syscall(SYS_fsync, descriptor);
    errno = fault;
    return -1;
}

static void creating(void **state)
{
    (void)state;
    struct error err;
    char *deep = path_join(scratch_folder(), "x/y//z");
    assert_false(folder_exists(deep));
    assert_int_equal(folder_create(deep, &err), 0);
    assert_true(folder_exists(deep));
    assert_int_equal(folder_create(deep, &err), 0);
    assert_int_equal(folder_create(scratch_path("x/y/z/"), &err), 0);
    assert_int_equal(folder_create("/", &err), 0);
    assert_int_equal(folder_create(".", &err), 0);
    assert_int_equal(folder_create_for(scratch_path("for/a/file"), &err), 0);
    assert_true(folder_exists(scratch_path("for/a")));
    assert_false(file_exists(scratch_path("for/a/file")) ||
                 folder_exists(scratch_path("for/a/file")));
    assert_int_equal(folder_create_for(scratch_path("for/another/folder//"), &err), 0);
    assert_true(folder_exists(scratch_path("for/another")));
    assert_false(folder_exists(scratch_path("for/another/folder")));
    assert_int_equal(folder_create_for("file", &err), 0);
    assert_int_equal(folder_create_for("/file", &err), 0);
    assert_int_equal(folder_create_for("/", &err), 0);
    assert_int_equal(folder_create_for("", &err), 0);
    free(deep);
}

static void a_file_in_the_way(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(file_write(scratch_path("file"), "x", 1, &err), 0);
    assert_int_equal(folder_create(scratch_path("file"), &err), -1);
    assert_non_null(strstr(err.text, "file of that name is in the way"));
    assert_int_equal(folder_create(scratch_path("file/below"), &err), -1);
    assert_non_null(strstr(err.text, "file of that name is in the way"));
    assert_false(folder_exists(scratch_path("file")));
    assert_int_equal(folder_create("", &err), -1);
}

static void syncing(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(folder_sync(scratch_folder(), &err), 0);
    assert_int_equal(folder_sync(scratch_path("missing"), &err), -1);
    assert_non_null(strstr(err.text, "No such file or directory"));
}

static void listing(void **state)
{
    (void)state;
    struct error err;
    struct folder_list list;
    assert_int_equal(folder_create(scratch_path("list/sub"), &err), 0);
    assert_int_equal(folder_list_open(&list, scratch_path("list/sub"), &err), 0);
    assert_int_equal(list.count, 0);
    folder_list_close(&list);

    const char *names[] = {"b", "a10", "\xc3\xa9", "a", "Z", ".hidden"};
    for (int i = 0; i < 6; i++) {
        char *path = path_join(scratch_path("list"), names[i]);
        assert_int_equal(file_write(path, "", 0, &err), 0);
        free(path);
    }
    const char *sorted[] = {".hidden", "Z", "a", "a10", "b", "sub", "\xc3\xa9"};
    assert_int_equal(folder_list_open(&list, scratch_path("list"), &err), 0);
    assert_int_equal(list.count, 7);
    for (int i = 0; i < 7; i++)
        assert_string_equal(list.names[i], sorted[i]);
    folder_list_close(&list);
    assert_int_equal(list.count, 0);

    assert_int_equal(folder_list_open(&list, scratch_path("missing"), &err), -1);
    assert_non_null(strstr(err.text, "No such file or directory"));
    folder_list_close(&list);
}

static void assert_join(const char *folder, const char *name, const char *wanted)
{
    char *path = path_join(folder, name);
    assert_string_equal(path, wanted);
    free(path);
}

static void joining(void **state)
{
    (void)state;
    assert_join("a", "b", "a/b");
    assert_join("a/", "b", "a/b");
    assert_join("/", "b", "/b");
    assert_join("", "b", "b");
}

static void sync_twice(void)
{
    struct error err;
    if (folder_sync(scratch_folder(), &err) == 0 && folder_sync(scratch_folder(), &err) == 0)
        _exit(7);
    log_error("%s", err.text);
    _exit(1);
}

static void file_systems_without_fsync(void **state)
{
    (void)state;
    static const int faults[] = {EBADF, EIO, EACCES, EINVAL, ENOSYS, EOPNOTSUPP, 524};
    struct buffer said = {0};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        fault = faults[i];
        assert_int_equal(exit_code_of(sync_twice, &said), 7);
        const char *warning = strstr(buffer_text(&said), "warning: the folder ");
        assert_non_null(warning);
        assert_non_null(strstr(warning, strerror(faults[i])));
        assert_null(strstr(warning + 1, "warning: "));
    }
    fault = ENOSPC;
    assert_int_equal(exit_code_of(sync_twice, &said), 1);
    assert_non_null(strstr(buffer_text(&said), "error: cannot sync folder "));
    fault = 0;
    buffer_release(&said);
}

static void the_folder_of_a_path(void **state)
{
    (void)state;
    static const char *const rows[][2] = {{"a/b/c", "a/b"}, {"a/b//", "a"}, {"a", "."},
                                          {"", "."},        {"/a", "/"},    {"/", "/"},
                                          {"a//b", "a/"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *folder = path_folder(rows[i][0]);
        assert_string_equal(folder, rows[i][1]);
        free(folder);
    }
}

static void the_nearest_that_is_there(void **state)
{
    (void)state;
    struct error err;
    char *folder = path_join(scratch_folder(), "near"), *deep = path_join(folder, "x//y/z/");
    char *file = path_join(folder, "file"), *below = path_join(file, "x");
    char *link = path_join(folder, "link"), *linked = path_join(link, "x");
    assert_int_equal(folder_create(folder, &err), 0);
    assert_int_equal(file_write(file, "", 0, &err), 0);
    assert_int_equal(symlink("/nowhere", link), 0);
    const char *const rows[][2] = {
        {folder, folder},      {below, file}, {link, link},           {linked, link},
        {"nowhere/near", "."}, {"", "."},     {"/nowhere/near", "/"}, {"/", "/"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char *near = path_nearest(rows[i][0]);
        assert_string_equal(near, rows[i][1]);
        free(near);
    }
    char *near = path_nearest(deep);
    assert_true(file_is_same(near, folder));
    free(near);
    free(linked);
    free(link);
    free(below);
    free(file);
    free(deep);
    free(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(creating),
        cmocka_unit_test(a_file_in_the_way),
        cmocka_unit_test(syncing),
        cmocka_unit_test(listing),
        cmocka_unit_test(joining),
        cmocka_unit_test(file_systems_without_fsync),
        cmocka_unit_test(the_folder_of_a_path),
        cmocka_unit_test(the_nearest_that_is_there),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
