/* BERT's tokenizer, slow and obvious: the definition that the fast one (lambert/text/tokenizer.h)
 * is held against. Written from the description of Google's BasicTokenizer and WordPiece alone, one
 * simple step after the other over arrays of code points; it shares no code with src/text. What is
 * asked about a code point (category, case, decomposition) is asked of utf8proc. */
#ifndef LAMBERT_TESTS_TEXT_SLOW_TOKENIZER_H
#define LAMBERT_TESTS_TEXT_SLOW_TOKENIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/text/tokenizer.h"

/* The code points of UTF-8, as Python decodes with errors="ignore"; appended to `codes` as int32_t.
 * Returns the number of bytes that were ignored. */
size_t slow_decode(const void *text, size_t size, struct buffer *codes);

bool slow_is_space(int32_t code); /* Python's str.isspace() */

/* Whether the bytes are valid UTF-8 and all white space; true where there are none. */
bool slow_is_blank(const void *text, size_t size);

/* Drops white space at both ends; bytes that are not UTF-8 are none. */
void slow_trim(const char **text, size_t *size);

/* The tokens of a vocab.txt, made for searching; read-only once made. */
struct slow_vocabulary;
struct slow_vocabulary *slow_vocabulary_new(const void *vocab_txt, size_t size);
void slow_vocabulary_free(struct slow_vocabulary *vocabulary);

struct slow_result {
    struct buffer words; /* each followed by '\n' */
    struct buffer ids;   /* int32_t */
    struct tokenizer_counts counts;
};

/* What tokenizer_words() and tokenizer_encode() ought to say of a text. `result` may be zeroed or
 * used before. */
void slow_tokenize(const struct slow_vocabulary *vocabulary,
                   const struct tokenizer_options *options, const void *text, size_t size,
                   struct slow_result *result);
void slow_result_release(struct slow_result *result);

#endif
