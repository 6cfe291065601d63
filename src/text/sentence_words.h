/* Words that say whether a sentence begins with them, in the languages of abbreviations.h: beside a
 * dot that might belong to an abbreviation, an initial or an ordinal. */
#ifndef LAMBERT_TEXT_SENTENCE_WORDS_H
#define LAMBERT_TEXT_SENTENCE_WORDS_H

#include <stddef.h>

enum sentence_word {
    WORD_FIRST = 1, /* "The", "He", "Der": a capital that says nothing but that a sentence begins */
    WORD_NAME = 2,  /* one of these that is also a part of names: "J. De Niro" */
    WORD_COUNTED = 4, /* "Oktober", "Jahrhundert": a noun that an ordinal stands before */
    WORD_ARTICLE = 8  /* "am", "der": a number with a dot behind it is an ordinal */
};

/* All that hold of a word, or 0. Capitals matter. */
unsigned sentence_word(const char *word, size_t size);

#endif
