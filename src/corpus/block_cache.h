/* A cache of inflated blocks: eight places for each hash value, the least recently used one is
 * given up. It serves the shards it was first used with, and no others after them. */
#ifndef LAMBERT_CORPUS_BLOCK_CACHE_INTERNAL_H
#define LAMBERT_CORPUS_BLOCK_CACHE_INTERNAL_H

#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/corpus/block_cache.h"
#include "lambert/corpus/shard.h"

/* The ids of a block of shards[shard], as stored; valid until the next call. NULL with a sentence
 * when the block is damaged. All shards have the same block_tokens and id_bytes. */
const void *block_cache_read(struct block_cache *cache, const struct shard *shards, uint32_t shard,
                             uint64_t block, struct error *err);

#endif
