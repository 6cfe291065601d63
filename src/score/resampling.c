#include "lambert/score/resampling.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "lambert/base/sorting.h"

/* How often each unit is drawn: a function of the seed and the sample's number alone. */
static void draw(uint32_t *weights, int units, uint64_t seed, int sample)
{
    struct rng rng;
    rng_init(&rng, rng_key(seed, RNG_RESAMPLING, (uint64_t)sample, 0));
    memset(weights, 0, (size_t)units * sizeof *weights);
    for (int i = 0; i < units; i++)
        weights[rng_below(&rng, (uint32_t)units)]++;
}

/* The metrics of a sample; of two scorings what the second has more, and whether it is better. */
static void measure(const struct scoring *first, const struct scoring *second,
                    const uint32_t *weights, double *values, uint8_t *not_better)
{
    struct metric_values one, two;
    scoring_metrics(first, weights, &one);
    if (second)
        scoring_metrics(second, weights, &two);
    for (int m = 0; m < one.count; m++) {
        const struct metric_value *value = &one.at[m];
        values[m] = second ? two.at[m].value - value->value : value->value;
        not_better[m] = second && !metric_is_better(value->name, two.at[m].value, value->value);
    }
}

/* Between the two values that lie next to the place, by how near they are. */
static double percentile(const double *sorted, int count, double share)
{
    const double place = share * (count - 1);
    const int below = (int)place;
    const double part = place - below;
    return part > 0 ? sorted[below] * (1 - part) + sorted[below + 1] * part : sorted[below];
}

/* Samples in which the metric is not defined are left out. */
static struct metric_interval interval_of(const double *values, const uint8_t *not_better,
                                          int samples, double confidence)
{
    struct metric_interval interval = {NAN, NAN, 0};
    double *sorted = memory_new((size_t)samples, sizeof *sorted);
    int count = 0, worse = 0;
    for (int s = 0; s < samples; s++) {
        const size_t at = (size_t)s * METRIC_MOST;
        worse += not_better[at];
        if (!isnan(values[at]))
            sorted[count++] = values[at];
    }
    sort_doubles(sorted, (size_t)count);
    if (count > 0) {
        interval.low = percentile(sorted, count, (1 - confidence) / 2);
        interval.high = percentile(sorted, count, (1 + confidence) / 2);
    }
    interval.not_better = (double)worse / samples;
    free(sorted);
    return interval;
}

/* second NULL: there is one. */
static void resample(const struct scoring *first, const struct scoring *second,
                     const struct resampling_options *options, struct metric_interval *intervals)
{
    const int units = scoring_units(first), samples = options->samples;
    require(units > 0 && samples > 0 && options->confidence > 0 && options->confidence < 1);
    double *values = memory_new((size_t)samples * METRIC_MOST, sizeof *values);
    uint8_t *not_better = memory_new((size_t)samples * METRIC_MOST, sizeof *not_better);
#pragma omp parallel
    {
        uint32_t *weights = memory_new((size_t)units, sizeof *weights);
#pragma omp for schedule(dynamic, 16)
        for (int s = 0; s < samples; s++) {
            const size_t at = (size_t)s * METRIC_MOST;
            draw(weights, units, options->seed, s);
            measure(first, second, weights, values + at, not_better + at);
        }
        free(weights);
    }
    struct metric_values names;
    scoring_metrics(first, NULL, &names);
    for (int m = 0; m < names.count; m++)
        intervals[m] = interval_of(values + m, not_better + m, samples, options->confidence);
    free(values);
    free(not_better);
}

void resampling_intervals(const struct scoring *scoring, const struct resampling_options *options,
                          struct metric_interval *intervals)
{
    resample(scoring, NULL, options, intervals);
}

void resampling_compare(const struct scoring *first, const struct scoring *second,
                        const struct resampling_options *options, struct metric_interval *intervals)
{
    struct metric_values one, two;
    scoring_metrics(first, NULL, &one);
    scoring_metrics(second, NULL, &two);
    require(scoring_kind(first) == scoring_kind(second) && one.count == two.count &&
            scoring_units(first) == scoring_units(second));
    resample(first, second, options, intervals);
}
