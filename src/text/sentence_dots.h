/* What a single dot belongs to: the sentence that it ends, or the word before it. */
#ifndef LAMBERT_TEXT_SENTENCE_DOTS_H
#define LAMBERT_TEXT_SENTENCE_DOTS_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/text/sentence_splitter.h"

/* What a sentence would begin with, were one to begin behind a stop. */
enum follower {
    FOLLOWER_NONE,  /* the text ends */
    FOLLOWER_GLUED, /* no space behind the stop */
    FOLLOWER_COMMA, /* or another stop */
    FOLLOWER_LOWER,
    FOLLOWER_DIGIT,
    FOLLOWER_OTHER
};

/* Whether the dot at `dot` ends the sentence that begins at `first`. The follower, a DIGIT or OTHER,
 * stands at `next`. */
bool dot_ends_sentence(const struct sentence_splitter *splitter, size_t first, size_t dot,
                       enum follower follower, size_t next);

/* Whether the word before the dot is a plain one: digits right behind such a dot are a footnote's. */
bool dot_has_plain_word(const struct sentence_splitter *splitter, size_t first, size_t dot);

#endif
