/* Random strings made to hurt a tokenizer; a string is a function of the state of `rng` alone. Most
 * are of 1 to 60 characters, one in some hundred of several hundred. Each mixes one to four kinds:
 * English words, ASCII, Latin, all planes, combining marks, Hangul, Kana, CJK, right-to-left text
 * and its controls, sigmas and what may stand around them, letters whose case is special,
 * white space and controls, bytes that are not UTF-8, and words whose length is near the limit. */
#ifndef LAMBERT_TESTS_TEXT_RANDOM_STRINGS_H
#define LAMBERT_TESTS_TEXT_RANDOM_STRINGS_H

#include <stddef.h>

#include "lambert/base/buffer.h"
#include "lambert/base/rng.h"

/* The English words. */
extern const char *const english_words[];
extern const size_t english_word_count;

/* Appends one. `limit` is the longest word that the tokenizer takes, in characters. */
void put_random_string(struct buffer *out, struct rng *rng, int limit);

/* Appends UTF-8's form of a number up to 1FFFFF, in `size` bytes where that is more than it needs:
 * surrogates, overlong forms and what lies beyond U+10FFFF are written, too. */
void put_code(struct buffer *out, int32_t code, int size);

#endif
