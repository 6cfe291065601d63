#define _GNU_SOURCE /* system calls by number */
#include "lib/scratch.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/log.h"

/* What the file system says when a file is to be synced; 0: what it says by itself. */
static int fault;

int fsync(int descriptor)
{
    struct stat info;
    fstat(descriptor, &info);
    if (fault == 0 || !S_ISREG(info.st_mode))
        return (int)syscall(SYS_fsync, descriptor);
    errno = fault;
    return -1;
}

static void assert_holds(const char *path, const char *wanted)
{
    struct error err;
    struct buffer buffer = {0};
    assert_int_equal(file_read(path, &buffer, &err), 0);
    assert_string_equal(buffer_text(&buffer), wanted);
    buffer_release(&buffer);
}

/* How many files of the scratch folder are work in progress. */
static int temporaries(void)
{
    struct error err;
    struct folder_list list;
    assert_int_equal(folder_list_open(&list, scratch_folder(), &err), 0);
    int count = 0;
    for (int i = 0; i < list.count; i++)
        count += file_is_temporary(list.names[i]);
    folder_list_close(&list);
    return count;
}

static void old_until_commit(void **state)
{
    (void)state;
    struct error err;
    struct file_writer writer;
    const char *path = scratch_path("old");
    assert_int_equal(file_write(path, "old", 3, &err), 0);
    assert_int_equal(file_writer_open(&writer, path, &err), 0);
    assert_int_equal(file_writer_write(&writer, "new ", 4, &err), 0);
    assert_int_equal(file_writer_write(&writer, NULL, 0, &err), 0);
    assert_int_equal(file_writer_write(&writer, "text", 4, &err), 0);
    assert_int_equal(writer.bytes, 8);
    assert_int_equal(temporaries(), 1);
    assert_holds(path, "old");
    assert_int_equal(file_writer_commit(&writer, &err), 0);
    assert_holds(path, "new text");
    assert_int_equal(temporaries(), 0);
    file_writer_discard(&writer); /* closed: nothing happens */
    assert_holds(path, "new text");
}

static void discard(void **state)
{
    (void)state;
    struct error err;
    struct file_writer writer = {0};
    file_writer_discard(&writer);
    const char *path = scratch_path("discarded");
    assert_int_equal(file_writer_open(&writer, path, &err), 0);
    assert_int_equal(file_writer_write(&writer, "x", 1, &err), 0);
    file_writer_discard(&writer);
    assert_false(file_exists(path));
    assert_int_equal(temporaries(), 0);
}

static void writers_do_not_meet(void **state)
{
    (void)state;
    struct error err;
    struct file_writer a, b;
    const char *path = scratch_path("twice");
    assert_int_equal(file_writer_open(&a, path, &err), 0);
    assert_int_equal(file_writer_open(&b, path, &err), 0);
    assert_int_equal(file_writer_write(&a, "aaaa", 4, &err), 0);
    assert_int_equal(file_writer_write(&b, "b", 1, &err), 0);
    assert_int_equal(file_writer_commit(&a, &err), 0);
    assert_holds(path, "aaaa");
    assert_int_equal(file_writer_commit(&b, &err), 0);
    assert_holds(path, "b");
}

static void others_may_read(void **state)
{
    (void)state;
    struct error err;
    mode_t old = umask(022);
    const char *path = scratch_path("mode");
    assert_int_equal(file_write(path, "x", 1, &err), 0);
    umask(old);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0644);
}

static void what_cannot_be_written(void **state)
{
    (void)state;
    struct error err;
    struct file_writer writer;
    assert_int_equal(file_write("/dev/null", "x", 1, &err), -1);
    assert_string_equal(err.text, "cannot write /dev/null: it exists and is not a regular file");
    assert_int_equal(file_writer_open(&writer, scratch_folder(), &err), -1);
    assert_int_equal(file_writer_open(&writer, scratch_path("no/such/folder"), &err), -1);
    assert_non_null(strstr(err.text, "No such file or directory"));
    file_writer_discard(&writer);
}

/* A folder put in the way between open and commit: rename fails, and says so. */
static void commit_in_vain(void **state)
{
    (void)state;
    struct error err;
    struct file_writer writer;
    const char *path = scratch_path("in the way");
    assert_int_equal(file_writer_open(&writer, path, &err), 0);
    assert_int_equal(file_writer_write(&writer, "x", 1, &err), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(file_writer_commit(&writer, &err), -1);
    assert_non_null(strstr(err.text, "in the way: Is a directory"));
    assert_int_equal(temporaries(), 0);
}

/* The full disk: a limit on the size of files cuts a write short in the middle, or, for what fits
 * the buffer, at commit. The old file stays, nothing is left over, the sentence names the reason.
 */
static int write_with_limit(const char *path, size_t limit, size_t size, struct error *err)
{
    struct rlimit old, low;
    getrlimit(RLIMIT_FSIZE, &old);
    low = old;
    low.rlim_cur = limit;
    setrlimit(RLIMIT_FSIZE, &low);
    struct file_writer writer;
    int result = file_writer_open(&writer, path, err);
    char piece[1000];
    memset(piece, 'p', sizeof piece);
    for (size_t done = 0; result == 0 && done < size; done += sizeof piece)
        result = file_writer_write(&writer, piece, sizeof piece, err);
    if (result == 0)
        result = file_writer_commit(&writer, err);
    else
        file_writer_discard(&writer); /* allowed after a failed write */
    setrlimit(RLIMIT_FSIZE, &old);
    return result;
}

static void full_disk(void **state)
{
    (void)state;
    struct error err;
    const char *path = scratch_path("full");
    assert_int_equal(file_write(path, "old", 3, &err), 0);
    void (*before)(int) = signal(SIGXFSZ, SIG_IGN);
    const size_t limits[] = {0, 1, 4095, 100000, 262144, 999999};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        assert_int_equal(write_with_limit(path, limits[i], 1000000, &err), -1);
        assert_non_null(strstr(err.text, "cannot write "));
        assert_non_null(strstr(err.text, "full: File too large"));
        assert_holds(path, "old");
        assert_int_equal(temporaries(), 0);
    }
    assert_int_equal(write_with_limit(path, 1999, 2000, &err), -1);
    assert_int_equal(write_with_limit(path, 2000, 2000, &err), 0);
    signal(SIGXFSZ, before);
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_size, 2000);
}

/* A killed program leaves a temporary file that looks like one, and the old file as it was. */
static void killed(void **state)
{
    (void)state;
    struct error err;
    const char *path = scratch_path("killed");
    assert_int_equal(file_write(path, "old", 3, &err), 0);
    pid_t child = fork();
    if (child == 0) {
        struct file_writer writer;
        if (file_writer_open(&writer, path, &err) == 0 &&
            file_writer_write(&writer, "half", 4, &err) == 0)
            raise(SIGKILL);
        _exit(1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status));
    assert_holds(path, "old");
    assert_int_equal(temporaries(), 1);
}

static void names_of_temporaries(void **state)
{
    (void)state;
    assert_true(file_is_temporary("a.tmp-12-0"));
    assert_true(file_is_temporary("a.tmp-1-1.tmp-12-0"));
    assert_false(file_is_temporary("a"));
    assert_false(file_is_temporary(".tmp-12-0"));
    assert_false(file_is_temporary("a.tmp-12"));
    assert_false(file_is_temporary("a.tmp-12-"));
    assert_false(file_is_temporary("a.tmp--0"));
    assert_false(file_is_temporary("a.tmp-12-0x"));
    assert_false(file_is_temporary("a.tmp-12-0.gz"));
}

static void write_one(void)
{
    struct error err;
    if (file_write(scratch_path("unsynced"), "x", 1, &err) == 0 &&
        file_write(scratch_path("unsynced"), "xy", 2, &err) == 0)
        _exit(7);
    log_error("%s", err.text);
    _exit(1);
}

/* Where there is no fsync there is a warning; where it fails, an error. */
static void file_systems_without_fsync(void **state)
{
    (void)state;
    static const int without[] = {EINVAL, ENOSYS, EOPNOTSUPP, 524},
                     failing[] = {EIO, ENOSPC, EDQUOT};
    struct buffer said = {0};
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        fault = without[i];
        assert_int_equal(exit_code_of(write_one, &said), 7);
        fault = 0;
        const char *warning = strstr(buffer_text(&said), "/unsynced cannot be synced (");
        assert_non_null(warning);
        assert_null(strstr(warning + 1, "/unsynced cannot"));
        assert_holds(scratch_path("unsynced"), "xy");
    }
    for (size_t i = 0; i < sizeof failing / sizeof failing[0]; i++) {
        fault = failing[i];
        assert_int_equal(exit_code_of(write_one, &said), 1);
        fault = 0;
        assert_non_null(strstr(buffer_text(&said), "error: cannot write /"));
        assert_holds(scratch_path("unsynced"), "xy");
        assert_null(strstr(buffer_text(&said), "warning"));
    }
    buffer_release(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(old_until_commit),
        cmocka_unit_test(discard),
        cmocka_unit_test(writers_do_not_meet),
        cmocka_unit_test(others_may_read),
        cmocka_unit_test(what_cannot_be_written),
        cmocka_unit_test(commit_in_vain),
        cmocka_unit_test(full_disk),
        cmocka_unit_test(killed),
        cmocka_unit_test(names_of_temporaries),
        cmocka_unit_test(file_systems_without_fsync),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
