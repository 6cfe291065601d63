#include "lambert/base/ignored_signal.h"

#include <signal.h>

#include "lib/unit.h"

static void told(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    (void)context;
}

static void only_what_is_ignored_is(void **state)
{
    (void)state;
    assert_int_not_equal(signal(SIGHUP, SIG_DFL), SIG_ERR);
    assert_false(signal_is_ignored(SIGHUP));
    assert_int_not_equal(signal(SIGHUP, SIG_IGN), SIG_ERR);
    assert_true(signal_is_ignored(SIGHUP));
    assert_true(signal_is_ignored(SIGHUP)); /* to ask changes nothing */
    assert_false(signal_is_ignored(SIGINT));
    const struct sigaction action = {.sa_sigaction = told, .sa_flags = SA_SIGINFO};
    assert_int_equal(sigaction(SIGHUP, &action, NULL), 0);
    assert_false(signal_is_ignored(SIGHUP));
    assert_false(signal_is_ignored(100000)); /* there is no such signal */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_what_is_ignored_is)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
