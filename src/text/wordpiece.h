/* WordPiece: a normalised word to the ids of its pieces, greedily the longest piece first; one
 * place without a piece, or too many characters, and the whole word is [UNK]. */
#ifndef LAMBERT_TEXT_WORDPIECE_H
#define LAMBERT_TEXT_WORDPIECE_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/base/buffer.h"
#include "lambert/text/vocabulary.h"
#include "piece_trie.h"

struct wordpiece {
    const struct piece_trie *trie;
    uint32_t continuation; /* the node that "##" leads to */
    size_t max_characters;
    int32_t unknown;
};

/* The vocabulary must outlive it; there is nothing to release. */
void wordpiece_init(struct wordpiece *wordpiece, const struct vocabulary *vocabulary,
                    int max_characters);

/* Appends the ids as int32_t; false: it was [UNK]. The word is valid UTF-8, size > 0. */
bool wordpiece_encode(const struct wordpiece *wordpiece, const char *word, size_t size,
                      struct buffer *ids);

/* The same of a word, or of what is left of one (continues: its first piece has "##"), without the limit of
 * characters; false, and nothing is appended: one place has no piece. */
bool wordpiece_match(const struct wordpiece *wordpiece, bool continues, const char *word,
                     size_t size, struct buffer *ids);

#endif
