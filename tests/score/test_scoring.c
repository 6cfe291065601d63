#include "score/values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "score/metrics.h"

static void metrics_have_names(void **state)
{
    (void)state;
    assert_true(metric_exists(TASK_CLASSIFICATION, "accuracy"));
    assert_true(metric_exists(TASK_CLASSIFICATION, "matthews"));
    assert_true(metric_exists(TASK_CLASSIFICATION, "f1"));
    assert_false(metric_exists(TASK_CLASSIFICATION, "micro_f1"));
    assert_false(metric_exists(TASK_CLASSIFICATION, "macro"));
    assert_false(metric_exists(TASK_CLASSIFICATION, ""));
    assert_true(metric_exists(TASK_REGRESSION, "mse"));
    assert_false(metric_exists(TASK_NONE, "accuracy"));
    assert_string_equal(metric_names(TASK_REGRESSION), "pearson, spearman, mse");
}

static void less_of_a_squared_error_is_better(void **state)
{
    (void)state;
    assert_true(metric_is_better("accuracy", 0.5, 0.4));
    assert_false(metric_is_better("accuracy", 0.5, 0.5));
    assert_true(metric_is_better("mse", 0.4, 0.5));
    assert_false(metric_is_better("mse", 0.5, 0.4));
    assert_true(metric_is_better("loss", 0.4, 0.5));
    assert_false(metric_is_better("loss", 0.5, 0.4));
    assert_true(metric_is_better("mse", 0.5, NAN));
    assert_false(metric_is_better("pearson", NAN, -1));
    assert_false(metric_is_better("pearson", NAN, NAN));
}

static void values_are_found_by_name(void **state)
{
    (void)state;
    struct metric_values values = {.count = 0};
    metric_add(&values, "one", 1);
    metric_add(&values, "two", 2);
    assert_true(metric_values_find(&values, "two") == 2);
    assert_true(isnan(metric_values_find(&values, "three")));
}

static void order_keeps_equal_ones(void **state)
{
    (void)state;
    static const double x[] = {2, 1, 2, -1, 1};
    static const int expected[] = {3, 1, 4, 0, 2};
    int *order = ascending_order(x, 5);
    assert_memory_equal(order, expected, sizeof expected);
    free(order);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(metrics_have_names),
        cmocka_unit_test(less_of_a_squared_error_is_better),
        cmocka_unit_test(values_are_found_by_name),
        cmocka_unit_test(order_keeps_equal_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
