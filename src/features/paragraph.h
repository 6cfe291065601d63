/* A paragraph as run_squad.py sees it: words apart by space, tab, line end or U+202F, each tokenised by
 * itself. It knows places in the context, not the context. */
#ifndef LAMBERT_FEATURES_PARAGRAPH_H
#define LAMBERT_FEATURES_PARAGRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "encoder.h"

struct paragraph {
    struct word_place *words; /* [word_count] */
    int word_count;
    int32_t *first_piece; /* [word_count + 1] pieces before each word; a word may have none */
    int32_t *pieces;      /* [first_piece[word_count]] ids */
};

void paragraph_init(struct paragraph *paragraph, const char *context, struct encoder *encoder);
void paragraph_release(struct paragraph *paragraph); /* fine on a zeroed one */

static inline int paragraph_pieces(const struct paragraph *paragraph)
{
    return paragraph->first_piece[paragraph->word_count];
}

/* The word that byte `place` of the context lies in, or that ended before it; -1: there is none. */
int paragraph_word_at(const struct paragraph *paragraph, size_t place);

/* The word that a piece is of. */
int paragraph_word_of(const struct paragraph *paragraph, int piece);

/* Appends the words from `first` to `last`, a space between two. */
void paragraph_put_words(const struct paragraph *paragraph, const char *context, int first,
                         int last, struct buffer *text);

#endif
