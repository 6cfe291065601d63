#define _GNU_SOURCE /* system calls by number */
#include "lib/scratch.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"

/* What the file system says when a file is to be mapped in one of these ways; 0: what it says by itself. */
static int fault, faulty_ways;

void *mmap(void *address, size_t size, int protection, int flags, int descriptor, off_t offset)
{
    if (descriptor >= 0 && (flags & faulty_ways) != 0) {
        errno = fault;
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_mmap, address, size, protection, flags, descriptor, offset);
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

/* --- file systems that map nothing --------------------------------------------------------------- */

static const int faults[] = {ENODEV, EINVAL, EACCES, EPERM, ENOSYS, EOPNOTSUPP, 524};
enum { FAULTS = sizeof faults / sizeof faults[0] };

static void map_twice(void)
{
    struct error err;
    struct file_map one, two;
    if (file_map_open(&one, scratch_path("unmapped"), &err) < 0 ||
        file_map_open(&two, scratch_path("unmapped"), &err) < 0)
        _exit(1);
    file_map_forget(&one);
    const bool right = one.size == 10000 && memcmp(one.data, two.data, 10000) == 0 &&
                       one.data[0] == 'a' && one.data[9999] == 'a';
    file_map_close(&one);
    file_map_close(&two);
    _exit(right && !one.data ? 7 : 1);
}

static void reading_instead(void **state)
{
    (void)state;
    struct buffer said = {0};
    char bytes[10000];
    memset(bytes, 'a', sizeof bytes);
    scratch_write(scratch_path("unmapped"), bytes, sizeof bytes);
    for (int i = 0; i < FAULTS; i++) {
        fault = faults[i];
        faulty_ways = MAP_SHARED;
        assert_int_equal(exit_code_of(map_twice, &said), 7);
        assert_string_equal(buffer_text(&said), ""); /* it maps in another way */
        faulty_ways = MAP_SHARED | MAP_PRIVATE;
        assert_int_equal(exit_code_of(map_twice, &said), 7);
        const char *warning = strstr(buffer_text(&said), "warning: the file system of ");
        assert_non_null(warning);
        assert_null(strstr(warning + 1, "warning: "));
    }
    fault = ENOMEM; /* no lack of the file system's */
    struct error err;
    struct file_map map;
    int status = file_map_open(&map, scratch_path("unmapped"), &err);
    assert_int_equal(status, -1);
    assert_non_null(strstr(err.text, "cannot map "));
    assert_null(map.data);

    /* More than any machine has, with nothing on the disk. */
    assert_int_equal(truncate(scratch_path("unmapped"), (off_t)8 << 40), 0);
    fault = ENODEV;
    status = file_map_open(&map, scratch_path("unmapped"), &err);
    faulty_ways = 0;
    assert_int_equal(status, -1);
    assert_non_null(strstr(err.text, "/unmapped, 8796093 MB, has to be read into memory"));
    assert_non_null(strstr(err.text, "data.stage_folder"));
    assert_null(map.data);
    assert_int_equal(unlink(scratch_path("unmapped")), 0);
    buffer_release(&said);
}

/* --- files that are cut short -------------------------------------------------------------------- */

enum { LONG = 1 << 20 };
static int offset, kept, others;

static void *look(void *context)
{
    const struct file_map *map = context;
    return (void *)(uintptr_t)map->data[offset];
}

/* Between other maps, some of which are gone; looked at by another thread. */
static void cut_and_look(void)
{
    struct error err;
    struct file_map *maps = memory_new((size_t)others + 1, sizeof *maps);
    pthread_t thread;
    for (int i = 0; i < others; i++)
        if (file_map_open(maps + i, scratch_path("small"), &err) < 0)
            _exit(9);
    for (int i = 0; i < others; i += 3)
        file_map_close(maps + i);
    if (file_map_open(maps + others, scratch_path("cut"), &err) < 0 ||
        truncate(scratch_path("cut"), kept) != 0 ||
        pthread_create(&thread, NULL, look, maps + others) != 0)
        _exit(9);
    pthread_join(thread, NULL);
    _exit(7);
}

static void cut_short(void **state)
{
    (void)state;
    struct buffer said = {0};
    char *bytes = memory_new(LONG, 1), wanted[128];
    scratch_write(scratch_path("small"), "x", 1);
    static const int cuts[][3] = {
        {0, 0, 0}, {LONG - 1, 0, 5}, {LONG / 2, 4096, 1100}, {LONG / 4, 100, 2500}};
    for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
        offset = cuts[i][0], kept = cuts[i][1], others = cuts[i][2];
        scratch_write(scratch_path("cut"), bytes, LONG);
        assert_int_equal(exit_code_of(cut_and_look, &said), 1);
        snprintf(wanted, sizeof wanted,
                 "/cut cannot be read any more at byte %d of %d: it was cut short", offset, LONG);
        assert_non_null(strstr(buffer_text(&said), wanted));
        assert_int_equal(strncmp(buffer_text(&said), "error: /", 8), 0);
    }
    kept = LONG / 2, offset = 0;
    scratch_write(scratch_path("cut"), bytes, LONG);
    assert_int_equal(exit_code_of(cut_and_look, &said), 7); /* what is still there */
    free(bytes);
    buffer_release(&said);
}

static void other_rank(void)
{
    log_set_rank(12);
    cut_and_look();
}

static void rank_is_told(void **state)
{
    (void)state;
    struct buffer said = {0};
    offset = kept = others = 0;
    scratch_write(scratch_path("cut"), "x", 1);
    assert_int_equal(exit_code_of(other_rank, &said), 1);
    assert_int_equal(strncmp(buffer_text(&said), "[rank 12] error: /", 18), 0);
    buffer_release(&said);
}

static void map_one(void)
{
    struct error err;
    struct file_map map;
    if (file_map_open(&map, scratch_path("small"), &err) < 0)
        _exit(9);
}

/* What is no file of ours ends as it always did. */
static void touch_another(void)
{
    FILE *file = tmpfile();
    map_one();
    const volatile char *data = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(file), 0);
    _exit(data[0]);
}

static void be_killed(void)
{
    map_one();
    raise(SIGBUS);
}

static void other_faults(void **state)
{
    (void)state;
    struct buffer said = {0};
    scratch_write(scratch_path("small"), "x", 1);
    assert_int_equal(signal_of(touch_another, &said), SIGBUS);
    assert_string_equal(buffer_text(&said), "");
    assert_int_equal(signal_of(be_killed, &said), SIGBUS);
    assert_string_equal(buffer_text(&said), "");
    buffer_release(&said);
}

static void write_what_is_cut(void)
{
    struct error err;
    struct file_map map;
    struct file_writer writer;
    if (file_map_open(&map, scratch_path("cut"), &err) < 0 ||
        file_writer_open(&writer, scratch_path("copy"), &err) < 0 ||
        truncate(scratch_path("cut"), 0) != 0)
        _exit(9);
    if (file_writer_write(&writer, map.data, map.size, &err) == 0)
        _exit(8);
    log_error("%s", err.text);
    _exit(file_exists(scratch_path("copy")) || writer.stream ? 6 : 7);
}

/* The system finds it, not the program, where a large part is written. */
static void written_from(void **state)
{
    (void)state;
    struct buffer said = {0};
    char *bytes = memory_new(LONG, 1);
    scratch_write(scratch_path("cut"), bytes, LONG);
    assert_int_equal(exit_code_of(write_what_is_cut, &said), 7);
    assert_non_null(strstr(buffer_text(&said), "/copy: /"));
    assert_non_null(strstr(buffer_text(&said), "/cut, which it is made of, was cut short"));
    free(bytes);
    buffer_release(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mapping),         cmocka_unit_test(forgetting_a_map),
        cmocka_unit_test(reading_instead), cmocka_unit_test(cut_short),
        cmocka_unit_test(rank_is_told),    cmocka_unit_test(other_faults),
        cmocka_unit_test(written_from),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
