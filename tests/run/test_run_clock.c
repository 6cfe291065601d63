/* The clock of a run goes on from where earlier processes left it. */
#include "lib/unit.h"

#include <time.h>

#include "run/run_clock.h"

static void goes_on_from_before(void **state)
{
    (void)state;
    const struct timespec moment = {.tv_nsec = 20 * 1000 * 1000};
    struct run_clock clock;
    run_clock_start(&clock, 3600);
    const double first = run_clock_seconds(&clock);
    nanosleep(&moment, NULL);
    const double second = run_clock_seconds(&clock);
    assert_true(first >= 3600 && first < 3660);
    assert_true(second - first >= 0.019 && second - first < 60);
}

static void begins_at_nothing(void **state)
{
    (void)state;
    struct run_clock clock;
    run_clock_start(&clock, 0);
    assert_true(run_clock_seconds(&clock) >= 0 && run_clock_seconds(&clock) < 60);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_on_from_before),
        cmocka_unit_test(begins_at_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
