#include "lib/unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "lambert/base/activity.h"
#include "lambert/base/clock.h"
#include "lambert/base/log.h"
#include "lambert/base/progress.h"
#include "lambert/base/watchdog.h"

/* --- what it thinks ---------------------------------------------------------------------------- */

/* Looks `times` times, a second apart, at the same moves; only the last may be an event. */
static enum watch_event look_for(struct watch *watch, uint64_t moves, int times)
{
    for (int i = 1; i < times; i++)
        assert_int_equal(watch_look(watch, moves, 1), WATCH_NOTHING);
    return watch_look(watch, moves, 1);
}

static void silence_ends_once(void **state)
{
    (void)state;
    struct watch watch;
    watch_init(&watch, 100);
    assert_int_equal(watch_look(&watch, 7, 1), WATCH_NOTHING);
    assert_int_equal(look_for(&watch, 7, 50), WATCH_WARN);
    assert_int_equal(look_for(&watch, 7, 50), WATCH_REPORT);
    assert_int_equal(look_for(&watch, 7, 10), WATCH_END);
    assert_int_equal(look_for(&watch, 7, 1000), WATCH_NOTHING);
}

static void a_move_begins_anew(void **state)
{
    (void)state;
    struct watch watch;
    watch_init(&watch, 100);
    for (uint64_t moves = 1; moves < 20; moves++) {
        assert_int_equal(watch_look(&watch, moves, 1), WATCH_NOTHING);
        assert_int_equal(look_for(&watch, moves, 49), WATCH_NOTHING);
    }
    assert_int_equal(look_for(&watch, 19, 1), WATCH_WARN);
    assert_int_equal(watch_look(&watch, 20, 1), WATCH_NOTHING);
    assert_int_equal(look_for(&watch, 20, 50), WATCH_WARN);
    assert_int_equal(look_for(&watch, 20, 50), WATCH_REPORT);
    assert_int_equal(look_for(&watch, 20, 9), WATCH_NOTHING);
    assert_int_equal(watch_look(&watch, 21, 1), WATCH_RELIEF);
    assert_int_equal(look_for(&watch, 21, 50), WATCH_WARN);
}

/* One look after a long time skips the warning, but never the report. */
static void the_rest_for_others(void **state)
{
    (void)state;
    static const struct {
        double limit, grace;
    } cases[] = {{0.1, 2}, {3, 2}, {100, 10}, {1800, 30}, {1e9, 30}};
    for (int i = 0; i < 5; i++) {
        struct watch watch;
        watch_init(&watch, cases[i].limit);
        assert_int_equal(watch_look(&watch, 0, cases[i].limit), WATCH_REPORT);
        assert_int_equal(watch_look(&watch, 0, 0.9 * cases[i].grace), WATCH_NOTHING);
        assert_int_equal(watch_look(&watch, 0, 0.2 * cases[i].grace), WATCH_END);
    }
}

/* --- what it does ------------------------------------------------------------------------------ */

static void pass_time(double seconds)
{
    nanosleep(&(struct timespec){(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)}, NULL);
}

/* Runs `body` in a child whose standard error is a pipe, which is read only if `heard`. */
static int status_of(void (*body)(void), bool heard, char *said, size_t size)
{
    int ends[2], status;
    size_t length = 0;
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        body();
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t got = 1; heard && got > 0; length += got > 0 ? (size_t)got : 0)
        got = read(ends[0], said + length, size - 1 - length);
    said[length] = '\0';
    assert_int_equal(waitpid(child, &status, 0), child);
    close(ends[0]);
    return status;
}

static struct watchdog *start(double limit)
{
    struct error err;
    struct watchdog *watchdog;
    if (watchdog_start(&watchdog, limit, "train.watchdog_seconds", "try again", &err) != 0)
        _exit(99);
    return watchdog;
}

static void hang(void)
{
    log_set_rank(3);
    start(0.2);
    activity_task("step", 12);
    activity_at("backward, layer", 7);
    pass_time(60);
}

static void tidy(void)
{
    static const char text[] = "tidied\n";
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0)
        _exit(98);
}

static void hang_with_a_last_act(void)
{
    watchdog_set_last_act(start(0.2), tidy);
    pass_time(60);
}

static void what_is_to_be_done_last_is_done(void **state)
{
    (void)state;
    char said[4096];
    const int status = status_of(hang_with_a_last_act, true, said, sizeof said);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_non_null(strstr(said, "try again\ntidied\n"));
}

static void a_hanging_process_is_ended(void **state)
{
    (void)state;
    char said[4096], host[256] = "", wanted[512];
    gethostname(host, sizeof host - 1);
    double started = clock_seconds();
    int status = status_of(hang, true, said, sizeof said);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
    assert_true(clock_seconds() - started < 20);
    snprintf(wanted, sizeof wanted,
             "error: rank 3 on %s made no progress for 0:00: step 12, "
             "backward, layer 7\n",
             host);
    if (strstr(said, wanted) == NULL)
        fail_msg("said: %s", said);
    assert_null(strstr(said, "warning")); /* that is for rank 0 */
    assert_non_null(strstr(said, "the run stands still and is ended"));
}

/* Silent for twice the limit, but not for the limit and the grace. */
static void recover(void)
{
    struct watchdog *watchdog = start(1);
    pass_time(2);
    activity_task("step", 1);
    pass_time(0.4);
    watchdog_stop(watchdog);
}

static void one_that_moves_again_lives(void **state)
{
    (void)state;
    char said[4096];
    int status = status_of(recover, true, said, sizeof said);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("status %x, said: %s", (unsigned)status, said);
    assert_non_null(strstr(said, "warning: no progress for 0:0"));
    assert_non_null(strstr(said, "error: rank 0 on "));
    assert_non_null(strstr(said, "warning: rank 0 moves again: step 1\n"));
}

static void work_on(void)
{
    struct watchdog *watchdog = start(0.5);
    for (int i = 0; i < 60; i++) {
        activity_heartbeat();
        pass_time(0.05);
    }
    watchdog_stop(watchdog);
}

static void one_that_moves_lives(void **state)
{
    (void)state;
    char said[4096];
    assert_int_equal(status_of(work_on, true, said, sizeof said), 0);
    assert_string_equal(said, "");
}

/* Stopped for much longer than limit and grace. */
static void be_suspended(void)
{
    struct watchdog *watchdog = start(0.5);
    pid_t self = getpid();
    if (fork() == 0) {
        kill(self, SIGSTOP);
        pass_time(4);
        kill(self, SIGCONT);
        _exit(0);
    }
    pass_time(0.1);
    activity_heartbeat();
    watchdog_stop(watchdog);
    wait(NULL);
}

static void being_suspended_does_not_count(void **state)
{
    (void)state;
    char said[4096];
    double started = clock_seconds();
    int status = status_of(be_suspended, true, said, sizeof said);
    assert_true(clock_seconds() - started > 3.9);
    assert_int_equal(status, 0);
    assert_string_equal(said, "");
}

/* Standard error is a pipe that is full and that nobody empties. */
static void hang_in_writing(void)
{
    static const char junk[4096];
    int flags = fcntl(STDERR_FILENO, F_GETFL);
    fcntl(STDERR_FILENO, F_SETFL, flags | O_NONBLOCK);
    while (write(STDERR_FILENO, junk, sizeof junk) > 0)
        ;
    fcntl(STDERR_FILENO, F_SETFL, flags);
    start(0.2);
    log_warning("this blocks");
}

static void one_that_cannot_say_it_is_ended(void **state)
{
    (void)state;
    char said[1];
    int status = status_of(hang_in_writing, false, said, sizeof said);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM);
}

static _Atomic bool told;

static bool is_told(void)
{
    return told;
}

static struct watchdog *start_with_early_end(void)
{
    struct watchdog *watchdog = start(1000);
    const struct early_end early_end = {.is_due = is_told, .seconds = 2, .code = 75};
    watchdog_set_early_end(watchdog, &early_end);
    return watchdog;
}

static void be_told_and_hang(void)
{
    start_with_early_end();
    activity_task("reading", -1);
    told = true;
    pass_time(60);
}

/* Long before its limit; and with a code of its own, for nothing was wrong with the run. */
static void who_has_nothing_to_lose_ends_early(void **state)
{
    (void)state;
    char said[4096];
    const int status = status_of(be_told_and_hang, true, said, sizeof said);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 75);
    assert_non_null(strstr(said, " is told to end, and has made no progress for 0:0"));
    assert_non_null(strstr(said, ": reading; nothing is lost"));
    assert_null(strstr(said, "stands still"));
}

/* Who is told moves on; who stands still is not told. */
static void end_in_peace(void)
{
    struct watchdog *watchdog = start_with_early_end();
    told = true;
    for (int i = 0; i < 60; i++) {
        activity_heartbeat();
        pass_time(0.1);
    }
    told = false;
    pass_time(4);
    watchdog_stop(watchdog);
}

static void who_moves_or_is_not_told_does_not(void **state)
{
    (void)state;
    char said[4096];
    assert_int_equal(status_of(end_in_peace, true, said, sizeof said), 0);
    assert_string_equal(said, "");
}

static void zero_is_none(void **state)
{
    (void)state;
    struct error err;
    struct watchdog *watchdog;
    assert_int_equal(watchdog_start(&watchdog, 0, "train.watchdog_seconds", "try again", &err), 0);
    assert_null(watchdog);
    watchdog_set_last_act(watchdog, tidy);
    watchdog_set_early_end(watchdog, &(struct early_end){.is_due = is_told});
    watchdog_stop(watchdog);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_ends_once),
        cmocka_unit_test(a_move_begins_anew),
        cmocka_unit_test(the_rest_for_others),
        cmocka_unit_test(a_hanging_process_is_ended),
        cmocka_unit_test(what_is_to_be_done_last_is_done),
        cmocka_unit_test(one_that_moves_again_lives),
        cmocka_unit_test(one_that_moves_lives),
        cmocka_unit_test(being_suspended_does_not_count),
        cmocka_unit_test(one_that_cannot_say_it_is_ended),
        cmocka_unit_test(who_has_nothing_to_lose_ends_early),
        cmocka_unit_test(who_moves_or_is_not_told_does_not),
        cmocka_unit_test(zero_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
