#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "metrics.h"

struct label_counts {
    double *gold, *said, *correct; /* [labels] */
    double all, all_correct;       /* examples */
};

static void count_labels(const struct scoring *scoring, const uint32_t *weights,
                         struct label_counts *counts)
{
    const size_t labels = (size_t)scoring->labels.count;
    *counts = (struct label_counts){.gold = memory_new(3 * labels, sizeof *counts->gold)};
    counts->said = counts->gold + labels;
    counts->correct = counts->said + labels;
    for (int i = 0; i < scoring->units; i++) {
        const uint8_t *gold = scoring->labels.gold + (size_t)i * labels;
        const uint8_t *said = scoring->labels.said + (size_t)i * labels;
        const double weight = weight_of(weights, i);
        if (weight == 0)
            continue;
        for (size_t l = 0; l < labels; l++) {
            counts->gold[l] += weight * gold[l];
            counts->said[l] += weight * said[l];
            counts->correct[l] += weight * (gold[l] & said[l]);
        }
        counts->all += weight;
        counts->all_correct += memcmp(gold, said, labels) == 0 ? weight : 0;
    }
}

static void label_metrics(const struct scoring *scoring, const uint32_t *weights,
                          struct metric_values *values)
{
    const int labels = scoring->labels.count;
    struct label_counts counts;
    double gold = 0, said = 0, correct = 0, sum = 0;
    count_labels(scoring, weights, &counts);
    for (int l = 0; l < labels; l++) {
        gold += counts.gold[l];
        said += counts.said[l];
        correct += counts.correct[l];
        sum += f1_of_counts(counts.correct[l], counts.gold[l], counts.said[l]);
    }
    metric_add(values, "micro_f1", f1_of_counts(correct, gold, said));
    metric_add(values, "macro_f1", labels > 0 ? sum / labels : 0);
    metric_add(values, "accuracy", counts.all_correct / counts.all);
    free(counts.gold);
}

static void release_labels(struct scoring *scoring)
{
    free(scoring->labels.gold);
    free(scoring->labels.said);
}

static const struct scoring_rules label_rules = {TASK_MULTILABEL, label_metrics, release_labels};

static uint8_t *copy_marks(const uint8_t *from, size_t count)
{
    uint8_t *copy = memory_new(count, 1);
    for (size_t i = 0; i < count; i++) {
        require(from[i] <= 1);
        copy[i] = from[i];
    }
    return copy;
}

struct scoring *scoring_of_labels(const uint8_t *gold, const uint8_t *said, int examples,
                                  const struct label_set *labels)
{
    const size_t count = (size_t)examples * (size_t)labels->count;
    struct scoring *scoring = memory_new(1, sizeof *scoring);
    scoring->rules = &label_rules;
    scoring->units = examples;
    scoring->labels.gold = copy_marks(gold, count);
    scoring->labels.said = copy_marks(said, count);
    scoring->labels.count = labels->count;
    return scoring;
}
