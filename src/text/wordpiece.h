/* WordPiece: a normalised word to the ids of its pieces, greedily the longest piece first; one
 * place without a piece, or too many characters, and the whole word is [UNK]. */
#ifndef LAMBERT_SRC_TEXT_WORDPIECE_H
#define LAMBERT_SRC_TEXT_WORDPIECE_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/base/buffer.h"
#include "lambert/text/vocabulary.h"

struct wordpiece {
    const struct vocabulary *vocabulary;
    size_t longest; /* bytes of the vocabulary's longest token */
    size_t max_characters;
    int32_t unknown;
    struct buffer word; /* where "##" is written in front of the rest of a word */
};

void wordpiece_init(struct wordpiece *wordpiece, const struct vocabulary *vocabulary,
                    int max_characters);
void wordpiece_release(struct wordpiece *wordpiece);

/* Appends the ids as int32_t; false: it was [UNK]. size > 0. */
bool wordpiece_encode(struct wordpiece *wordpiece, const char *word, size_t size,
                      struct buffer *ids);

#endif
