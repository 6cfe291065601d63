#define _GNU_SOURCE /* ppoll() */
#include "lib/scratch.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"

static void reading(void **state)
{
    (void)state;
    struct error err;
    struct buffer buffer = {0};
    const char *path = scratch_path("reading");
    assert_int_equal(file_write(path, "hello\0world", 11, &err), 0);
    buffer_print(&buffer, "> ");
    assert_int_equal(file_read(path, &buffer, &err), 0);
    assert_int_equal(buffer.size, 13);
    assert_memory_equal(buffer.data, "> hello\0world", 13);

    assert_int_equal(file_write(path, NULL, 0, &err), 0);
    buffer_reset(&buffer);
    assert_int_equal(file_read(path, &buffer, &err), 0);
    assert_int_equal(buffer.size, 0);
    buffer_release(&buffer);
}

static void removing(void **state)
{
    (void)state;
    struct error err;
    const char *path = scratch_path("removing");
    assert_int_equal(file_write(path, "x", 1, &err), 0);
    assert_int_equal(file_remove(path, &err), 0);
    assert_false(file_exists(path));
    assert_int_equal(file_remove(path, &err), 0);
    assert_int_equal(file_remove("/", &err), -1);
    assert_non_null(strstr(err.text, "cannot remove /"));
}

static void reading_a_pipe(void **state)
{
    (void)state;
    struct error err;
    struct buffer buffer = {0};
    const char *path = scratch_path("pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    enum { SIZE = 300000 };
    pid_t child = fork();
    if (child == 0) {
        FILE *out = fopen(path, "w");
        for (int i = 0; i < SIZE; i++)
            fputc(i % 251, out);
        fclose(out);
        _exit(0);
    }
    assert_int_equal(file_read(path, &buffer, &err), 0);
    assert_int_equal(buffer.size, SIZE);
    for (int i = 0; i < SIZE; i++)
        assert_true(buffer.data[i] == i % 251);
    struct file_map map;
    assert_int_equal(file_map_open(&map, path, &err),
                     -1); /* nobody writes to it, and nobody is waited for */
    assert_non_null(strstr(err.text, "is not a regular file"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(file_map_open(&map, "/dev/null", &err), -1);
    assert_string_equal(err.text, "/dev/null is not a regular file");
    buffer_release(&buffer);
}

/* Without the limit this test would not end. */
static void reading_a_pipe_that_nobody_writes_to(void **state)
{
    (void)state;
    struct error err;
    struct buffer buffer = {0};
    const char *path = scratch_path("silent pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(file_read(path, &buffer, &err), -1);
    assert_non_null(strstr(err.text, "it is a named pipe, and nobody wrote to it"));
    assert_int_equal(buffer.size, 0);

    /* Who has it open, and takes longer than that to write, is waited for. */
    pid_t child = fork();
    if (child == 0) {
        FILE *out = fopen(path, "w");
        sleep(6);
        fputs("late", out);
        fclose(out);
        _exit(0);
    }
    assert_int_equal(file_read(path, &buffer, &err), 0);
    assert_string_equal(buffer_text(&buffer), "late");
    buffer_release(&buffer);
    assert_int_equal(unlink(path), 0);
}

/* A pipe that is written to as soon as nobody polls it any more. NULL: polling is left alone. */
static const char *late_pipe;

int poll(struct pollfd *files, nfds_t count, int milliseconds)
{
    const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
    if (!late_pipe)
        return ppoll(files, count, milliseconds < 0 ? NULL : &time, NULL);
    assert_int_equal(nanosleep(&time, NULL), 0);
    const int writer = open(late_pipe, O_WRONLY | O_NONBLOCK);
    assert_true(writer >= 0 && write(writer, "just in time", 12) == 12);
    close(writer);
    return 0;
}

/* Nothing is lost of what comes after the last poll. */
static void reading_a_pipe_that_is_written_to_at_last(void **state)
{
    (void)state;
    struct error err;
    struct buffer buffer = {0};
    const char *path = scratch_path("late pipe");
    assert_int_equal(mkfifo(path, 0600), 0);
    late_pipe = path;
    assert_int_equal(file_read(path, &buffer, &err), 0);
    late_pipe = NULL;
    assert_string_equal(buffer_text(&buffer), "just in time");
    buffer_release(&buffer);
    assert_int_equal(unlink(path), 0);
}

static void reading_without_end(void **state)
{
    (void)state;
    struct error err;
    struct buffer buffer = {0};
    buffer_print(&buffer, "before");
    assert_int_equal(file_read("/dev/zero", &buffer, &err), -1);
    assert_string_equal(err.text, "cannot read /dev/zero: File too large");
    assert_string_equal(buffer_text(&buffer), "before");
    buffer_release(&buffer);
}

static void reading_what_is_not_there(void **state)
{
    (void)state;
    struct error err;
    struct buffer buffer = {0};
    struct file_map map;
    assert_int_equal(file_read("no/such/file", &buffer, &err), -1);
    assert_string_equal(err.text, "cannot open no/such/file: No such file or directory");
    assert_int_equal(file_map_open(&map, "no/such/file", &err), -1);
    assert_null(map.data);
    assert_int_equal(file_read("/", &buffer, &err), -1);
    assert_string_equal(err.text, "/ is a folder where a file is wanted");
    assert_int_equal(file_map_open(&map, "/", &err), -1);
    file_map_close(&map);
    buffer_release(&buffer);
}

static void what_is_there(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(file_write(scratch_path("a file"), "x", 1, &err), 0);
    assert_true(file_exists(scratch_path("a file")));
    assert_false(file_exists(scratch_path("no file")));
    assert_false(file_exists(scratch_folder()));
}

static void two_paths_of_one_file(void **state)
{
    (void)state;
    struct error err;
    char roundabout[PATH_MAX];
    snprintf(roundabout, sizeof roundabout, "%s/./one", scratch_folder());
    assert_int_equal(file_write(scratch_path("one"), "x", 1, &err), 0);
    assert_int_equal(file_write(scratch_path("two"), "x", 1, &err), 0);
    assert_true(file_is_same(scratch_path("one"), roundabout));
    assert_false(file_is_same(scratch_path("one"), scratch_path("two")));
    assert_false(file_is_same(scratch_path("one"), scratch_path("none")));
    assert_true(file_is_same(scratch_path("none"), scratch_path("none")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reading),
        cmocka_unit_test(removing),
        cmocka_unit_test(reading_a_pipe),
        cmocka_unit_test(reading_a_pipe_that_nobody_writes_to),
        cmocka_unit_test(reading_a_pipe_that_is_written_to_at_last),
        cmocka_unit_test(reading_without_end),
        cmocka_unit_test(reading_what_is_not_there),
        cmocka_unit_test(what_is_there),
        cmocka_unit_test(two_paths_of_one_file),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
