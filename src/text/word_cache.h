/* From the bytes of a word, as the scanner hands it out, to its pieces: a fixed number of places (4
 * MB in all), the newer word replacing the older. More than nine words of ten of English text are
 * found here, for the price of one hash and one cache line. */
#ifndef LAMBERT_TEXT_WORD_CACHE_H
#define LAMBERT_TEXT_WORD_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "byte_lanes.h"

enum { WORD_CACHE_BYTES = 23, WORD_CACHE_PIECES = 9 }; /* longest word, most pieces held */
enum { WORD_CACHE_BITS = 16 };                         /* of the number of places */

/* The bytes of a word and how many they are: equal numbers, equal words. */
struct word_key {
    uint64_t numbers[3];
};

/* An entry fills one cache line. */
struct cached_word {
    struct word_key key; /* all 0: the place is free */
    uint8_t pieces;
    uint8_t words; /* a run may be several words, or none */
    uint8_t unknown_words;
    uint8_t accents; /* characters that lost some */
    int32_t ids[WORD_CACHE_PIECES];
};

struct word_cache {
    void *memory;
    struct cached_word *places; /* in memory, each on a cache line of its own */
};

void word_cache_init(struct word_cache *cache);
void word_cache_release(struct word_cache *cache);

extern const char word_key_bytes[2 * (WORD_CACHE_BYTES + 1)]; /* first half 0xFF, second half 0 */

/* 0 < size <= WORD_CACHE_BYTES; WORD_CACHE_BYTES + 1 bytes of the text may be read. */
static inline struct word_key word_key_of(const char *text, size_t size)
{
    struct word_key key;
    const char *kept = word_key_bytes + WORD_CACHE_BYTES + 1 - size;
    for (int i = 0; i < 3; i++)
        key.numbers[i] = lanes_load(text + BYTE_LANES * i) & lanes_load(kept + BYTE_LANES * i);
    key.numbers[2] |= (uint64_t)size << 56;
    return key;
}

static inline bool word_key_equal(const struct word_key *a, const struct word_key *b)
{
    return ((a->numbers[0] ^ b->numbers[0]) | (a->numbers[1] ^ b->numbers[1]) |
            (a->numbers[2] ^ b->numbers[2])) == 0;
}

/* The place where the word is, if it is in the cache; memory has been asked to fetch it. */
static inline struct cached_word *word_cache_place(const struct word_cache *cache,
                                                   const struct word_key *key)
{
    uint64_t mixed = key->numbers[0] ^ key->numbers[1] * UINT64_C(0x9E3779B97F4A7C15) ^
                     key->numbers[2] * UINT64_C(0xC2B2AE3D27D4EB4F);
    mixed *= UINT64_C(0x9FB21C651E98DF25);
    struct cached_word *place = &cache->places[mixed >> (64 - WORD_CACHE_BITS)];
    __builtin_prefetch(place);
    return place;
}

#endif
