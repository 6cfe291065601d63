/* Byte-pair merging over counted words: each word is a row of pieces, at first one a character, and
 * the most frequent pair of neighbours becomes one piece everywhere, again and again. Counts are
 * kept up to date at the places that change, so a merge costs what it changes, not a pass over the
 * words.
 */
#ifndef LAMBERT_TEXT_PAIR_MERGER_H
#define LAMBERT_TEXT_PAIR_MERGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "pair_queue.h"
#include "text_table.h"

/* A piece of a word. A merged pair keeps the left symbol; the right one is dead from then on. */
struct symbol {
    uint32_t piece;
    uint32_t word;
    uint8_t to_next, to_previous; /* symbols away; 0: none. Words are shorter than 256 characters */
};

struct pair_merger {
    struct text_table *pieces;
    struct symbol *symbols; /* [symbol_count] */
    size_t symbol_count, symbol_capacity;
    uint64_t *word_counts; /* [word_count] */
    uint32_t word_count;
    size_t word_capacity;
    struct text_table pair_numbers; /* (left, right) to the place in pairs */
    struct pair *pairs;             /* [pair_numbers.count] */
    size_t pair_capacity;
    struct pair_queue queue;
    uint32_t *risen; /* [risen_count], pairs that the running merge gave new places to */
    size_t risen_count, risen_capacity;
    struct buffer joined; /* text of a new piece */
};

/* `pieces` holds every character as "c" and, where it stands inside a word, as "##c". */
void pair_merger_init(struct pair_merger *merger, struct text_table *pieces, int64_t min_count);
void pair_merger_release(struct pair_merger *merger);

/* A word of valid UTF-8 that occurs `times` times, all its characters in `pieces`. */
int pair_merger_add_word(struct pair_merger *merger, const char *word, size_t size, uint64_t times,
                         struct error *err);

/* After the last word; then merge by merge. false: no pair is left that occurs often enough. A
 * merge adds a piece, unless its text is there already (two ways of building "abc"). */
void pair_merger_begin(struct pair_merger *merger);
bool pair_merger_merge(struct pair_merger *merger);

#endif
