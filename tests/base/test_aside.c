/* Work that a thread of its own does: it is waited for, or left behind. */
#include "lib/unit.h"

#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "lambert/base/aside.h"

/* Work that goes on when somebody writes into its pipe, as a read from a disk that answers late. */
struct reading {
    int ends[2];
    char got;
    atomic_bool over;
};

static void read_one(void *context)
{
    struct reading *reading = context;
    if (read(reading->ends[0], &reading->got, 1) != 1)
        reading->got = '!';
    atomic_store(&reading->over, true);
}

static void begin(struct aside **aside, struct reading *reading)
{
    struct error err;
    *reading = (struct reading){.got = ' '};
    assert_int_equal(pipe(reading->ends), 0);
    assert_int_equal(aside_begin(aside, "reader", read_one, reading, &err), 0);
}

static void answer(struct reading *reading)
{
    assert_int_equal(write(reading->ends[1], "x", 1), 1);
}

static void close_pipe(struct reading *reading)
{
    close(reading->ends[0]);
    close(reading->ends[1]);
}

static void what_it_did_is_there(void **state)
{
    (void)state;
    struct aside *aside;
    struct reading reading;
    begin(&aside, &reading);
    assert_false(aside_wait(aside, 0));
    assert_false(aside_wait(aside, 0.02));
    answer(&reading);
    assert_true(aside_wait(aside, 60));
    assert_true(aside_wait(aside, 0)); /* asked again */
    assert_true(aside_end(aside, 0));
    assert_int_equal(reading.got, 'x');
    close_pipe(&reading);
}

static void its_end_is_waited_for(void **state)
{
    (void)state;
    struct aside *aside;
    struct reading reading;
    begin(&aside, &reading);
    answer(&reading);
    assert_true(aside_end(aside, 60));
    assert_int_equal(reading.got, 'x');
    close_pipe(&reading);
}

/* One that is left behind may go on later, and nothing of it is lost then (a leak would be told by the sanitizer). */
static void it_can_be_left_behind(void **state)
{
    (void)state;
    struct aside *aside;
    struct reading reading;
    begin(&aside, &reading);
    assert_false(aside_end(aside, 0.02));
    assert_false(atomic_load(&reading.over));
    answer(&reading);
    for (int looks = 0; looks < 6000 && !atomic_load(&reading.over); looks++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    assert_true(atomic_load(&reading.over));
    close_pipe(&reading);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_it_did_is_there),
        cmocka_unit_test(its_end_is_waited_for),
        cmocka_unit_test(it_can_be_left_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
