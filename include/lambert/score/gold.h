/* What is right, from a file, and predictions held against it: they are matched by their ids (of tags: word by
 * word), and what cannot be matched is an error that names it.
 *
 *     gold_read(&gold, &format, path, true, err);
 *     predictions_read(&said, &said_format, path, err);
 *     gold_labels(&gold, predictions, count, &labels);        unless a list says them
 *     gold_score(&scoring, &gold, &said, &labels, positive, err);
 *     gold_release(&gold); */
#ifndef LAMBERT_SCORE_GOLD_H
#define LAMBERT_SCORE_GOLD_H

#include <stdbool.h>

#include "lambert/examples/question_set.h"
#include "lambert/examples/tagged_sentences.h"
#include "lambert/examples/text_examples.h"
#include "lambert/score/predictions.h"
#include "lambert/score/scoring.h"

struct gold {
    enum task_kind kind;
    struct text_examples texts;        /* classification, regression, multilabel */
    struct tagged_sentences sentences; /* tagging */
    struct question_set questions;
};

/* The examples of a file. The format need not say where the texts are: ids and what is right are read then.
 * labels_wanted: what is right has to be there. On failure there is nothing to release. */
int gold_read(struct gold *gold, const struct task_format *format, const char *path,
              bool labels_wanted, struct error *err);
void gold_release(struct gold *gold); /* fine on a zeroed one */

/* The labels that are right or said somewhere (count 0: that are right). Regression and questions have none. */
void gold_labels(const struct gold *gold, const struct predictions *said /* [count] */, int count,
                 struct label_set *labels);

/* Fails on an example that nothing is said of, on something said of none, and on a label that the set has not.
 * labels are not looked at where the kind has none; positive as in scoring_of_classes(). */
int gold_score(struct scoring **scoring, const struct gold *gold, const struct predictions *said,
               const struct label_set *labels, int positive, struct error *err);

/* Classification: which class is right and which was said, [examples] of the gold each; free(). */
int gold_classes(const struct gold *gold, const struct predictions *said,
                 const struct label_set *labels, int32_t **right, int32_t **other,
                 struct error *err);

#endif
