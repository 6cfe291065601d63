/* Answers as SQuAD's official scripts compare them: lower case, without ASCII punctuation, without the words
 * a, an and the, one blank between words. Letter by letter as Python does it: str.lower() with İ and the final
 * sigma, string.punctuation, \b of a regular expression, str.split(). */
#ifndef LAMBERT_SCORE_ANSWER_TEXT_H
#define LAMBERT_SCORE_ANSWER_TEXT_H

#include <stdbool.h>

#include "lambert/base/buffer.h"

struct answer_words {
    struct buffer text; /* with a blank between words, and a NUL behind */
    struct word_span {
        const char *text; /* in text */
        size_t size;
    } * words; /* [count] in the order of their bytes */
    int count;
    size_t capacity;
};

/* What the words were before is gone. */
void answer_words_set(struct answer_words *words, const char *answer);
void answer_words_release(struct answer_words *words); /* fine on a zeroed one */

bool answers_are_same(const struct answer_words *a, const struct answer_words *b);

/* F1 of the words of one against those of the other, each as often as it stands there; 0 where one of them has
 * none. */
double answers_f1(const struct answer_words *said, const struct answer_words *gold);

#endif
