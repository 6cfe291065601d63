/* A multiset of words. */
#ifndef LAMBERT_TEXT_WORD_COUNTS_H
#define LAMBERT_TEXT_WORD_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "text_table.h"

struct word_counts {
    struct text_table words;
    uint64_t *counts; /* [words.count] */
    size_t capacity;
    uint64_t running; /* the sum of the counts */
};

void word_counts_init(struct word_counts *counts);
void word_counts_release(struct word_counts *counts);

void word_counts_add(struct word_counts *counts, const char *word, size_t size, uint64_t times);
void word_counts_reset(struct word_counts *counts); /* empty */

/* Keeps the most frequent words, of those as frequent the smaller by their bytes: at most `words`, and as many as have
 * together at most `characters`. */
void word_counts_trim(struct word_counts *counts, uint32_t words, uint64_t characters);

#endif
