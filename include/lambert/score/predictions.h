/* What a model says of the examples of a task, and the files that `lambert predict` writes of it and `lambert
 * score` reads. All is the caller's; what a reader fills in is freed by predictions_release().
 *
 *     classification   TSV: id, prediction, a column with the probability of each label
 *     regression       TSV: id, prediction
 *     multilabel       TSV: id, prediction (labels apart by the separator), a probability each
 *     tagging          a word a line: word, tag; a blank line behind each sentence
 *     questions        SQuAD's prediction file, {"id": "text"}, as the official scripts take it; beside it the
 *                      n-best file and, of v2.0, the null differences
 *
 * or all but questions as JSON lines: an object for each example (tagging: sentence), with the same names. */
#ifndef LAMBERT_SCORE_PREDICTIONS_H
#define LAMBERT_SCORE_PREDICTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/examples/label_set.h"
#include "lambert/examples/task.h"

/* One of the answers to a question. */
struct spoken_answer {
    char *text;
    double start_logit, end_logit;
    double probability; /* among those of the question */
};

struct question_answers {
    struct spoken_answer *at; /* [count] the best first; at least one */
    int count;
    const char *chosen;     /* the prediction: one of the texts, or "" */
    double null_difference; /* SQuAD v2.0: score of "" less that of the best span */
};

struct predictions {
    enum task_kind kind;
    int count;                        /* examples; tagging: words of all sentences */
    const struct label_set *labels;   /* NULL: regression, questions */
    const char **ids;                 /* [count]; tagging: NULL */
    int32_t *classes;                 /* [count] classification, tagging */
    float *probabilities;             /* [count, labels]; NULL: not known */
    uint8_t *marks;                   /* [count, labels] multilabel, 0 or 1 */
    double *values;                   /* [count] regression */
    struct question_answers *answers; /* [count] */
    void *memory;                     /* what predictions_release() frees */
};

void predictions_release(struct predictions *predictions); /* fine on a zeroed one */

#endif
