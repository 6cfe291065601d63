/* One token of a text (what white space, or a Chinese character, parts) lower-cased, decomposed, ordered and
 * stripped of accents as a whole: the definition of what normalizing is, for tokens with characters that look at
 * their neighbours (code_table.h says which). */
#ifndef LAMBERT_TEXT_TOKEN_NORMALIZER_H
#define LAMBERT_TEXT_TOKEN_NORMALIZER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"

struct code_list {
    int32_t *codes;
    size_t count, capacity;
};

struct token_normalizer {
    bool lower_case, strip_accents;
    struct code_list token;   /* as it stands in the text, cleaned: token_normalizer_add() */
    struct code_list changed; /* lower-cased, decomposed */
    struct buffer marks;
};

void token_normalizer_init(struct token_normalizer *normalizer, bool lower_case,
                           bool strip_accents);
void token_normalizer_release(struct token_normalizer *normalizer);

void token_normalizer_add(struct token_normalizer *normalizer, int32_t code);
/* What the token has become, valid until the next is begun with token_normalizer_add(). */
const struct code_list *token_normalizer_end(struct token_normalizer *normalizer);

/* Cleaning, of a code point by itself: whether it is white space, and whether it is dropped without a trace.
 * Google's tokenizer keeps characters for private use; that of an exported model (transformers) drops them,
 * and a model is to be trained on what it will read. */
bool token_ends_at(int32_t code);
bool token_leaves_out(int32_t code);
bool token_is_punctuation(int32_t code);

#endif
