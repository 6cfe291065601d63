/* Which checkpoint of a run folder is the newest whole one, and which are removed. */
#define _GNU_SOURCE
#include "../dist/ranks.h"
#include "sample.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/store/checkpoint_folder.h"

static char run_folder[640];

/* An empty run folder for a test. */
static void new_run(const char *name)
{
    struct error err;
    snprintf(run_folder, sizeof run_folder, "%s", scratch_path(name));
    assert_int_equal(folder_create(run_folder, &err), 0);
}

/* Writes a step's checkpoint, `minute` minutes after the dawn of time. */
static void store(int64_t step, int minute)
{
    struct sample sample;
    struct error err;
    char *path = checkpoint_path(run_folder, step);
    sample_init(&sample, ranks, &sample_config, RULE_SGD, 32);
    sample.meta.state.total_steps = step;
    assert_int_equal(sample_write(&sample, ranks, path, &err), 0);
    const struct timespec times[2] = {{60 * minute, 0}, {60 * minute, 0}};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    sample_release(&sample);
    free(path);
}

/* Changes a byte of the weights, and not the time. */
static void damage(int64_t step)
{
    struct buffer bytes = {0};
    struct stat status;
    char *path = checkpoint_path(run_folder, step);
    assert_int_equal(stat(path, &status), 0);
    scratch_read(path, &bytes);
    bytes.data[bytes.size - 1200] ^= 1;
    scratch_write(path, bytes.data, bytes.size);
    const struct timespec times[2] = {status.st_atim, status.st_mtim};
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    buffer_release(&bytes);
    free(path);
}

/* The names in checkpoints/, with spaces between, are these. */
static void expect_names(const char *wanted)
{
    char *folder = path_join(run_folder, "checkpoints");
    assert_names(folder, wanted);
    free(folder);
}

#define STEP(digits) "step-" digits ".checkpoint"

/* The newest is that of this step (-1: there is none; -2: none is whole), and so many were passed
 * over. */
static void expect_newest(int64_t step, int passed_over)
{
    struct buffer said = {0};
    struct error err = {""};
    struct checkpoint_file newest;
    catch_begin();
    int status = checkpoint_newest(run_folder, &newest, &err);
    catch_end(&said);
    assert_int_equal(status, step == -2 ? -1 : 0);
    assert_int_equal(strstr(err.text, run_folder) != NULL, step == -2);
    int warnings = 0;
    for (const char *at = buffer_text(&said); (at = strstr(at, "warning: ")) != NULL; at++)
        warnings++;
    assert_int_equal(warnings, passed_over);
    int64_t named = -1;
    if (step != -2 && passed_over == 0) {
        assert_int_equal(checkpoint_newest_step(run_folder, &named, &err), 0);
        assert_int_equal(named, step);
    }
    if (step < 0) {
        assert_null(checkpoint_file_path(&newest));
    } else {
        char *wanted = checkpoint_path(run_folder, step);
        assert_non_null(checkpoint_file_path(&newest));
        assert_string_equal(checkpoint_file_path(&newest), wanted);
        assert_int_equal(newest.meta.state.total_steps, step);
        free(wanted);
    }
    checkpoint_file_close(&newest);
    buffer_release(&said);
}

static void expect_prune(int keep, const char *names_left)
{
    struct buffer said = {0};
    struct error err;
    catch_begin();
    int status = checkpoint_prune(run_folder, keep, 0, &err);
    catch_end(&said);
    buffer_release(&said);
    assert_int_equal(status, 0);
    expect_names(names_left);
}

static void names_of_checkpoints(void **state)
{
    (void)state;
    char *path = checkpoint_path("runs/a", 1234), *best = checkpoint_best_path("runs/a");
    assert_string_equal(path, "runs/a/checkpoints/step-00001234.checkpoint");
    assert_string_equal(best, "runs/a/best.checkpoint");
    free(path);
    free(best);
}

static void the_newest_is_the_highest_step(void **state)
{
    (void)state;
    new_run("newest");
    expect_newest(-1, 0); /* no folder at all */
    store(7, 1);
    expect_newest(7, 0);
    store(100, 2);
    store(20, 3);
    expect_newest(100, 0);
    store(123456789, 4); /* longer than the eight digits */
    expect_newest(123456789, 0);
}

/* A run folder means its newest, a file itself, and what is neither is said. */
static void what_a_path_means(void **state)
{
    (void)state;
    struct checkpoint_file file;
    struct error err;
    new_run("means");
    store(7, 1);
    store(8, 2);
    assert_int_equal(checkpoint_find(run_folder, &file, &err), 0);
    assert_int_equal(file.meta.state.total_steps, 8);
    checkpoint_file_close(&file);
    assert_null(checkpoint_file_path(&file));
    char *path = checkpoint_path(run_folder, 7);
    assert_int_equal(checkpoint_find(path, &file, &err), 0);
    assert_string_equal(checkpoint_file_path(&file), path);
    assert_int_equal(file.meta.state.total_steps, 7);
    checkpoint_file_close(&file);
    free(path);
    assert_int_equal(checkpoint_find(scratch_path("nothing"), &file, &err), -1);
    assert_non_null(strstr(err.text, "No such file"));
}

/* Who uses a run's model gets the best of it, who goes on with the run does not; and a best one
 * that is damaged is not passed over in silence. */
static void the_best_is_found_and_is_not_the_newest(void **state)
{
    (void)state;
    struct checkpoint_file file;
    struct error err;
    struct sample sample;
    new_run("best");
    store(8, 2);
    char *path = checkpoint_best_path(run_folder);
    sample_init(&sample, ranks, &sample_config, RULE_SGD, 32);
    sample.meta.state.total_steps = 5;
    assert_int_equal(sample_write(&sample, ranks, path, &err), 0);
    sample_release(&sample);
    assert_int_equal(checkpoint_find(run_folder, &file, &err), 0);
    assert_string_equal(checkpoint_file_path(&file), path);
    assert_int_equal(file.meta.state.total_steps, 5);
    checkpoint_file_close(&file);
    assert_int_equal(checkpoint_find_newest(run_folder, &file, &err), 0);
    assert_int_equal(file.meta.state.total_steps, 8);
    checkpoint_file_close(&file);
    assert_int_equal(checkpoint_find_newest(path, &file, &err), 0);
    assert_int_equal(file.meta.state.total_steps, 5);
    checkpoint_file_close(&file);
    new_run("none");
    assert_int_equal(checkpoint_find_newest(run_folder, &file, &err), -1);
    assert_non_null(strstr(err.text, "has no checkpoint"));
    new_run("best");
    store(8, 2);
    expect_newest(8, 0);
    expect_prune(1, STEP("00000008"));
    assert_true(file_exists(path));
    scratch_write(path, "x", 1);
    assert_int_equal(checkpoint_find(run_folder, &file, &err), -1);
    assert_non_null(strstr(err.text, path));
    free(path);
}

static void other_names_are_no_checkpoints(void **state)
{
    (void)state;
    static const char *const names[] = {"step-9.checkpoint",
                                        "step-00000009.checkpoint.old",
                                        "step-00000009.checkpoint.tmp-12-3",
                                        "step-000000009.checkpoint",
                                        "step--0000009.checkpoint",
                                        "last.checkpoint",
                                        "step-00000009"};
    new_run("names");
    store(5, 1);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char *path = memory_text("%s/checkpoints/%s", run_folder, names[i]);
        scratch_write(path, "x", 1);
        free(path);
    }
    expect_newest(5, 0);
}

static void the_damaged_are_passed_over(void **state)
{
    (void)state;
    new_run("damaged");
    store(1, 1);
    store(2, 2);
    store(3, 3);
    damage(3);
    expect_newest(2, 1);
    damage(2);
    expect_newest(1, 2);
    damage(1);
    expect_newest(-2, 3);
}

static void the_newest_are_kept(void **state)
{
    (void)state;
    new_run("prune");
    struct error err;
    assert_int_equal(checkpoint_prune(run_folder, 3, 0, &err), 0); /* nothing there */
    for (int step = 1; step <= 5; step++)
        store(step * 10, step);
    expect_prune(9, STEP("00000010") " " STEP("00000020") " " STEP("00000030") " " STEP(
                        "00000040") " " STEP("00000050"));
    expect_prune(2, STEP("00000040") " " STEP("00000050"));
    expect_prune(1, STEP("00000050"));
}

/* Multiples of 20, and besides them the newest. */
static void some_are_kept_for_good(void **state)
{
    (void)state;
    struct error err;
    new_run("good");
    for (int step = 1; step <= 7; step++)
        store(step * 10, step);
    assert_int_equal(checkpoint_prune(run_folder, 1, 20, &err), 0);
    expect_prune(9,
                 STEP("00000020") " " STEP("00000040") " " STEP("00000060") " " STEP("00000070"));
    expect_prune(1, STEP("00000070"));
}

/* Makes checkpoints/ of the run a link to what lies beside its folder. */
static void link_checkpoints(const char *to)
{
    struct error err;
    char *target = path_join("..", to), *link = path_join(run_folder, "checkpoints");
    assert_int_equal(folder_create(run_folder, &err), 0);
    assert_int_equal(file_remove(link, &err), 0);
    assert_int_equal(symlink(target, link), 0);
    free(target);
    free(link);
}

static void put_beside(const char *name)
{
    char *path = path_join(run_folder, name);
    scratch_write(path, "x", 1);
    free(path);
}

/* Large files on another disk. What lies beside them there is no run's, or has another name. */
static void a_folder_may_lie_elsewhere(void **state)
{
    (void)state;
    static const char *const places[] = {"disk/mine", "disk/checkpoints", "run/large"};
    struct error err;
    new_run("disk/mine/x");
    assert_int_equal(folder_create(run_folder, &err), 0);
    new_run("disk/checkpoints/x");
    assert_int_equal(folder_create(run_folder, &err), 0);
    for (int i = 0; i < 3; i++) {
        new_run("run/large");
        assert_int_equal(folder_create(run_folder, &err), 0);
        new_run("run");
        put_beside("lock");
        put_beside("config.ini");
        link_checkpoints(places[i]);
        expect_newest(-1, 0);
        store(10, 1);
        store(20, 2);
        expect_newest(20, 0);
        expect_prune(1, i < 2 ? STEP("00000020") " x" : STEP("00000020"));
        expect_newest(20, 0);
    }
}

/* By the file that tells a run's folder, and by links of links. */
static void checkpoints_of_another_run_are_refused(void **state)
{
    (void)state;
    static const char *const tells[] = {"lock", "config.ini"};
    struct checkpoint_file file;
    struct error err;
    for (int i = 0; i < 4; i++) {
        char *other = memory_text("other-%d", i), *theirs = path_join(other, "checkpoints");
        new_run(other);
        if (i >= 2) /* the other's lie elsewhere, too */
            link_checkpoints("disk/mine");
        store(10, 1);
        put_beside(tells[i % 2]);
        new_run("linked");
        link_checkpoints(theirs);
        assert_int_equal(checkpoint_newest(run_folder, &file, &err), -1);
        assert_non_null(strstr(err.text, "linked/checkpoints is a symbolic link to the checkpoints "
                                         "of another run"));
        assert_non_null(strstr(err.text, theirs));
        assert_int_equal(checkpoint_prune(run_folder, 1, 0, &err), -1);
        new_run(other);
        expect_newest(i < 2 ? 10 : 20, 0);
        free(other);
        free(theirs);
    }
}

/* What cannot be looked at is there all the same: it is passed over like a damaged one, and nobody begins anew. */
static void what_cannot_be_looked_at_is_there(void **state)
{
    (void)state;
    static const char *const leads[] = {"nowhere", STEP("00000030")}; /* the second to itself */
    struct checkpoint_file file;
    struct error err;
    for (int i = 0; i < 2; i++) {
        char *name = memory_text("hidden-%d", i);
        new_run(name);
        store(10, 1);
        char *path = checkpoint_path(run_folder, 30);
        assert_int_equal(symlink(leads[i], path), 0);
        expect_newest(10, 1);
        expect_prune(1, STEP("00000010") " " STEP("00000030"));
        char *whole = checkpoint_path(run_folder, 10);
        assert_int_equal(file_remove(whole, &err), 0);
        expect_newest(-2, 1);
        free(whole);
        free(path);
        free(name);
    }
    new_run("no-folder");
    link_checkpoints("nowhere");
    assert_int_equal(checkpoint_newest(run_folder, &file, &err), -1);
    assert_non_null(strstr(err.text, "no-folder/checkpoints"));
    new_run("hidden-best");
    store(10, 1);
    char *best = checkpoint_best_path(run_folder);
    assert_int_equal(symlink("nowhere", best), 0);
    assert_int_equal(checkpoint_find(run_folder, &file, &err), -1);
    assert_non_null(strstr(err.text, best));
    free(best);
}

/* A damaged checkpoint was passed over, and the run went on from the one before: what it writes
 * then has lower steps than the damaged one, and must outlive it. */
static void the_damaged_take_no_place_of_the_whole(void **state)
{
    (void)state;
    new_run("leftover");
    store(50, 1);
    store(75, 2);
    damage(75);
    store(60, 3);
    expect_prune(1, STEP("00000060") " " STEP("00000075"));
    expect_newest(60, 1);
    store(75, 4); /* the run gets there again */
    expect_prune(2, STEP("00000060") " " STEP("00000075"));
    expect_newest(75, 0);
}

static void temporary_files_go(void **state)
{
    (void)state;
    new_run("temporary");
    store(10, 1);
    static const char *const names[] = {"step-00000020.checkpoint.tmp-4711-0", "notes.txt.tmp-1-1",
                                        "notes.txt"};
    for (int i = 0; i < 3; i++) {
        char *path = memory_text("%s/checkpoints/%s", run_folder, names[i]);
        scratch_write(path, "x", 1);
        free(path);
    }
    char *best = memory_text("%s/best.checkpoint.tmp-4711-1", run_folder);
    char *other = memory_text("%s/notes.txt.tmp-1-1", run_folder);
    scratch_write(best, "x", 1);
    scratch_write(other, "x", 1);
    expect_prune(3, "notes.txt notes.txt.tmp-1-1 " STEP("00000010"));
    assert_false(file_exists(best));
    assert_true(file_exists(other));
    free(best);
    free(other);
}

/* Killed while it writes a checkpoint, in a process of its own. */
static void write_and_be_killed(int64_t step)
{
    struct file_writer writer;
    struct error err;
    char *path = checkpoint_path(run_folder, step);
    if (file_writer_open(&writer, path, &err) == 0 &&
        file_writer_write(&writer, "half of it", 10, &err) == 0)
        kill(getpid(), SIGKILL);
    _exit(1);
}

static void what_a_killed_run_was_writing_goes(void **state)
{
    (void)state;
    int status;
    new_run("killed");
    store(10, 1);
    const pid_t child = fork();
    if (child == 0)
        write_and_be_killed(20);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    struct folder_list list;
    struct error err;
    char *folder = path_join(run_folder, "checkpoints");
    assert_int_equal(folder_list_open(&list, folder, &err), 0);
    assert_int_equal(list.count, 2); /* it did leave something */
    folder_list_close(&list);
    free(folder);
    expect_newest(10, 0);
    expect_prune(3, STEP("00000010"));
}

static void what_cannot_be_removed_is_said(void **state)
{
    (void)state;
    struct error err;
    new_run("stuck");
    store(10, 1);
    char *path = checkpoint_path(run_folder, 5);
    assert_int_equal(folder_create(path, &err), 0); /* a folder of that name */
    assert_int_equal(checkpoint_prune(run_folder, 1, 0, &err), -1);
    assert_non_null(strstr(err.text, path));
    free(path);
}

/* A run in the folder, as fast as it can be: each checkpoint is the only one there, and soon gone. */
static void run_on(int64_t steps)
{
    struct buffer bytes = {0};
    struct error err;
    char *path = checkpoint_path(run_folder, 0), *before = memory_copy_text(path);
    scratch_read(path, &bytes);
    free(path);
    for (int64_t step = 1; step <= steps; step++) {
        char *part = memory_text("%s/part", run_folder);
        path = checkpoint_path(run_folder, step);
        scratch_write(part, bytes.data, bytes.size);
        if (rename(part, path) != 0 || file_remove(before, &err) < 0)
            _exit(1);
        free(part);
        free(before);
        before = path;
    }
    free(before);
    buffer_release(&bytes);
}

/* Who looks meanwhile finds one whenever he looks. */
static void a_run_that_removes_them(void **state)
{
    (void)state;
    struct checkpoint_file file;
    struct error err;
    int found = 0, status = -1;
    new_run("at-work");
    store(0, 1);
    const pid_t child = fork();
    if (child == 0) {
        run_on(3000);
        _exit(0);
    }
    while (waitpid(child, &status, WNOHANG) == 0) {
        if ((found % 2 == 0 ? checkpoint_newest(run_folder, &file, &err)
                            : checkpoint_find(run_folder, &file, &err)) < 0 ||
            !checkpoint_file_path(&file))
            break;
        checkpoint_file_close(&file);
        found++;
    }
    if (waitpid(child, &status, 0) == child)
        fail_msg("after %d: %s", found, err.text);
    assert_int_equal(status, 0);
    assert_true(found > 0);
}

/* What happens once, between the look at a folder and the opening of the first checkpoint that was seen there. */
static void (*before_it_is_opened)(const char *path);

int open(const char *path, int flags, ...)
{
    void (*act)(const char *) = before_it_is_opened;
    va_list arguments;
    va_start(arguments, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    if (act && strstr(path, ".checkpoint")) {
        before_it_is_opened = NULL;
        act(path);
    }
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

static void a_newer_takes_its_place(const char *path)
{
    assert_int_equal(unlink(path), 0);
    store(20, 3);
}

static void one_that_is_removed_when_it_was_seen(void **state)
{
    (void)state;
    new_run("seen");
    store(5, 1);
    store(10, 2);
    before_it_is_opened = a_newer_takes_its_place;
    expect_newest(20, 0);
    assert_null(before_it_is_opened);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(names_of_checkpoints),
        RANKS_TEST(the_newest_is_the_highest_step),
        RANKS_TEST(what_a_path_means),
        RANKS_TEST(the_best_is_found_and_is_not_the_newest),
        RANKS_TEST(other_names_are_no_checkpoints),
        RANKS_TEST(the_damaged_are_passed_over),
        RANKS_TEST(the_newest_are_kept),
        RANKS_TEST(some_are_kept_for_good),
        RANKS_TEST(a_folder_may_lie_elsewhere),
        RANKS_TEST(checkpoints_of_another_run_are_refused),
        RANKS_TEST(what_cannot_be_looked_at_is_there),
        RANKS_TEST(the_damaged_take_no_place_of_the_whole),
        RANKS_TEST(a_run_that_removes_them),
        RANKS_TEST(one_that_is_removed_when_it_was_seen),
        RANKS_TEST(temporary_files_go),
        RANKS_TEST(what_a_killed_run_was_writing_goes),
        RANKS_TEST(what_cannot_be_removed_is_said),
    };
    if (ranks_open(&argc, &argv) != 0)
        return 1;
    scratch_open(ranks);
    int failures = cmocka_run_group_tests(tests, NULL, ranks_check);
    scratch_close(ranks);
    return ranks_close(failures);
}
