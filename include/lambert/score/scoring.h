/* How good predictions are: what is right and what was said, unit by unit (an example, a sentence, a
 * question), and the metrics of all of them, or of a sample of them, which is how intervals are made
 * (resampling.h).
 *
 *     kind             metrics, the first of which is the one that a model is chosen by
 *     classification   accuracy; f1 of the positive class, where there are two classes or one is named;
 *                      macro_f1, the mean over classes; matthews, Gorodkin's for any number of them
 *     regression       pearson, spearman, mse
 *     multilabel       micro_f1, macro_f1, accuracy (all labels of an example right)
 *     tagging          entity_f1, entity_precision, entity_recall, as conlleval counts entities; accuracy of
 *                      words
 *     questions        f1, exact_match, as SQuAD's official scripts define them, in percent; v2.0 with
 *                      best_f1, best_exact and their thresholds, and both for questions that have an answer
 *                      and those that have none
 *
 * A metric that is not defined (a correlation with a constant) is not a number; F1 of nothing is 0. */
#ifndef LAMBERT_SCORE_SCORING_H
#define LAMBERT_SCORE_SCORING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/examples/label_set.h"
#include "lambert/examples/question_set.h"
#include "lambert/examples/tagged_sentences.h"
#include "lambert/examples/task.h"

struct scoring;

/* Of each example, or [examples, labels] or [words of all sentences], numbers of labels; all is copied.
 * positive: the class that `f1` is of; -1: the second of two, of more there is no f1. */
struct scoring *scoring_of_classes(const int32_t *gold, const int32_t *said, int examples,
                                   const struct label_set *labels, int positive);
struct scoring *scoring_of_values(const double *gold, const double *said, int examples);
struct scoring *scoring_of_labels(const uint8_t *gold /* [examples, labels], 0 or 1 */,
                                  const uint8_t *said, int examples,
                                  const struct label_set *labels);
struct scoring *scoring_of_tags(const struct tagged_sentences *gold,
                                const char *const *said /* [words] the tag of each */);

/* said[q] is the answer to question q, NULL where there is none; null_differences [questions] of SQuAD v2.0
 * or NULL. */
struct scoring *scoring_of_answers(const struct question_set *gold, const char *const *said,
                                   const double *null_differences);
void scoring_free(struct scoring *scoring); /* NULL is fine */

enum task_kind scoring_kind(const struct scoring *scoring);
int scoring_units(const struct scoring *scoring);

enum { METRIC_MOST = 24 };

struct metric_values {
    struct metric_value {
        const char *name; /* "macro_f1" */
        double value;
    } at[METRIC_MOST];
    int count;
};

/* weights [units]: how often each unit counts; NULL: once. The list of names does not depend on them. */
void scoring_metrics(const struct scoring *scoring, const uint32_t *weights,
                     struct metric_values *values);

/* The value of that name; not a number where there is none. */
double metric_values_find(const struct metric_values *values, const char *name);

/* Whether a task of that kind has such a metric, and whether less of it is better. */
bool metric_exists(enum task_kind kind, const char *name);
bool metric_is_better(const char *name, double value, double than);

#endif
