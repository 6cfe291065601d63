#include "lib/scratch.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lambert/base/file_use.h"

/* Locks are those of an open file, so one process can try them all. */
static void readers_keep_out_who_replaces(void **state)
{
    (void)state;
    struct error err;
    int one, two, writer;
    scratch_write("a", "a", 1);
    assert_int_equal(file_use_begin("a", &one, &err), 0);
    assert_int_equal(file_use_begin("a", &two, &err), 0);
    assert_int_equal(file_use_exclude("a", &writer, &err), -1);
    assert_non_null(strstr(err.text, "a is in use"));
    file_use_end(&one);
    assert_int_equal(one, -1);
    assert_int_equal(file_use_exclude("a", &writer, &err), -1);
    file_use_end(&two);
    assert_int_equal(file_use_exclude("a", &writer, &err), 0);
    assert_int_equal(file_use_begin("a", &one, &err), -1);
    assert_non_null(strstr(err.text, "a is being replaced"));
    file_use_end(&writer);
    assert_int_equal(file_use_begin("a", &one, &err), 0);
    file_use_end(&one);
    file_use_end(&one); /* fine */
}

/* Reading the file elsewhere in the process loses nothing, and a new file of that name is another one. */
static void the_use_is_of_the_open_file(void **state)
{
    (void)state;
    struct error err;
    struct buffer bytes = {0};
    int one, writer;
    scratch_write("b", "b", 1);
    assert_int_equal(file_use_begin("b", &one, &err), 0);
    scratch_read("b", &bytes);
    assert_int_equal(file_use_exclude("b", &writer, &err), -1);
    scratch_write("c", "c", 1);
    assert_int_equal(rename("c", "b"), 0);
    assert_int_equal(file_use_exclude("b", &writer, &err), 0);
    file_use_end(&writer);
    file_use_end(&one);
    buffer_release(&bytes);
}

/* A file of somebody else's in a shared folder, which may be read alone: readers are seen all the same. Root may write
 * whatever the permissions say, and is nobody here for as long. */
static void a_file_of_others_is_asked(void **state)
{
    (void)state;
    enum { NOBODY = 65534 };
    const bool root = geteuid() == 0;
    struct error err;
    int reader, writer;
    scratch_write("d", "d", 1);
    scratch_write("e", "e", 1);
    assert_int_equal(chmod("d", 0444), 0);
    assert_int_equal(chmod("e", 0), 0);
    assert_int_equal(chmod(".", 0755), 0);
    assert_int_equal(file_use_begin("d", &reader, &err), 0);
    assert_int_equal(root ? seteuid(NOBODY) : 0, 0);
    const int refused = file_use_exclude("d", &writer, &err);
    const bool in_use = strstr(err.text, "d is in use") != NULL;
    file_use_end(&reader);
    const int granted = file_use_exclude("d", &writer, &err);
    file_use_end(&writer);
    const int unreadable = file_use_exclude("e", &writer, &err);
    assert_int_equal(root ? seteuid(0) : 0, 0);
    assert_int_equal(refused, -1);
    assert_true(in_use);
    assert_int_equal(granted, 0);
    assert_int_equal(unreadable, -1);
    assert_non_null(strstr(err.text, "cannot open e"));
}

static void what_is_not_there_is_nobodys(void **state)
{
    (void)state;
    struct error err;
    int one;
    assert_int_equal(file_use_exclude("missing", &one, &err), 0);
    assert_int_equal(one, -1);
    assert_int_equal(file_use_begin("missing", &one, &err), -1);
    assert_non_null(strstr(err.text, "missing"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(readers_keep_out_who_replaces),
        cmocka_unit_test(the_use_is_of_the_open_file),
        cmocka_unit_test(a_file_of_others_is_asked),
        cmocka_unit_test(what_is_not_there_is_nobodys),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_teardown);
}
