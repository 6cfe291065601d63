#define _GNU_SOURCE /* system calls by number */
#include "lib/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/file_lock.h"
#include "lambert/base/memory.h"

/* What the file system says when it is asked for a lock; 0: what it says by itself. */
static int fault;

int fcntl(int descriptor, int command, ...)
{
    va_list args;
    va_start(args, command);
    void *argument = va_arg(args, void *);
    va_end(args);
    if (command == F_SETLK && fault != 0) {
        errno = fault;
        return -1;
    }
    return (int)syscall(SYS_fcntl, descriptor, command, argument);
}

/* Thousands of locks are taken here, and no power fails. */
int fsync(int descriptor)
{
    (void)descriptor;
    return 0;
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
    assert_int_equal(file_lock("/sys/lock", &held, &err), -1); /* where nobody may make files */
    assert_null(strstr(err.text, strerror(ENOENT)));
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
    for (int round = 0; round < 1000; round++) {
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

static void lock_twice(void)
{
    struct error err;
    int one, two;
    if (file_lock_try(scratch_path("kind"), &one, &err) != LOCK_GRANTED ||
        file_lock(scratch_path("other"), &two, &err) < 0)
        _exit(1);
    _exit(7);
}

/* One warning, whatever the file system says it with, and however many locks there are. */
static void file_systems_without_locks(void **state)
{
    (void)state;
    static const int faults[] = {ENOLCK, ENOSYS, EOPNOTSUPP, 524};
    struct buffer said = {0};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        fault = faults[i];
        assert_int_equal(exit_code_of(lock_twice, &said), 7);
        const char *warning = strstr(buffer_text(&said), "warning: the file system of ");
        assert_non_null(warning);
        assert_non_null(strstr(warning, "/kind has no locks ("));
        assert_null(strstr(warning + 1, "warning: "));
    }
    fault = 0;
    buffer_release(&said);
}

/* Anything else is told as it is: nobody is said to be at work there. */
static void locks_that_fail(void **state)
{
    (void)state;
    static const int faults[] = {EIO, EBADF, EINVAL, EPERM, ESTALE, ETIMEDOUT, ECONNREFUSED};
    for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        struct error err;
        int descriptor;
        fault = faults[i];
        const enum lock_state state_of = file_lock_try(scratch_path("failing"), &descriptor, &err);
        fault = 0;
        assert_int_equal(state_of, LOCK_FAILED);
        assert_int_equal(descriptor, -1);
        assert_non_null(strstr(err.text, "cannot lock "));
        assert_non_null(strstr(err.text, strerror(faults[i])));
    }
}

/* Takes the lock in a child, which writes `name` into the file ("": what file_lock() writes) and then waits to be
 * killed. */
static pid_t hold_elsewhere(const char *path, const char *name)
{
    int ready[2];
    char byte;
    assert_int_equal(pipe(ready), 0);
    pid_t child = fork();
    if (child == 0) {
        struct error err;
        int lock;
        if (file_lock(path, &lock, &err) < 0)
            _exit(1);
        if (name[0] && (ftruncate(lock, 0) != 0 || pwrite(lock, name, strlen(name), 0) < 0))
            _exit(1);
        if (write(ready[1], "x", 1) == 1)
            pause();
        _exit(1);
    }
    close(ready[1]);
    assert_int_equal(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static void release_elsewhere(pid_t child)
{
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void who_has_it(void **state)
{
    (void)state;
    struct error err;
    int lock;
    char *path = memory_copy_text(scratch_path("who")), host[256] = "";
    gethostname(host, sizeof host - 1);

    pid_t child = hold_elsewhere(path, "");
    char *wanted = memory_text(
        "%s is locked: another process is at work there (process %ld on host %s, for 0:0", path,
        (long)child, host);
    assert_int_equal(file_lock_try(path, &lock, &err), LOCK_ALIVE);
    assert_int_equal(strncmp(err.text, wanted, strlen(wanted)), 0);
    release_elsewhere(child);
    free(wanted);

    child = hold_elsewhere(path, "node-of-elsewhere 17\n");
    assert_int_equal(file_lock_try(path, &lock, &err), LOCK_HELD);
    assert_non_null(strstr(err.text, "(process 17 on host node-of-elsewhere, for 0:0"));
    release_elsewhere(child);

    /* A process that has gone, whose lock a server keeps. */
    wanted = memory_text("%s %ld\n", host, (long)child);
    child = hold_elsewhere(path, wanted);
    assert_int_equal(file_lock_try(path, &lock, &err), LOCK_HELD);
    release_elsewhere(child);
    free(wanted);

    /* A living process, who was another when this was written: before the machine was started anew, or in a container
     * that had this host's name, or (an older program's) nobody knows. */
    char boot[64] = "";
    FILE *file = fopen("/proc/sys/kernel/random/boot_id", "r");
    if (file) {
        assert_int_equal(fscanf(file, "%63s", boot), 1);
        fclose(file);
    }
    const struct {
        pid_t process;
        const char *boot;
        enum lock_state state;
    } rows[] = {
        {getppid(), boot, LOCK_ALIVE},
        {getpid(), boot, LOCK_HELD},
        {getppid(), "01234567-89ab-cdef-0123-456789abcdef", LOCK_HELD},
        {getppid(), "", boot[0] ? LOCK_HELD : LOCK_ALIVE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wanted = memory_text("%s %ld %s\n", host, (long)rows[i].process, rows[i].boot);
        child = hold_elsewhere(path, wanted);
        assert_int_equal(file_lock_try(path, &lock, &err), rows[i].state);
        free(wanted);
        wanted = memory_text("(process %ld on host %s, for 0:0", (long)rows[i].process, host);
        assert_non_null(strstr(err.text, wanted));
        release_elsewhere(child);
        free(wanted);
    }

    /* Of older programs, or damaged. */
    static const char *const others[] = {"\n", "one-word", "\xff\xfe\x00", "host -"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        child = hold_elsewhere(path, others[i]);
        assert_int_equal(file_lock_try(path, &lock, &err), LOCK_HELD);
        assert_non_null(strstr(err.text, "has not said who it is"));
        release_elsewhere(child);
    }
    assert_int_equal(file_lock_try(path, &lock, &err), LOCK_TAKEN);
    close(lock);
    free(path);
}

/* Who has a lock is asked without taking it, and without a file where there is none. */
static void looking(void **state)
{
    (void)state;
    struct error err;
    char *path = memory_copy_text(scratch_path("looked-at"));
    assert_int_equal(file_lock_look(path, &err), LOCK_TAKEN);
    assert_false(file_exists(path));
    const pid_t child = hold_elsewhere(path, "n17 4711");
    assert_int_equal(file_lock_look(path, &err), LOCK_HELD);
    assert_non_null(strstr(err.text, "(process 4711 on host n17, for 0:0"));
    release_elsewhere(child);
    assert_int_equal(file_lock_look(path, &err), LOCK_TAKEN);
    struct buffer text = {0};
    assert_int_equal(file_read(path, &text, &err), 0);
    assert_string_equal(buffer_text(&text), "n17 4711");
    buffer_release(&text);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(symlink("elsewhere", path), 0);
    assert_int_equal(file_lock_look(path, &err), LOCK_FAILED);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locking),
        cmocka_unit_test(removing_a_locked_file),
        cmocka_unit_test(file_systems_without_locks),
        cmocka_unit_test(locks_that_fail),
        cmocka_unit_test(who_has_it),
        cmocka_unit_test(looking),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
