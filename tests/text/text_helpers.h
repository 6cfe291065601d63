/* What the tests of this folder share. */
#ifndef LAMBERT_TESTS_TEXT_TEXT_HELPERS_H
#define LAMBERT_TESTS_TEXT_TEXT_HELPERS_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/base/buffer.h"
#include "lambert/text/tokenizer.h"
#include "lambert/text/vocabulary.h"

/* A vocabulary of tokens written with blanks between; the special tokens it lacks are put behind.
 */
struct vocabulary *vocabulary_of(const char *tokens);

/* The words tokenizer_words() finds, with blanks between; valid until the next call. */
const char *words_of_bytes(const char *text, size_t size, bool lower_case);
const char *words_of(const char *text, bool lower_case);
const char *words_by(const struct tokenizer_options *options, const char *text);

/* The pieces of a text, with blanks between; valid until the next call. */
const char *pieces_of(struct tokenizer *tokenizer, const struct vocabulary *vocabulary,
                      const char *text);

/* Random text made to hurt: ASCII, accents, Greek, Hangul, marks, punctuation, white space,
 * controls, invalid bytes. Appends `characters` of them. */
struct rng;
void put_random_text(struct buffer *out, struct rng *rng, int characters);

#endif
