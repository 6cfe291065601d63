#include "mapped_shards.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "lambert/base/memory.h"

/* What a thread holds. The thread alone reads and writes `used` and `clock`; `held` it changes under the
 * mutex, so that it can be read by who looks for a shard to give up. */
struct shard_holder {
    struct shard_holder *next;
    pthread_t thread;
    uint64_t held[MAPPED_HELD]; /* number + 1 of the shard; 0: none */
    uint64_t used[MAPPED_HELD]; /* the clock when it was last asked for */
    uint64_t clock;
};

/* A thread finds its holders of the stores that it used last without the mutex. */
enum { KNOWN_HOLDERS = 16 };
static _Thread_local struct {
    uint64_t id;
    struct shard_holder *holder;
} known_holders[KNOWN_HOLDERS];

void mapped_shards_init(struct mapped_shards *mapped, uint32_t count, uint32_t most)
{
    static atomic_uint_fast64_t last_id; /* an address may be another store's later */
    *mapped = (struct mapped_shards){.shards = memory_new(count, sizeof *mapped->shards),
                                     .count = count,
                                     .most = most,
                                     .id = atomic_fetch_add(&last_id, 1) + 1,
                                     .recent = memory_new(count, sizeof *mapped->recent)};
    pthread_mutex_init(&mapped->mutex, NULL);
}

static void free_holders(struct mapped_shards *mapped)
{
    while (mapped->holders) {
        struct shard_holder *holder = mapped->holders;
        mapped->holders = holder->next;
        free(holder);
    }
}

void mapped_shards_release(struct mapped_shards *mapped)
{
    free_holders(mapped);
    for (uint32_t i = 0; i < mapped->count; i++)
        shard_close(mapped->shards + i);
    free(mapped->shards);
    free(mapped->recent);
    pthread_mutex_destroy(&mapped->mutex);
}

int mapped_shards_open(struct mapped_shards *mapped, uint32_t number, const char *path,
                       uint64_t vocabulary_hash, int vocabulary_size, struct error *err)
{
    struct shard *shard = mapped->shards + number;
    if (shard_open(shard, path, vocabulary_hash, vocabulary_size, err) < 0)
        return -1;
    if (mapped->mapped < mapped->most)
        mapped->mapped++;
    else
        shard_unmap(shard);
    return 0;
}

void mapped_shards_limit(struct mapped_shards *mapped, uint32_t most)
{
    require(most <= mapped->most); /* else shards that are not mapped would be taken for mapped */
    for (uint32_t i = 0; i < mapped->count && mapped->mapped > most; i++)
        if (shard_is_mapped(mapped->shards + i)) {
            shard_unmap(mapped->shards + i);
            mapped->mapped--;
        }
    for (struct shard_holder *holder = mapped->holders; holder; holder = holder->next)
        for (int i = 0; i < MAPPED_HELD; i++)
            holder->held[i] = 0;
    mapped->most = most;
}

/* [mutex] The calling thread's. */
static struct shard_holder *find_holder(struct mapped_shards *mapped)
{
    const pthread_t self = pthread_self();
    struct shard_holder *holder = mapped->holders;
    while (holder && !pthread_equal(holder->thread, self))
        holder = holder->next;
    if (!holder) {
        holder = memory_new(1, sizeof *holder);
        holder->thread = self;
        holder->next = mapped->holders;
        mapped->holders = holder;
    }
    return holder;
}

static struct shard_holder *own_holder(struct mapped_shards *mapped)
{
    const uint64_t place = mapped->id % KNOWN_HOLDERS;
    if (known_holders[place].id != mapped->id) {
        pthread_mutex_lock(&mapped->mutex);
        known_holders[place].holder = find_holder(mapped);
        pthread_mutex_unlock(&mapped->mutex);
        known_holders[place].id = mapped->id;
    }
    return known_holders[place].holder;
}

/* [mutex] */
static bool is_held(const struct mapped_shards *mapped, uint32_t number)
{
    for (const struct shard_holder *holder = mapped->holders; holder; holder = holder->next)
        for (int i = 0; i < MAPPED_HELD; i++)
            if (holder->held[i] == (uint64_t)number + 1)
                return true;
    return false;
}

/* [mutex] Gives up a shard that nobody holds and nobody asked for since the hand was there last. Where
 * all are held the limit is passed. */
static void give_one_up(struct mapped_shards *mapped)
{
    for (uint64_t looked = 0; looked < 2 * (uint64_t)mapped->count; looked++) {
        const uint32_t number = mapped->hand;
        mapped->hand = (mapped->hand + 1) % mapped->count;
        if (!shard_is_mapped(mapped->shards + number))
            continue;
        const bool recent = mapped->recent[number];
        mapped->recent[number] = false;
        if (recent || is_held(mapped, number))
            continue;
        shard_unmap(mapped->shards + number);
        mapped->mapped--;
        return;
    }
}

/* [mutex] */
static int map(struct mapped_shards *mapped, uint32_t number, struct error *err)
{
    mapped->recent[number] = true;
    if (shard_is_mapped(mapped->shards + number))
        return 0;
    if (mapped->mapped >= mapped->most)
        give_one_up(mapped);
    if (shard_map_again(mapped->shards + number, err) < 0)
        return -1;
    mapped->mapped++;
    return 0;
}

const struct shard *mapped_shards_hold_one(struct mapped_shards *mapped, uint32_t number,
                                           struct error *err)
{
    struct shard_holder *holder = own_holder(mapped);
    int oldest = 0;
    holder->clock++;
    for (int i = 0; i < MAPPED_HELD; i++) {
        if (holder->held[i] == (uint64_t)number + 1) {
            holder->used[i] = holder->clock;
            return mapped->shards + number;
        }
        oldest = holder->used[i] < holder->used[oldest] ? i : oldest;
    }
    pthread_mutex_lock(&mapped->mutex);
    holder->held[oldest] = 0;
    const int status = map(mapped, number, err);
    if (status == 0) {
        holder->held[oldest] = (uint64_t)number + 1;
        holder->used[oldest] = holder->clock;
    }
    pthread_mutex_unlock(&mapped->mutex);
    return status < 0 ? NULL : mapped->shards + number;
}

void mapped_shards_forget(struct mapped_shards *mapped, uint32_t number)
{
    if (mapped_shards_all(mapped)) {
        shard_forget(mapped->shards + number);
        return;
    }
    pthread_mutex_lock(&mapped->mutex);
    shard_forget(mapped->shards + number); /* nothing, where it is not mapped */
    pthread_mutex_unlock(&mapped->mutex);
}
