/* A list of words, sorted by their bytes, with a number for each. */
#ifndef LAMBERT_TEXT_WORD_LIST_H
#define LAMBERT_TEXT_WORD_LIST_H

#include <stddef.h>

enum { LONGEST_LISTED = 19 };

struct listed_word {
    char word[LONGEST_LISTED]; /* zeros behind it */
    unsigned char number;      /* not 0 */
};

#define LENGTH_OF_LIST(list) (sizeof(list) / sizeof((list)[0]))

/* The number of a word, 0 of one that is not in the list. */
unsigned word_list_find(const struct listed_word *list, size_t count, const char *word,
                        size_t size);

#endif
