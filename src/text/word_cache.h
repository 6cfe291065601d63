/* From the bytes of a word, as they stand in the text, to its pieces: a fixed number of places (4
 * MB in all), the newer word replacing the older. More than nine words of ten of English text are
 * found here, for the price of one hash and one cache line. */
#ifndef LAMBERT_SRC_TEXT_WORD_CACHE_H
#define LAMBERT_SRC_TEXT_WORD_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { WORD_CACHE_BYTES = 28, WORD_CACHE_PIECES = 8 }; /* longest word, most pieces held */

/* One cache line. */
struct cached_word {
    uint8_t size; /* bytes; 0: the place is free */
    uint8_t pieces;
    uint8_t words; /* a chunk may be several words, or none */
    uint8_t unknown_words;
    char text[WORD_CACHE_BYTES];
    int32_t ids[WORD_CACHE_PIECES];
};

struct word_cache {
    void *memory;
    struct cached_word *places; /* in memory, each on a cache line of its own */
};

void word_cache_init(struct word_cache *cache);
void word_cache_release(struct word_cache *cache);

/* Where the word would be, already asked of the memory; NULL: it is too long to be held. */
struct cached_word *word_cache_place(const struct word_cache *cache, const char *text, size_t size);

static inline bool cached_word_is(const struct cached_word *place, const char *text, size_t size)
{
    return place->size == size && memcmp(place->text, text, size) == 0;
}

#endif
