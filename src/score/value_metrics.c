#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "metrics.h"

/* Whether all that count are the same number: sums would not quite say so. */
static bool is_constant(const double *x, const uint32_t *weights, int count)
{
    int first = -1;
    for (int i = 0; i < count; i++) {
        if (weight_of(weights, i) == 0)
            continue;
        if (first < 0)
            first = i;
        if (x[i] != x[first])
            return false;
    }
    return true;
}

static double mean_of(const double *x, const uint32_t *weights, int count)
{
    double sum = 0, all = 0;
    for (int i = 0; i < count; i++) {
        sum += weight_of(weights, i) * x[i];
        all += weight_of(weights, i);
    }
    return sum / all;
}

static double correlation(const double *x, const double *y, const uint32_t *weights, int count)
{
    const double x_mean = mean_of(x, weights, count), y_mean = mean_of(y, weights, count);
    double xx = 0, yy = 0, xy = 0;
    if (is_constant(x, weights, count) || is_constant(y, weights, count))
        return NAN;
    for (int i = 0; i < count; i++) {
        const double weight = weight_of(weights, i), dx = x[i] - x_mean, dy = y[i] - y_mean;
        xx += weight * dx * dx;
        yy += weight * dy * dy;
        xy += weight * dx * dy;
    }
    return fmax(-1, fmin(1, xy / (sqrt(xx) * sqrt(yy)))); /* rounding may step over */
}

/* Ranks from 1; equal values share the mean of theirs, and one that counts twice has two. */
static double *ranks_of(const double *x, const int *order, const uint32_t *weights, int count)
{
    double *ranks = memory_new((size_t)count, sizeof *ranks);
    double before = 0;
    for (int begin = 0, end; begin < count; begin = end) {
        double equal = 0;
        for (end = begin; end < count && x[order[end]] == x[order[begin]]; end++)
            equal += weight_of(weights, order[end]);
        for (int i = begin; i < end; i++)
            ranks[order[i]] = before + (equal + 1) / 2;
        before += equal;
    }
    return ranks;
}

static double rank_correlation(const struct scoring *scoring, const uint32_t *weights)
{
    const int units = scoring->units;
    double *gold = ranks_of(scoring->values.gold, scoring->values.gold_order, weights, units);
    double *said = ranks_of(scoring->values.said, scoring->values.said_order, weights, units);
    const double result = correlation(gold, said, weights, units);
    free(gold);
    free(said);
    return result;
}

static double mean_square(const struct scoring *scoring, const uint32_t *weights)
{
    double sum = 0, all = 0;
    for (int i = 0; i < scoring->units; i++) {
        const double difference = scoring->values.said[i] - scoring->values.gold[i];
        sum += weight_of(weights, i) * difference * difference;
        all += weight_of(weights, i);
    }
    return sum / all;
}

static bool all_finite(const double *x, int count)
{
    for (int i = 0; i < count; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

/* What is not finite has no mean and no rank, as a model's output that went wrong. */
static void value_metrics(const struct scoring *scoring, const uint32_t *weights,
                          struct metric_values *values)
{
    const double *gold = scoring->values.gold, *said = scoring->values.said;
    const int units = scoring->units;
    const bool finite = all_finite(gold, units) && all_finite(said, units);
    metric_add(values, "pearson", finite ? correlation(gold, said, weights, units) : NAN);
    metric_add(values, "spearman", finite ? rank_correlation(scoring, weights) : NAN);
    metric_add(values, "mse", finite ? mean_square(scoring, weights) : NAN);
}

static void release_values(struct scoring *scoring)
{
    free(scoring->values.gold);
    free(scoring->values.said);
    free(scoring->values.gold_order);
    free(scoring->values.said_order);
}

static const struct scoring_rules value_rules = {TASK_REGRESSION, value_metrics, release_values};

static double *copy_values(const double *from, int count)
{
    double *copy = memory_new((size_t)count, sizeof *copy);
    return count > 0 ? memcpy(copy, from, (size_t)count * sizeof *copy) : copy;
}

struct scoring *scoring_of_values(const double *gold, const double *said, int examples)
{
    struct scoring *scoring = memory_new(1, sizeof *scoring);
    scoring->rules = &value_rules;
    scoring->units = examples;
    scoring->values.gold = copy_values(gold, examples);
    scoring->values.said = copy_values(said, examples);
    scoring->values.gold_order = ascending_order(gold, examples);
    scoring->values.said_order = ascending_order(said, examples);
    return scoring;
}
