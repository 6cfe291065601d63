#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "bench/bench_tools.h"
#include "lambert/base/file.h"
#include "lambert/base/memory.h"

static void medians(void **state)
{
    (void)state;
    double one[] = {3}, two[] = {4, 1}, three[] = {5, 1, 2}, four[] = {9, 1, 2, 4};
    assert_true(bench_median(one, 1) == 3);
    assert_true(bench_median(two, 2) == 2.5);
    assert_true(bench_median(three, 3) == 2);
    assert_true(three[0] == 1 && three[2] == 5); /* they are sorted */
    assert_true(bench_median(four, 4) == 3);
}

static int count_calls(void *context, struct error *err)
{
    int *calls = context;
    return ++*calls == 5 ? error_set(err, "the fifth call") : 0;
}

static void every_call_has_to_succeed(void **state)
{
    (void)state;
    struct error err;
    double seconds = -1;
    int calls = 0;
    assert_int_equal(bench_time(count_calls, &calls, 3, &seconds, &err), 0);
    assert_int_equal(calls, 3);
    assert_true(seconds >= 0);
    assert_int_equal(bench_time(count_calls, &calls, 3, &seconds, &err), -1);
    assert_string_equal(err.text, "the fifth call");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(medians),
        cmocka_unit_test(every_call_has_to_succeed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
