#include "word_cache.h"

#include <stdlib.h>

#include "lambert/base/memory.h"

_Static_assert(sizeof(struct cached_word) == 64, "a place is one cache line");

#define EIGHT(byte) byte, byte, byte, byte, byte, byte, byte, byte

const char word_key_bytes[2 * (WORD_CACHE_BYTES + 1)] = {EIGHT(-1), EIGHT(-1), EIGHT(-1)};

void word_cache_init(struct word_cache *cache)
{
    size_t places = (size_t)1 << WORD_CACHE_BITS;
    cache->memory = memory_new(places + 1, sizeof *cache->places);
    size_t beyond = (uintptr_t)cache->memory % sizeof *cache->places;
    cache->places = (void *)((char *)cache->memory + (beyond ? sizeof *cache->places - beyond : 0));
}

void word_cache_release(struct word_cache *cache)
{
    free(cache->memory);
    *cache = (struct word_cache){0};
}
