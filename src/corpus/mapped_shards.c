#include "mapped_shards.h"

#include <pthread.h>
#include <stdlib.h>

#include "lambert/base/memory.h"

_Static_assert(MAPPED_THREADS *MAPPED_HELD <= MAPPED_MOST - MAPPED_MOST / 4,
               "what threads hold fits in what stores share");

/* A thread's. It alone reads and writes it. A store may have gone since. */
struct shard_holder {
    struct {
        uint64_t store; /* id; 0: none */
        uint32_t number;
        uint64_t used; /* the clock when it was last asked for */
    } held[MAPPED_HELD];
    uint64_t clock;
};
static _Thread_local struct shard_holder own_holder;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; /* guards what follows, and mappings */
static struct {
    uint32_t whole, most_whole; /* mappings of stores that are all mapped */
    uint32_t shared, most_shared;
    struct mapping *newest, *oldest; /* of those shared that nobody holds */
    struct mapped_shards *stores;    /* that share */
    uint64_t last_id;
} pool = {.most_whole = MAPPED_MOST / 4, .most_shared = MAPPED_MOST - MAPPED_MOST / 4};

void document_stores_limit(int most)
{
    require(most >= 4);
    pthread_mutex_lock(&mutex);
    pool.most_whole = (uint32_t)most / 4;
    pool.most_shared = (uint32_t)most - (uint32_t)most / 4;
    pthread_mutex_unlock(&mutex);
}

/* --- the list of those that may be given up ------------------------------------------------------ */

/* [mutex] */
static void list_add(struct mapping *mapping)
{
    mapping->older = pool.newest;
    mapping->newer = NULL;
    *(pool.newest ? &pool.newest->newer : &pool.oldest) = mapping;
    pool.newest = mapping;
}

/* [mutex] */
static void list_remove(struct mapping *mapping)
{
    *(mapping->newer ? &mapping->newer->older : &pool.newest) = mapping->older;
    *(mapping->older ? &mapping->older->newer : &pool.oldest) = mapping->newer;
    mapping->newer = mapping->older = NULL;
}

/* [mutex] Takes room for one more mapping. All are held only where there are more than MAPPED_THREADS threads;
 * then the limit is passed. */
static void take_room(void)
{
    struct mapping *oldest = pool.oldest;
    if (pool.shared >= pool.most_shared && oldest) {
        list_remove(oldest);
        shard_unmap(oldest->shard);
        pool.shared--;
    }
    pool.shared++;
}

/* [mutex] */
static void let_go(struct mapping *mapping)
{
    if (--mapping->holders == 0)
        list_add(mapping);
}

/* [mutex] The store may have been closed. */
static void let_go_of(uint64_t store, uint32_t number)
{
    for (struct mapped_shards *mapped = pool.stores; mapped && store != 0; mapped = mapped->next)
        if (mapped->id == store)
            let_go(&mapped->mappings[number]);
}

/* --- stores -------------------------------------------------------------------------------------- */

void mapped_shards_init(struct mapped_shards *mapped, uint32_t count)
{
    *mapped =
        (struct mapped_shards){.shards = memory_new(count, sizeof *mapped->shards), .count = count};
    pthread_mutex_lock(&mutex);
    mapped->id = ++pool.last_id; /* an address may be another store's later */
    mapped->all = (uint64_t)pool.whole + count <= pool.most_whole;
    if (mapped->all) {
        pool.whole += count;
    } else {
        mapped->mappings = memory_new(count, sizeof *mapped->mappings);
        mapped->next = pool.stores;
        pool.stores = mapped;
    }
    pthread_mutex_unlock(&mutex);
}

/* [mutex] */
static void leave_pool(struct mapped_shards *mapped)
{
    struct mapped_shards **place = &pool.stores;
    while (*place != mapped)
        place = &(*place)->next;
    *place = mapped->next;
    for (uint32_t i = 0; i < mapped->count; i++) {
        if (!shard_is_mapped(mapped->shards + i))
            continue;
        if (mapped->mappings[i].holders == 0)
            list_remove(&mapped->mappings[i]);
        pool.shared--;
    }
}

void mapped_shards_release(struct mapped_shards *mapped)
{
    pthread_mutex_lock(&mutex);
    if (mapped->all)
        pool.whole -= mapped->count;
    else
        leave_pool(mapped);
    pthread_mutex_unlock(&mutex);
    for (uint32_t i = 0; i < mapped->count; i++)
        shard_close(mapped->shards + i);
    free(mapped->shards);
    free(mapped->mappings);
}

int mapped_shards_open(struct mapped_shards *mapped, uint32_t number, const char *path,
                       uint64_t vocabulary_hash, int vocabulary_size, struct error *err)
{
    struct shard *shard = mapped->shards + number;
    if (mapped->all)
        return shard_open(shard, path, vocabulary_hash, vocabulary_size, err);
    pthread_mutex_lock(&mutex);
    take_room();
    const int status = shard_open(shard, path, vocabulary_hash, vocabulary_size, err);
    if (status == 0) {
        mapped->mappings[number].shard = shard;
        list_add(&mapped->mappings[number]);
    } else {
        pool.shared--;
    }
    pthread_mutex_unlock(&mutex);
    return status;
}

/* [mutex] */
static int map(struct mapped_shards *mapped, uint32_t number, struct error *err)
{
    struct mapping *mapping = &mapped->mappings[number];
    if (!shard_is_mapped(mapping->shard)) {
        take_room();
        if (shard_map_again(mapping->shard, err) < 0) {
            pool.shared--;
            return -1;
        }
    } else if (mapping->holders == 0) {
        list_remove(mapping);
    }
    mapping->holders++;
    return 0;
}

/* When a thread ends, it holds nothing any more. */
static void let_go_of_all(void *context)
{
    struct shard_holder *holder = context;
    pthread_mutex_lock(&mutex);
    for (int i = 0; i < MAPPED_HELD; i++)
        let_go_of(holder->held[i].store, holder->held[i].number);
    pthread_mutex_unlock(&mutex);
}

static pthread_key_t ends_with_thread;

static void make_key(void)
{
    if (pthread_key_create(&ends_with_thread, let_go_of_all) != 0)
        bug("no key for what threads hold");
}

static void begin_holder(struct shard_holder *holder)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_key);
    pthread_setspecific(ends_with_thread, holder);
}

const struct shard *mapped_shards_hold_one(struct mapped_shards *mapped, uint32_t number,
                                           struct error *err)
{
    struct shard_holder *holder = &own_holder;
    int oldest = 0;
    if (holder->clock++ == 0)
        begin_holder(holder);
    for (int i = 0; i < MAPPED_HELD; i++) {
        if (holder->held[i].store == mapped->id && holder->held[i].number == number) {
            holder->held[i].used = holder->clock;
            return mapped->shards + number;
        }
        oldest = holder->held[i].used < holder->held[oldest].used ? i : oldest;
    }
    pthread_mutex_lock(&mutex);
    let_go_of(holder->held[oldest].store, holder->held[oldest].number);
    holder->held[oldest].store = 0;
    const int status = map(mapped, number, err);
    pthread_mutex_unlock(&mutex);
    if (status < 0)
        return NULL;
    holder->held[oldest].store = mapped->id;
    holder->held[oldest].number = number;
    holder->held[oldest].used = holder->clock;
    return mapped->shards + number;
}

void mapped_shards_forget(struct mapped_shards *mapped, uint32_t number)
{
    if (mapped->all) {
        shard_forget(mapped->shards + number);
        return;
    }
    pthread_mutex_lock(&mutex);
    shard_forget(mapped->shards + number); /* nothing, where it is not mapped */
    pthread_mutex_unlock(&mutex);
}
