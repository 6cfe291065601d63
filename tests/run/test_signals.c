#include "run/signals.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lambert/base/clock.h"
#include "lib/scratch.h"

static void the_last_signal_is_named(void **state)
{
    static const struct {
        int number;
        const char *name;
    } all[] = {{SIGUSR1, "SIGUSR1"}, {SIGINT, "SIGINT"},   {SIGTERM, "SIGTERM"},
               {SIGHUP, "SIGHUP"},   {SIGUSR2, "SIGUSR2"}, {SIGXCPU, "SIGXCPU"}};
    (void)state;
    signals_watch();
    signals_watch();
    assert_null(signals_caught());
    assert_false(signals_stop());
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        raise(all[i].number);
        assert_string_equal(signals_caught(), all[i].name);
        assert_string_equal(signals_caught(), all[i].name); /* asked again */
        assert_true(signals_stop());
    }
}

/* Under nohup a run does not end with its terminal. */
static void hang_up_as_nohup_does(void)
{
    signal(SIGHUP, SIG_IGN);
    signals_watch();
    raise(SIGHUP);
    if (signals_stop())
        abort();
    raise(SIGTERM);
    if (!signals_stop())
        abort();
    _exit(0);
}

/* A moment is heard as a signal is, once it is over, and what is said of it later changes nothing. */
static void end_in_time(void)
{
    signals_set_end(INFINITY, "never");
    if (signals_stop() || signals_caught())
        abort();
    signals_set_end(clock_seconds() + 1000, "later");
    if (signals_stop() || signals_caught())
        abort();
    signals_set_end(clock_seconds(), "now");
    if (!signals_stop() || strcmp(signals_caught(), "now") != 0)
        abort();
    signals_set_end(INFINITY, "never");
    if (!signals_stop() || strcmp(signals_caught(), "now") != 0)
        abort();
    signals_watch();
    raise(SIGTERM);
    if (strcmp(signals_caught(), "SIGTERM") != 0)
        abort();
    _exit(0);
}

static void write_to_nobody(void)
{
    int ends[2];
    signals_watch();
    if (pipe(ends) != 0)
        abort();
    close(ends[0]);
    if (write(ends[1], "x", 1) != -1 || errno != EPIPE || signals_stop())
        abort();
    _exit(0);
}

static void assert_survives(void (*body)(void))
{
    struct buffer said = {0};
    assert_int_equal(signal_of(body, &said), 0);
    buffer_release(&said);
}

static void what_nohup_ignores_stays_ignored(void **state)
{
    (void)state;
    assert_survives(hang_up_as_nohup_does);
}

static void a_moment_is_heard(void **state)
{
    (void)state;
    assert_survives(end_in_time);
}

static void a_pipe_without_a_reader_ends_nothing(void **state)
{
    (void)state;
    assert_survives(write_to_nobody);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_nohup_ignores_stays_ignored),
        cmocka_unit_test(a_moment_is_heard),
        cmocka_unit_test(a_pipe_without_a_reader_ends_nothing),
        cmocka_unit_test(the_last_signal_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
