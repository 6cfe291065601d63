#include "word_cache.h"

#include <stdlib.h>

#define XXH_INLINE_ALL /* the hash of a short word is cheaper than a call */
#include <xxhash.h>

#include "lambert/base/memory.h"

enum { PLACES = 1 << 16 };

_Static_assert(sizeof(struct cached_word) == 64, "a place is one cache line");

void word_cache_init(struct word_cache *cache)
{
    cache->memory = memory_new(PLACES + 1, sizeof *cache->places);
    size_t beyond = (uintptr_t)cache->memory % sizeof *cache->places;
    cache->places = (void *)((char *)cache->memory + (beyond ? sizeof *cache->places - beyond : 0));
}

void word_cache_release(struct word_cache *cache)
{
    free(cache->memory);
    *cache = (struct word_cache){0};
}

struct cached_word *word_cache_place(const struct word_cache *cache, const char *text, size_t size)
{
    if (size > WORD_CACHE_BYTES)
        return NULL;
    struct cached_word *place = &cache->places[XXH3_64bits(text, size) % PLACES];
    __builtin_prefetch(place);
    return place;
}
