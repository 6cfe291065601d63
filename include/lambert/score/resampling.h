/* How sure a metric is: percentile intervals by the bootstrap (Efron 1979), units drawn with replacement as
 * many as there are; of two sets of predictions for the same units, in pairs, the interval of the difference
 * and in what share of the samples the second is not better. A pure function of the seed. */
#ifndef LAMBERT_SCORE_RESAMPLING_H
#define LAMBERT_SCORE_RESAMPLING_H

#include <stdint.h>

#include "lambert/score/scoring.h"

struct resampling_options {
    int samples; /* 1,000 or more for 95% */
    uint64_t seed;
    double confidence; /* 0.95 */
};

struct metric_interval {
    double low, high;
    double
        not_better; /* of two: the share of samples in which the second is not better than the first */
};

/* intervals [metrics of scoring_metrics()]; those of two are of second - first. On all threads. */
void resampling_intervals(const struct scoring *scoring, const struct resampling_options *options,
                          struct metric_interval *intervals);
void resampling_compare(const struct scoring *first, const struct scoring *second,
                        const struct resampling_options *options,
                        struct metric_interval *intervals);

#endif
