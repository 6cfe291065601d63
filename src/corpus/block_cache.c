#include "block_cache.h"

#include <stdbool.h>
#include <stdlib.h>

#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"

enum { WAYS = 8 };

struct slot {
    void *raw; /* had when the slot is first used */
    uint64_t block;
    uint32_t shard;
    bool full;
    uint64_t used; /* the cache's clock when it was last asked for */
};

struct block_cache {
    size_t bytes;
    const struct shard *shards; /* NULL until first used */
    struct slot *slots;         /* [sets, WAYS] */
    size_t sets;
    uint64_t clock;
};

struct block_cache *block_cache_new(size_t bytes)
{
    struct block_cache *cache = memory_new(1, sizeof *cache);
    cache->bytes = bytes;
    return cache;
}

void block_cache_free(struct block_cache *cache)
{
    if (!cache)
        return;
    for (size_t i = 0; i < cache->sets * WAYS; i++)
        free(cache->slots[i].raw);
    free(cache->slots);
    free(cache);
}

static size_t block_bytes(const struct shard *shard)
{
    return (size_t)shard->meta.block_tokens * shard->meta.id_bytes;
}

/* The slot that has the block, or the one to be given up for it. */
static struct slot *find_slot(struct block_cache *cache, uint32_t shard, uint64_t block)
{
    uint64_t mixed = (block << 20 ^ shard) * UINT64_C(0x9E3779B97F4A7C15); /* 2^64 / golden ratio */
    struct slot *set = cache->slots + (mixed >> 32) % cache->sets * WAYS;
    struct slot *oldest = set;
    for (struct slot *slot = set; slot < set + WAYS; slot++) {
        if (slot->full && slot->shard == shard && slot->block == block)
            return slot;
        if (slot->used < oldest->used)
            oldest = slot;
    }
    oldest->full = false;
    return oldest;
}

const void *block_cache_read(struct block_cache *cache, const struct shard *shards, uint32_t shard,
                             uint64_t block, struct error *err)
{
    if (!cache->shards) { /* the first use */
        cache->shards = shards;
        cache->sets = max_size(cache->bytes / block_bytes(shards) / WAYS, 1);
        cache->slots = memory_new(cache->sets * WAYS, sizeof *cache->slots);
    }
    require(cache->shards == shards);
    struct slot *slot = find_slot(cache, shard, block);
    slot->used = ++cache->clock;
    if (slot->full)
        return slot->raw;
    if (!slot->raw)
        slot->raw = memory_new(block_bytes(shards), 1);
    if (shard_read_block(shards + shard, block, slot->raw, err) < 0)
        return NULL;
    slot->shard = shard;
    slot->block = block;
    slot->full = true;
    return slot->raw;
}
