#include "score/values.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "lambert/score/resampling.h"

enum { UNITS = 400 };

/* Of 400 examples, said right where `right` says so. */
static struct scoring *score(int right)
{
    static const int32_t gold[UNITS];
    int32_t said[UNITS];
    struct label_set labels;
    numbered_labels(&labels, 3);
    for (int i = 0; i < UNITS; i++)
        said[i] = i < right ? 0 : 1;
    struct scoring *scoring = scoring_of_classes(gold, said, UNITS, &labels, -1);
    label_set_release(&labels);
    return scoring;
}

static const struct resampling_options options = {.samples = 2000, .seed = 5, .confidence = 0.95};

/* The accuracy of a sample is binomial: its deviation is known, and so the interval, nearly. */
static void an_interval_is_as_wide_as_it_must_be(void **state)
{
    (void)state;
    struct metric_interval intervals[METRIC_MOST];
    struct scoring *scoring = score(300);
    const double deviation = sqrt(0.75 * 0.25 / UNITS);
    resampling_intervals(scoring, &options, intervals);
    assert_true(fabs(intervals[0].low - (0.75 - 1.96 * deviation)) < 0.15 * deviation);
    assert_true(fabs(intervals[0].high - (0.75 + 1.96 * deviation)) < 0.15 * deviation);
    struct resampling_options half = options;
    half.confidence = 0.5;
    resampling_intervals(scoring, &half, intervals);
    assert_true(fabs(intervals[0].low - (0.75 - 0.6745 * deviation)) < 0.15 * deviation);
    scoring_free(scoring);
}

static void threads_change_nothing_and_seeds_do(void **state)
{
    (void)state;
    struct metric_interval one[METRIC_MOST], four[METRIC_MOST], other[METRIC_MOST];
    struct scoring *scoring = score(250);
    struct resampling_options another = options;
    const int threads = omp_get_max_threads();
    another.seed = 6;
    omp_set_num_threads(1);
    resampling_intervals(scoring, &options, one);
    omp_set_num_threads(4);
    resampling_intervals(scoring, &options, four);
    resampling_intervals(scoring, &another, other);
    omp_set_num_threads(threads);
    assert_memory_equal(one, four, 3 * sizeof *one); /* accuracy, macro_f1, matthews */
    assert_true(one[1].low != other[1].low || one[1].high != other[1].high);
    scoring_free(scoring);
}

/* The samples as the header says they are drawn, and numpy's linear percentile, computed here again. */
static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void a_sample_is_drawn_with_its_own_key(void **state)
{
    (void)state;
    enum { SAMPLES = 21 };
    double means[SAMPLES];
    struct metric_interval intervals[METRIC_MOST];
    struct resampling_options few = {.samples = SAMPLES, .seed = 9, .confidence = 0.9};
    struct scoring *scoring = score(100);
    for (int s = 0; s < SAMPLES; s++) {
        struct rng rng;
        int right = 0;
        rng_init(&rng, rng_key(9, RNG_RESAMPLING, (uint64_t)s, 0));
        for (int i = 0; i < UNITS; i++)
            right += rng_below(&rng, UNITS) < 100;
        means[s] = (double)right / UNITS;
    }
    qsort(means, SAMPLES, sizeof *means, compare);
    resampling_intervals(scoring, &few, intervals);
    assert_true(fabs(intervals[0].low - means[1]) < 1e-15); /* 5% of 20 steps: the second */
    assert_true(fabs(intervals[0].high - means[19]) < 1e-15);
    scoring_free(scoring);
}

static void two_are_compared_in_pairs(void **state)
{
    (void)state;
    struct metric_interval intervals[METRIC_MOST];
    struct scoring *first = score(300), *second = score(312), *same = score(300);
    /* The second is right wherever the first is, and on 12 more: no sample makes it worse. */
    resampling_compare(first, second, &options, intervals);
    assert_true(intervals[0].low > 0 && intervals[0].high < 0.06);
    assert_true(intervals[0].not_better < 0.001);
    resampling_compare(second, first, &options, intervals);
    assert_true(intervals[0].high < 0 && intervals[0].not_better == 1);
    resampling_compare(first, same, &options, intervals);
    assert_true(intervals[0].low == 0 && intervals[0].high == 0 && intervals[0].not_better == 1);
    scoring_free(first);
    scoring_free(second);
    scoring_free(same);
}

/* A sample of one value only has no correlation, and is left out; of two units half are such. */
static void undefined_samples_are_left_out(void **state)
{
    (void)state;
    static const double gold[] = {1, 2}, said[] = {3, 5}, constant[] = {4, 4};
    struct metric_interval intervals[METRIC_MOST];
    struct scoring *scoring = scoring_of_values(gold, said, 2);
    struct scoring *never = scoring_of_values(gold, constant, 2);
    resampling_intervals(scoring, &options, intervals);
    assert_true(fabs(intervals[0].low - 1) < 1e-15 && fabs(intervals[0].high - 1) < 1e-15);
    resampling_intervals(never, &options, intervals);
    assert_true(isnan(intervals[0].low) && isnan(intervals[0].high));
    resampling_compare(never, scoring, &options, intervals);
    assert_true(isnan(intervals[0].low));
    assert_true(fabs(intervals[0].not_better - 0.5) < 0.05); /* a number is better than none */
    scoring_free(scoring);
    scoring_free(never);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_interval_is_as_wide_as_it_must_be),
        cmocka_unit_test(threads_change_nothing_and_seeds_do),
        cmocka_unit_test(a_sample_is_drawn_with_its_own_key),
        cmocka_unit_test(two_are_compared_in_pairs),
        cmocka_unit_test(undefined_samples_are_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
