/* What a scoring is inside: for each kind of task what is kept of its units, and the rules that make metrics
 * of them. */
#ifndef LAMBERT_SCORE_METRICS_H
#define LAMBERT_SCORE_METRICS_H

#include "lambert/score/scoring.h"

struct scoring_rules {
    enum task_kind kind;
    void (*metrics)(const struct scoring *scoring, const uint32_t *weights,
                    struct metric_values *values);
    void (*release)(struct scoring *scoring);
};

/* Of a sentence: entities that are right in both, that were said, that there are; and words. */
struct tag_counts {
    int correct, said, gold;
    int words_right, words;
};

struct answer_score {
    double f1, exact;
    bool has_answer, said_none;
};

struct scoring {
    const struct scoring_rules *rules;
    int units;
    union {
        struct {
            int32_t *gold, *said; /* [units] */
            int count, positive;
        } classes;
        struct {
            double *gold, *said;          /* [units] */
            int *gold_order, *said_order; /* [units] ascending */
        } values;
        struct {
            uint8_t *gold, *said; /* [units, count] */
            int count;
        } labels;
        struct tag_counts *sentences; /* [units] */
        struct {
            struct answer_score *scores; /* [units] */
            double *null_differences;    /* [units] or NULL */
            int *null_order;             /* [units] ascending, as they come where they are equal */
            bool has_impossible;
        } answers;
    };
};

static inline double weight_of(const uint32_t *weights, int unit)
{
    return weights ? (double)weights[unit] : 1;
}

void metric_add(struct metric_values *values, const char *name, double value);

/* 2 correct / (gold + said): the harmonic mean of precision and recall; 0 of nothing. */
double f1_of_counts(double correct, double gold, double said);

/* The numbers of x [count] in ascending order; of equal ones the first comes first. free(). */
int *ascending_order(const double *x, int count);

#endif
