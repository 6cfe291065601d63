/* What a model says of windows becomes answers, as Google's run_squad.py does it: of each question, over
 * all its windows, the n_best best starts and ends that make a span of up to answer_length pieces within
 * the paragraph, in the window where the start has most surroundings; the text between them found back in the
 * original (get_final_text), each text once.
 *
 * There are no rows of padding here that would take places among the best starts and ends. A question that
 * gets no answer (Google's program says "empty" of v1.1, and of v2.0 it fails) is answered by "empty", where
 * "" is allowed by "". */
#ifndef LAMBERT_FEATURES_ANSWERS_H
#define LAMBERT_FEATURES_ANSWERS_H

#include "lambert/features/feature_set.h"
#include "lambert/score/predictions.h"

struct answer_options {
    int n_best;            /* at least 1 */
    int answer_length;     /* pieces */
    bool may_be_none;      /* SQuAD v2.0: "" is an answer, and always among them */
    double null_threshold; /* v2.0: "" where its score is above the best span's by more than that */
};

/* logits: of window w and row r of the set (feature_set_at(w), rows counted over all windows in their order)
 * [rows, 2], start and end. The set was made of these questions. *answers [questions] in the order of the
 * question set; answers_free(). Over threads, which change nothing. */
void answers_find(struct question_answers **answers, const struct feature_set *features,
                  const struct question_set *questions, const float *logits,
                  const struct answer_options *options);
void answers_free(struct question_answers *answers, int count); /* NULL is fine */

#endif
