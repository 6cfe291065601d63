/* Which shards of a store are mapped. The system lets a process have 65,530 mappings
 * (vm.max_map_count), and each shard is one. So of more shards than a limit only so many are mapped at
 * a time: the others when they are asked for, in the place of one that nobody has looked at for long.
 *
 * A thread holds the shards that it asked for last: they stay mapped until it has asked for
 * MAPPED_HELD others. Nobody needs to say that he is through with one. Where all shards are mapped,
 * holding one costs nothing. */
#ifndef LAMBERT_CORPUS_MAPPED_SHARDS_H
#define LAMBERT_CORPUS_MAPPED_SHARDS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/corpus/document_store.h"
#include "lambert/corpus/shard.h"

enum { MAPPED_HELD = STORE_HELD };

struct shard_holder;

struct mapped_shards {
    struct shard *shards; /* [count]; what meta says is always there */
    uint32_t count;
    uint32_t most;         /* mapped at a time; count and more: all are, for ever */
    uint64_t id;           /* of this one, in the process */
    pthread_mutex_t mutex; /* guards what follows, and mappings */
    uint32_t mapped;
    uint32_t hand; /* where to look next for one to give up */
    bool *recent;  /* [count], asked for since the hand came by */
    struct shard_holder *holders;
};

/* Room for `count` shards, none of them open. */
void mapped_shards_init(struct mapped_shards *mapped, uint32_t count, uint32_t most);
void mapped_shards_release(struct mapped_shards *mapped); /* closes all */

/* Opens shard `number`, as shard_open(). */
int mapped_shards_open(struct mapped_shards *mapped, uint32_t number, const char *path,
                       uint64_t vocabulary_hash, int vocabulary_size, struct error *err);

/* A lower limit. Nobody is looking meanwhile, and what was held is not held any more. Should threads
 * together hold more shards than the limit, more are mapped. */
void mapped_shards_limit(struct mapped_shards *mapped, uint32_t most);

/* Of a store whose shards are not all mapped; see below. */
const struct shard *mapped_shards_hold_one(struct mapped_shards *mapped, uint32_t number,
                                           struct error *err);

static inline bool mapped_shards_all(const struct mapped_shards *mapped)
{
    return mapped->most >= mapped->count;
}

/* The shard, mapped. NULL with a sentence where it cannot be mapped again. */
static inline const struct shard *mapped_shards_hold(struct mapped_shards *mapped, uint32_t number,
                                                     struct error *err)
{
    return mapped_shards_all(mapped) ? mapped->shards + number
                                     : mapped_shards_hold_one(mapped, number, err);
}

/* shard_forget(), of a shard that may not be mapped. */
void mapped_shards_forget(struct mapped_shards *mapped, uint32_t number);

#endif
