/* BERT's BasicTokenizer, for what is not plain ASCII: cleaning, CJK spacing, white space, and in
 * each token of that lower-casing with the final-sigma rule, canonical decomposition and the loss
 * of accents (as the options say), then the cut at punctuation. */
#ifndef LAMBERT_TEXT_NORMALIZER_H
#define LAMBERT_TEXT_NORMALIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/text/tokenizer_options.h"

struct code_list {
    int32_t *codes;
    size_t count, capacity;
};

struct normalizer {
    bool lower_case, strip_accents, split_han;
    uint64_t invalid_bytes;      /* met so far */
    struct code_list token;      /* as it stands in the text */
    struct code_list decomposed; /* lower-cased and decomposed, or one of the two */
    struct buffer word;
    struct buffer marks;
};

void normalizer_init(struct normalizer *normalizer, const struct tokenizer_options *options);
void normalizer_release(struct normalizer *normalizer);

/* Hands each word of the text, in order, to `word` as UTF-8. Any text will do: what stands on
 * either side of ASCII white space does not touch. */
void normalizer_words(struct normalizer *normalizer, const char *text, size_t size,
                      void (*word)(void *context, const char *text, size_t size), void *context);

#endif
