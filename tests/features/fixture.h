/* Small vocabularies and examples for tests of features. */
#ifndef LAMBERT_TESTS_FEATURES_FIXTURE_H
#define LAMBERT_TESTS_FEATURES_FIXTURE_H

#include "lambert/features/feature_set.h"

/* The special tokens and these pieces, a blank between two. */
struct vocabulary *vocabulary_of(const char *pieces);

/* The pieces of a sequence, a blank between two; good until the next call. */
const char *pieces_of(const struct vocabulary *vocabulary, const struct feature *feature);

/* Questions about one paragraph each or several; room for a few. */
struct made_questions {
    struct question_set set;
    const char *contexts[8];
    struct question at[256];
    struct answer answers[256];
};

void questions_begin(struct made_questions *made);

/* The paragraph that the next questions are about. */
void questions_context(struct made_questions *made, const char *context);

/* answer: a text of the paragraph, and where in it, in bytes; NULL: the question is impossible. Its identity
 * is q0, q1, ... */
void questions_add(struct made_questions *made, const char *text, const char *answer, size_t start);

/* The same where the text stands first. */
void questions_ask(struct made_questions *made, const char *text, const char *answer);

#endif
