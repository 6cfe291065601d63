/* The words of a text that is counted chunk by chunk, by threads and ranks, in bounded memory.
 *
 * Where the words no longer fit, rare ones go: a word then counts only in chunks in which it occurs `least` times
 * (2, 4, 8 or 16), and `least` rises until the rest fits. What is left for a `least` is a function of the chunks, and
 * so is whether that fits; and where a part of it does not fit, all of it does not. So neither the order of the chunks
 * nor who counted which of them shows in the result.
 *
 * A word may have been counted already when `least` rises. So it is known of each how often it occurs in chunks that
 * have it once, 2 or 3 times, 4 to 7 times, and so on: its tiers.
 *
 *     tally = word_tally_new(most_bytes);
 *     word_tally_add(tally, &chunk);                any number of times, by any thread
 *     while (word_tally_save(tally, &place, 1 << 20, &bytes)) ...       on one rank, and
 *     word_tally_load(tally, bytes, size);          on another
 *     word_tally_take(tally, &counts);              what was counted
 *     word_tally_free(tally); */
#ifndef LAMBERT_TEXT_WORD_TALLY_H
#define LAMBERT_TEXT_WORD_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "word_counts.h"

enum { WORD_TALLY_TIERS = 5 };

struct word_tally;

/* most_bytes: of memory for words. Beyond it come, for a moment, the words of one chunk a thread. */
struct word_tally *word_tally_new(uint64_t most_bytes);
void word_tally_free(struct word_tally *tally); /* NULL is fine */

/* Words occur at least 2^tier times in a chunk that they count in; it never falls. tier < WORD_TALLY_TIERS. */
void word_tally_raise(struct word_tally *tally, int tier);
uint64_t word_tally_least(const struct word_tally *tally);

/* Adds the words of one chunk. Any thread may, while others do. */
void word_tally_add(struct word_tally *tally, const struct word_counts *chunk);

/* False: not even words that occur 16 times in a chunk fit. What is there is then too much, and too little. */
bool word_tally_fits(const struct word_tally *tally);

uint64_t
word_tally_running(const struct word_tally *tally); /* words of all chunks, those left out too */
uint64_t word_tally_count(const struct word_tally *tally); /* different words that are left */

/* Where saving has come to; all 0: the beginning. */
struct word_tally_place {
    int bin;
    uint32_t word;
};

/* Appends words from `place` on, some `bytes` of them; true: there are more. What is loaded of them all is the tally.
 * Nobody adds meanwhile. Bytes are for another rank of the same job: those that are not such are a bug. */
bool word_tally_save(const struct word_tally *tally, struct word_tally_place *place, size_t bytes,
                     struct buffer *out);
void word_tally_load(struct word_tally *tally, const void *data, size_t size);

/* Adds all to `counts`, and empties the tally. */
void word_tally_take(struct word_tally *tally, struct word_counts *counts);

#endif
