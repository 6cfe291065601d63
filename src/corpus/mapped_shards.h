/* Which shards of all stores are mapped. The system lets a process have 65,530 mappings
 * (vm.max_map_count), and each shard is one. So there are never more than MAPPED_MOST of them in the process,
 * whatever the number of stores, shards and threads (up to MAPPED_THREADS): a store of few shards has all of them
 * mapped for ever; the others share what is left, and a shard of theirs is mapped when it is asked for, in the
 * place of the one that nobody has looked at for longest, wherever it is from.
 *
 * A thread holds the shards that it asked for last, of all stores together: they stay mapped until it has asked
 * for MAPPED_HELD others. Nobody needs to say that he is through with one. Where all shards of a store are
 * mapped, holding one costs nothing. */
#ifndef LAMBERT_CORPUS_MAPPED_SHARDS_H
#define LAMBERT_CORPUS_MAPPED_SHARDS_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/corpus/document_store.h"
#include "lambert/corpus/shard.h"

enum {
    MAPPED_HELD = STORE_HELD,
    MAPPED_MOST = STORE_MOST_MAPPED,
    MAPPED_THREADS = 4096 + 512, /* the most that run.threads may be, and what helps them */
};

/* A shard's place among those that are mapped and may be given up: [the mutex] */
struct mapping {
    struct mapping *newer,
        *older; /* where nobody holds it: who was let go of after, and before it */
    struct shard *shard;
    uint32_t holders; /* how many threads hold it */
};

struct mapped_shards {
    struct shard *shards; /* [count]; what meta says is always there */
    uint32_t count;
    bool all;                   /* they are mapped, for ever */
    uint64_t id;                /* of this one, in the process */
    struct mapping *mappings;   /* [count], unless all are mapped */
    struct mapped_shards *next; /* of those that are not all mapped */
};

/* Room for `count` shards, none of them open. */
void mapped_shards_init(struct mapped_shards *mapped, uint32_t count);
void mapped_shards_release(
    struct mapped_shards *mapped); /* closes all; nobody is looking at them */

/* Opens shard `number`, as shard_open(), once. */
int mapped_shards_open(struct mapped_shards *mapped, uint32_t number, const char *path,
                       uint64_t vocabulary_hash, int vocabulary_size, struct error *err);

/* Of a store whose shards are not all mapped; see below. */
const struct shard *mapped_shards_hold_one(struct mapped_shards *mapped, uint32_t number,
                                           struct error *err);

/* The shard, mapped. NULL with a sentence where it cannot be mapped again. */
static inline const struct shard *mapped_shards_hold(struct mapped_shards *mapped, uint32_t number,
                                                     struct error *err)
{
    return mapped->all ? mapped->shards + number : mapped_shards_hold_one(mapped, number, err);
}

/* shard_forget(), of a shard that may not be mapped. */
void mapped_shards_forget(struct mapped_shards *mapped, uint32_t number);

#endif
