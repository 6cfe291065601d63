#include "lib/scratch.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
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

static void locking(void **state)
{
    (void)state;
    struct error err;
    int held, other;
    char *path = memory_copy_text(scratch_path("lock"));
    assert_int_equal(file_lock(path, &held, &err), 0);
    pid_t child = fork();
    if (child == 0) /* locks are those of a process */
        _exit(file_lock(path, &other, &err) == -1 && strstr(err.text, path) != NULL ? 7 : 1);
    int code;
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code) && WEXITSTATUS(code) == 7);
    close(held);
    child = fork();
    if (child == 0)
        _exit(file_lock(path, &other, &err) == 0 ? 7 : 1);
    assert_int_equal(waitpid(child, &code, 0), child);
    assert_true(WIFEXITED(code) && WEXITSTATUS(code) == 7);
    assert_int_equal(file_lock("/nowhere/lock", &held, &err), -1);
    /* A link, to a file that is there or is not, is not followed. */
    char *link = memory_copy_text(scratch_path("link")),
         *target = memory_copy_text(scratch_path("target"));
    assert_false(file_is_link(path));
    assert_int_equal(symlink(target, link), 0);
    assert_true(file_is_link(link));
    for (int there = 0; there < 2; there++) {
        assert_int_equal(file_lock(link, &held, &err), -1);
        assert_non_null(strstr(err.text, "is a symbolic link"));
        assert_int_equal(file_exists(target), there);
        scratch_write(target, "", 0);
    }
    free(link);
    free(target);
    free(path);
}

/* Each holder removes the file; whoever opened that one meanwhile has no lock. */
static void lock_and_remove(const char *path, const char *held)
{
    struct error err;
    int lock;
    for (int round = 0; round < 3000; round++) {
        if (file_lock(path, &lock, &err) < 0)
            continue;
        if (mkdir(held, 0700) != 0 || rmdir(held) != 0 || file_remove(path, &err) != 0)
            _exit(1);
        close(lock);
    }
    _exit(7);
}

static void removing_a_locked_file(void **state)
{
    (void)state;
    enum { PROCESSES = 4 };
    char *path = memory_copy_text(scratch_path("removed-lock"));
    char *held = memory_copy_text(scratch_path("held"));
    pid_t children[PROCESSES];
    for (int i = 0; i < PROCESSES; i++)
        if ((children[i] = fork()) == 0)
            lock_and_remove(path, held);
    for (int i = 0; i < PROCESSES; i++) {
        int code;
        assert_int_equal(waitpid(children[i], &code, 0), children[i]);
        assert_true(WIFEXITED(code) && WEXITSTATUS(code) == 7);
    }
    free(path);
    free(held);
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
    assert_int_equal(unlink(path), 0);
    assert_int_equal(file_map_open(&map, "/dev/null", &err), -1);
    assert_string_equal(err.text, "/dev/null is not a regular file");
    buffer_release(&buffer);
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

static void mapping(void **state)
{
    (void)state;
    struct error err;
    struct file_map map;
    const char *path = scratch_path("mapping");
    assert_int_equal(file_write(path, "abc", 3, &err), 0);
    assert_int_equal(file_map_open(&map, path, &err), 0);
    assert_int_equal(map.size, 3);
    assert_memory_equal(map.data, "abc", 3);
    file_map_close(&map);
    assert_null(map.data);

    assert_int_equal(file_write(path, "", 0, &err), 0);
    assert_int_equal(file_map_open(&map, path, &err), 0);
    assert_null(map.data);
    assert_int_equal(map.size, 0);
    file_map_close(&map);
}

/* Pages of memory that count as this process's. */
static long resident_pages(void)
{
    long size, resident;
    FILE *stream = fopen("/proc/self/statm", "r");
    assert_non_null(stream);
    assert_int_equal(fscanf(stream, "%ld %ld", &size, &resident), 2);
    fclose(stream);
    return resident;
}

static uint64_t sum_bytes(const struct file_map *map)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < map->size; i++)
        sum += map->data[i];
    return sum;
}

static void forgetting_a_map(void **state)
{
    (void)state;
    enum { SIZE = 16 << 20 };
    struct error err;
    struct file_map map;
    const char *path = scratch_path("forgotten");
    char *bytes = memory_new(SIZE, 1);
    memset(bytes, 3, SIZE);
    assert_int_equal(file_write(path, bytes, SIZE, &err), 0);
    free(bytes);
    const long pages = SIZE / sysconf(_SC_PAGESIZE);
    assert_int_equal(file_map_open(&map, path, &err), 0);
    long before = resident_pages();
    assert_int_equal(sum_bytes(&map), 3L * SIZE);
    assert_true(resident_pages() - before > pages * 9 / 10);
    file_map_forget(&map);
    assert_true(resident_pages() - before < pages / 10);
    assert_int_equal(sum_bytes(&map), 3L * SIZE); /* they come back */
    file_map_close(&map);
    file_map_forget(&map); /* fine on a closed one */
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
        cmocka_unit_test(locking),
        cmocka_unit_test(removing_a_locked_file),
        cmocka_unit_test(reading_a_pipe),
        cmocka_unit_test(reading_without_end),
        cmocka_unit_test(reading_what_is_not_there),
        cmocka_unit_test(mapping),
        cmocka_unit_test(forgetting_a_map),
        cmocka_unit_test(what_is_there),
        cmocka_unit_test(two_paths_of_one_file),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
