/* Of many threads that fail one error is kept, and the others see that there is one. */
#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/first_error.h"

static void none_is_none(void **state)
{
    (void)state;
    struct first_error first;
    struct error err;
    first_error_init(&first);
    assert_false(first_error_set(&first));
    assert_int_equal(first_error_take(&first, &err), 0);
}

static void the_first_is_kept(void **state)
{
    (void)state;
    struct first_error first;
    struct error one, two, err;
    error_set(&one, "one");
    error_set(&two, "two");
    first_error_init(&first);
    first_error_put(&first, &one);
    assert_true(first_error_set(&first));
    first_error_put(&first, &two);
    assert_int_equal(first_error_take(&first, &err), -1);
    assert_string_equal(err.text, "one");
}

static void threads_meet_one_error(void **state)
{
    (void)state;
    struct first_error first;
    struct error err;
    int stopped = 0;
    first_error_init(&first);
#pragma omp parallel num_threads(8) reduction(+ : stopped)
    {
        struct error own;
        error_set(&own, "%s", "a thread failed, and this is all that it has to say of it");
        first_error_put(&first, &own);
        stopped += first_error_set(&first);
    }
    assert_int_equal(first_error_take(&first, &err), -1);
    assert_string_equal(err.text, "a thread failed, and this is all that it has to say of it");
    assert_true(stopped >= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(none_is_none),
        cmocka_unit_test(the_first_is_kept),
        cmocka_unit_test(threads_meet_one_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
