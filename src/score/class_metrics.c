#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "metrics.h"

/* How often each class is right, is said, and is said where it is right. */
struct class_counts {
    double *gold, *said, *correct; /* [classes] */
    double all, all_correct;
};

static void count_classes(const struct scoring *scoring, const uint32_t *weights,
                          struct class_counts *counts)
{
    const size_t classes = (size_t)scoring->classes.count;
    *counts = (struct class_counts){.gold = memory_new(3 * classes, sizeof *counts->gold)};
    counts->said = counts->gold + classes;
    counts->correct = counts->said + classes;
    for (int i = 0; i < scoring->units; i++) {
        const int32_t gold = scoring->classes.gold[i], said = scoring->classes.said[i];
        const double weight = weight_of(weights, i);
        counts->gold[gold] += weight;
        counts->said[said] += weight;
        counts->correct[gold] += gold == said ? weight : 0;
        counts->all += weight;
        counts->all_correct += gold == said ? weight : 0;
    }
}

static double macro_f1(const struct class_counts *counts, int classes)
{
    double sum = 0;
    int there = 0;
    for (int c = 0; c < classes; c++) {
        sum += f1_of_counts(counts->correct[c], counts->gold[c], counts->said[c]);
        there += counts->gold[c] + counts->said[c] > 0;
    }
    return there > 0 ? sum / there : 0;
}

/* Gorodkin's R_K: the covariance of two indicator matrices over the root of the product of their variances,
 * from the counts of classes alone. */
static double matthews(const struct class_counts *counts, int classes)
{
    double both = 0, gold = 0, said = 0;
    for (int c = 0; c < classes; c++) {
        both += counts->gold[c] * counts->said[c];
        gold += counts->gold[c] * counts->gold[c];
        said += counts->said[c] * counts->said[c];
    }
    const double square = counts->all * counts->all;
    const double variances = (square - gold) * (square - said);
    return variances > 0 ? (counts->all_correct * counts->all - both) / sqrt(variances) : 0;
}

static void class_metrics(const struct scoring *scoring, const uint32_t *weights,
                          struct metric_values *values)
{
    const int classes = scoring->classes.count, positive = scoring->classes.positive;
    struct class_counts counts;
    count_classes(scoring, weights, &counts);
    metric_add(values, "accuracy", counts.all_correct / counts.all);
    if (positive >= 0)
        metric_add(
            values, "f1",
            f1_of_counts(counts.correct[positive], counts.gold[positive], counts.said[positive]));
    metric_add(values, "macro_f1", macro_f1(&counts, classes));
    metric_add(values, "matthews", matthews(&counts, classes));
    free(counts.gold);
}

static void release_classes(struct scoring *scoring)
{
    free(scoring->classes.gold);
    free(scoring->classes.said);
}

static const struct scoring_rules class_rules = {TASK_CLASSIFICATION, class_metrics,
                                                 release_classes};

static int32_t *copy_classes(const int32_t *from, int count, int classes)
{
    int32_t *copy = memory_new((size_t)count, sizeof *copy);
    for (int i = 0; i < count; i++) {
        require(from[i] >= 0 && from[i] < classes);
        copy[i] = from[i];
    }
    return copy;
}

struct scoring *scoring_of_classes(const int32_t *gold, const int32_t *said, int examples,
                                   const struct label_set *labels, int positive)
{
    const int count = labels->count;
    require(positive < count);
    struct scoring *scoring = memory_new(1, sizeof *scoring);
    scoring->rules = &class_rules;
    scoring->units = examples;
    scoring->classes.gold = copy_classes(gold, examples, count);
    scoring->classes.said = copy_classes(said, examples, count);
    scoring->classes.count = count;
    scoring->classes.positive = positive < 0 && count == 2 ? 1 : positive;
    return scoring;
}
