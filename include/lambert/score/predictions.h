/* What a model says of the examples of a task, and the files that `lambert predict` writes of it and `lambert
 * score` reads.
 *
 *     classification   TSV: id, prediction, a column with the probability of each label
 *     regression       TSV: id, prediction
 *     multilabel       TSV: id, prediction (labels apart by the separator), a probability each
 *     tagging          a word a line: word, tag; a blank line behind each sentence
 *     questions        SQuAD's prediction file, {"id": "text"}, as the official scripts take it; beside it the
 *                      n-best file and, of v2.0, the null differences
 *
 * or all but questions as JSON lines, an object for each example: id, prediction (multilabel: a list),
 * probabilities (an object, with a number for each label); of tagging for each sentence: words, tags. CSV is
 * read, too. Reading keeps no probabilities.
 *
 * What is written is the caller's; predictions_release() frees what was read, and may be called for what
 * memory_new() gave: each array, and of answers the lists and their texts. */
#ifndef LAMBERT_SCORE_PREDICTIONS_H
#define LAMBERT_SCORE_PREDICTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/base/pool.h"
#include "lambert/examples/label_set.h"
#include "lambert/examples/tagged_sentences.h"
#include "lambert/examples/task.h"

/* One of the answers to a question. */
struct spoken_answer {
    char *text;
    double start_logit, end_logit;
    double probability; /* among those of the question */
};

struct question_answers {
    struct spoken_answer
        *at; /* [count] the best first; at least one, but none where they were read */
    int count;
    const char *chosen; /* the prediction: one of the texts, or "" */
    double
        null_difference; /* SQuAD v2.0: score of "" less that of the best span; not a number: not known */
};

struct predictions {
    enum task_kind kind;
    int count;                                /* examples; tagging: words of all sentences */
    const struct label_set *labels;           /* NULL: regression, questions */
    const char **ids;                         /* [count]; tagging: NULL */
    int32_t *classes;                         /* [count] classification, tagging */
    float *probabilities;                     /* [count, labels]; NULL: not known */
    uint8_t *marks;                           /* [count, labels] multilabel, 0 or 1 */
    double *values;                           /* [count] regression */
    struct question_answers *answers;         /* [count] */
    const struct tagged_sentences *sentences; /* tagging: whose words `classes` are of */
    const char *separator;                    /* multilabel, in TSV; NULL: "," */

    /* Of what was read: */
    char *path;                   /* for sentences */
    int *lines;                   /* [count] of the file, from 1; questions: NULL */
    struct label_set *own_labels; /* the labels, those that the file has */
    struct tagged_sentences *own_sentences;
    struct pool memory; /* of ids and texts */
};

/* form TABLE_BY_NAME: as the path says. Fails where TSV cannot hold a text: one with a tab or a line end, or
 * a word with a blank. Files are replaced whole (base/file.h). */
int predictions_write(const struct predictions *predictions, const char *path, enum table_form form,
                      struct error *err);

/* Of questions: what Google's run_squad.py calls nbest_predictions.json and null_odds.json. */
int predictions_write_n_best(const struct predictions *predictions, const char *path,
                             struct error *err);
int predictions_write_null_differences(const struct predictions *predictions, const char *path,
                                       struct error *err);

/* What this program writes and what others do: columns by format->columns, where `label` is the column of
 * what was said and the id may be named as well; NULL: "prediction", and "id" where there is such a column, else
 * the number of the row. Tagging: the first and the last column. Questions: {"id": "text"}, an n-best file,
 * {"id": [{"text": "..."}]}, whose first counts, or a list of {"id": ..., "prediction_text": ...}. */
int predictions_read(struct predictions *predictions, const struct task_format *format,
                     const char *path, struct error *err);

/* {"id": number} of every question that was read. */
int predictions_read_null_differences(struct predictions *predictions, const char *path,
                                      struct error *err);

/* Tagging: the tag of each word, [count]; free(). */
const char **predictions_tags(const struct predictions *predictions);

void predictions_release(struct predictions *predictions); /* fine on a zeroed one */

#endif
