#include "score/values.h"

#include <math.h>

static const double x[] = {5, 3.8, 0, 1.5, 1.5, 4, 2, 2, 2, 3.25};
static const double y[] = {4.5, 3, 0.5, 1, 1.25, 4.5, 1, 2.5, 3, 3};

/* scipy 1.17's pearsonr and spearmanr. */
static void correlations_are_scipys(void **state)
{
    (void)state;
    struct scoring *scoring = scoring_of_values(x, y, 10);
    check_value(scoring, NULL, "pearson", 0.8976995919579173);
    check_value(scoring, NULL, "spearman", 0.9122301875592254);
    check_value(scoring, NULL, "mse", 0.4015);
    check_values(scoring, NULL, "pearson 0.8977, spearman 0.91223, mse 0.4015");
}

/* The same of the values as often as they weigh: numpy's repeat(). */
static void weights_are_copies(void **state)
{
    (void)state;
    static const uint32_t weights[] = {2, 0, 1, 3, 1, 0, 1, 1, 0, 1};
    struct scoring *scoring = scoring_of_values(x, y, 10);
    check_value(scoring, weights, "pearson", 0.9573252480302764);
    check_value(scoring, weights, "spearman", 0.8990275707432198);
    check_value(scoring, weights, "mse", 0.2875);
    scoring_free(scoring);
}

static void a_constant_has_no_correlation(void **state)
{
    (void)state;
    static const double tenths[] = {0.1, 0.1, 0.1}, others[] = {1, 2, 3};
    static const uint32_t one[] = {0, 3, 0};
    check_values(scoring_of_values(tenths, others, 3), NULL,
                 "pearson nan, spearman nan, mse 4.27667");
    check_values(scoring_of_values(others, others, 3), one, "pearson nan, spearman nan, mse 0");
    check_values(scoring_of_values(others, others, 3), NULL, "pearson 1, spearman 1, mse 0");
}

static void what_is_not_finite_has_no_metric(void **state)
{
    (void)state;
    static const double broken[] = {1, NAN, 2}, infinite[] = {1, INFINITY, 2}, others[] = {1, 2, 3};
    check_values(scoring_of_values(others, broken, 3), NULL, "pearson nan, spearman nan, mse nan");
    check_values(scoring_of_values(others, infinite, 3), NULL,
                 "pearson nan, spearman nan, mse nan");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(correlations_are_scipys),
        cmocka_unit_test(weights_are_copies),
        cmocka_unit_test(a_constant_has_no_correlation),
        cmocka_unit_test(what_is_not_finite_has_no_metric),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
