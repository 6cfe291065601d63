#include "lambert/base/sorting.h"

#include <math.h>

#include "lib/unit.h"

static void ascending(void **state)
{
    (void)state;
    double values[] = {3, -INFINITY, 0.5, INFINITY, -2, 0.5};
    const double wanted[] = {-INFINITY, -2, 0.5, 0.5, 3, INFINITY};
    sort_doubles(values, 6);
    for (int i = 0; i < 6; i++)
        assert_true(values[i] == wanted[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ascending)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
