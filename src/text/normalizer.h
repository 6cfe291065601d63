/* BERT's BasicTokenizer, for what is not plain ASCII: cleaning, CJK spacing, white space, and in
 * each token of that lower-casing with the final-sigma rule, canonical decomposition and the loss
 * of accents (as the options say), then the cut at punctuation.
 *
 *     normalizer_begin(&normalizer, text, size);
 *     while (normalizer_next(&normalizer))
 *         for (size_t w = 0; w < normalizer.word_count; w++) ...
 *
 * Code points are looked up one by one (code_table.h), and tokens that this does not do are normalised
 * as a whole (token_normalizer.h). */
#ifndef LAMBERT_TEXT_NORMALIZER_H
#define LAMBERT_TEXT_NORMALIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "code_table.h"
#include "lambert/base/buffer.h"
#include "lambert/text/tokenizer_options.h"
#include "token_normalizer.h"

struct normal_word {
    size_t start, size; /* in the normalizer's text; size > 0 */
    bool
        joins; /* no white space parts it from the word before, and neither of them is punctuation */
};

struct normalizer {
    const struct code_table *table;
    struct token_normalizer slow;
    bool split_han;
    uint64_t invalid_bytes; /* met so far */
    uint64_t accents;       /* characters that lost some so far */

    const char *input; /* [input_size], of which what stands before position is done */
    size_t input_size, position;

    struct buffer text;        /* of the words, UTF-8 */
    struct normal_word *words; /* [word_count] */
    size_t word_count, word_capacity;
    size_t word_start; /* in text, of the word that is being written */
    bool joins;        /* what the next word does */
};

void normalizer_init(struct normalizer *normalizer, const struct tokenizer_options *options);
void normalizer_release(struct normalizer *normalizer);

/* Any text will do: what stands on either side of ASCII white space does not touch. It must stay until the
 * last of its words was taken. */
void normalizer_begin(struct normalizer *normalizer, const char *text, size_t size);
/* The next of its words, in order, valid until the next call; false: there are none left. */
bool normalizer_next(struct normalizer *normalizer);

static inline const char *normalizer_word(const struct normalizer *normalizer, size_t number)
{
    return (const char *)normalizer->text.data + normalizer->words[number].start;
}

#endif
