/* How good predictions are: what is right and what was said, unit by unit (an example, a sentence, a
 * question), and the metrics of all of them, or of a sample of them, which is how intervals are made
 * (resampling.h).
 *
 *     kind             metrics, the first of which is the one that a model is chosen by
 *     classification   accuracy; f1 of the positive class, where there are two classes or one is named;
 *                      macro_f1, the mean over the classes that are right or said somewhere; matthews,
 *                      Gorodkin's R_K for any number of them (Computational Biology and Chemistry 28, 2004)
 *     regression       pearson; spearman, equal values sharing the mean of their ranks; mse
 *     multilabel       micro_f1; macro_f1, the mean over all labels; accuracy (all labels of an example right)
 *     tagging          entity_f1, entity_precision, entity_recall, as conlleval counts entities; accuracy of
 *                      words
 *     questions        f1, exact_match, as SQuAD's official scripts define them, in percent; of v2.0 also
 *                      has_answer_f1, has_answer_exact, no_answer_f1, no_answer_exact; and with null
 *                      differences best_f1, best_f1_threshold, best_exact, best_exact_threshold
 *
 * A correlation with a constant is not a number, nor is the mean of nothing; F1 of nothing, and Matthews where
 * all is right or said to be one class, are 0, as scikit-learn has them. docs/scoring.md has the formulas. */
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

/* said[q] is the answer to question q, NULL where there is none, which counts as wrong; null_differences
 * [questions] of SQuAD v2.0 or NULL. Of v2.0 metrics are of what is said as it stands; the official script
 * does the same unless it is given --na-prob-thresh. */
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

/* weights [units]: how often each unit counts; NULL: once. The list of names does not depend on them.
 * May be called by several threads at once. */
void scoring_metrics(const struct scoring *scoring, const uint32_t *weights,
                     struct metric_values *values);

/* What a question got: each from 0 to 1. */
void scoring_answer(const struct scoring *scoring, int question, double *f1, double *exact);

/* The value of that name; not a number where there is none. */
double metric_values_find(const struct metric_values *values, const char *name);

/* Whether a task of that kind has such a metric, and whether less of it is better. */
bool metric_exists(enum task_kind kind, const char *name);

/* The names of all that a kind may have, in their order, with a comma and a blank between: for sentences. */
const char *metric_names(enum task_kind kind);

/* Whether a value is better than another; not a number is better than none. Of mse, and of a model's loss, which
 * is no metric of predictions but may be compared like one ("loss"), less is better. */
bool metric_is_better(const char *name, double value, double than);

#endif
