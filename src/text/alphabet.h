/* The characters a vocabulary begins with: the most frequent ones of the counted words, ties going
 * to the smaller code point. A word with a character outside the alphabet cannot be learnt from (it
 * will be [UNK] whatever the vocabulary), nor can one beyond the tokenizer's limit of length. */
#ifndef LAMBERT_TEXT_ALPHABET_H
#define LAMBERT_TEXT_ALPHABET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "text_table.h"
#include "word_counts.h"

enum { ALPHABET_WORD_LONGEST = 200 }; /* characters of a word that is learnt from */

struct alphabet {
    struct text_table seen; /* every character of the words */
    struct alphabet_character {
        uint64_t count;
        uint32_t number; /* in seen */
        bool kept;
        bool inside; /* stands behind another character in some word that can be learnt from */
    } * characters;  /* [seen.count], by number */
    size_t capacity;
};

void alphabet_init(struct alphabet *alphabet, const struct word_counts *words, int limit);
void alphabet_release(struct alphabet *alphabet);

/* Entries that the alphabet takes in a vocabulary. */
uint32_t alphabet_size(const struct alphabet *alphabet);

/* The share of the words' characters that are in it, 0 to 1, and how many of the most frequent characters it
 * takes for a share. */
double alphabet_share(const struct alphabet *alphabet);
uint32_t alphabet_limit_for(const struct alphabet *alphabet, double share);

/* Characters of a word that can be learnt from, 0 for any other word. */
size_t alphabet_spells(const struct alphabet *alphabet, const char *word, size_t size);

/* Appends the alphabet to a vocabulary: the characters by code point, then, as "##c" and by code
 * point, those that stand inside words. */
void alphabet_entries(const struct alphabet *alphabet, struct text_table *pieces);

#endif
