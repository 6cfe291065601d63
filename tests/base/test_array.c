/* Arrays that grow one by one and by leaps keep what is in them. */
#include "lib/unit.h"

#include <stdlib.h>

#include "lambert/base/array.h"

static void keeps_its_elements(void **state)
{
    (void)state;
    int *numbers = NULL, resizes = 0;
    size_t capacity = 0;
    for (int i = 0; i < 10000; i++) {
        const size_t before = capacity;
        ARRAY_RESERVE(numbers, (size_t)i + 1, capacity);
        resizes += capacity != before;
        numbers[i] = i;
    }
    for (int i = 0; i < 10000; i++)
        assert_int_equal(numbers[i], i);
    assert_true(resizes < 25);
    free(numbers);
}

static void grows_by_leaps(void **state)
{
    (void)state;
    char(*records)[24] = NULL;
    size_t capacity = 0;
    ARRAY_RESERVE(records, 1, capacity);
    assert_true(capacity >= 1);
    ARRAY_RESERVE(records, 1000, capacity);
    assert_true(capacity >= 1000);
    records[999][23] = 'x';
    const size_t before = capacity;
    ARRAY_RESERVE(records, 10, capacity);
    assert_int_equal(capacity, before);
    free(records);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_its_elements),
        cmocka_unit_test(grows_by_leaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
