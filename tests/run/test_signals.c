#include "run/signals.h"

#include <signal.h>

#include "lib/unit.h"

static void the_last_signal_is_named(void **state)
{
    (void)state;
    signals_watch();
    assert_null(signals_caught());
    raise(SIGUSR1);
    assert_string_equal(signals_caught(), "SIGUSR1");
    raise(SIGINT);
    assert_string_equal(signals_caught(), "SIGINT");
    raise(SIGTERM);
    assert_string_equal(signals_caught(), "SIGTERM");
    assert_string_equal(signals_caught(), "SIGTERM"); /* asked again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_last_signal_is_named)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
