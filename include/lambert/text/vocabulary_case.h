/* What a vocabulary tells of the text that it was made of: whether that was lower-cased, and lost its accents. Where it
 * was, no token is left that doing so again would change, whatever the script; where it was not, at least the
 * alphabet has such tokens: capitals, letters with accents, Korean syllables, Arabic letters with a hamza, vowel signs.
 *
 * A thousandth of all tokens is enough to tell: 26 capitals by themselves and 26 within words are twice that of the
 * 21,128 tokens of a Chinese BERT. One that has fewer says nothing: odd ones come in by hand, or by another version of
 * Unicode. Tokens in brackets ([MASK], <S>) are no text and do not count. */
#ifndef LAMBERT_TEXT_VOCABULARY_CASE_H
#define LAMBERT_TEXT_VOCABULARY_CASE_H

#include <stdbool.h>

#include "lambert/text/vocabulary.h"

struct vocabulary_case {
    int tokens;                   /* all that count */
    int capitals;                 /* of these: those that lower-casing would change, */
    int accents;                  /* that stripping accents would change, */
    int small;                    /* and that have a lower-case letter with a capital */
    const char *capital, *accent; /* the first of each, the vocabulary's; "" where there is none */
};

struct vocabulary_case vocabulary_case_of(const struct vocabulary *vocabulary);

/* Whether so many of its tokens tell something. */
bool vocabulary_case_tells(const struct vocabulary_case *seen, int count);

#endif
