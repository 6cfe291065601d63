#include "lambert/dist/exchange.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "contributions.h"
#include "dist_internal.h"
#include "lambert/base/activity.h"
#include "lambert/base/arena.h"
#include "lambert/base/clock.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"

enum kind { REDUCE, GATHER, KINDS };

/* What a rank tells the others of its node about a bucket, by a number that counts up. */
enum flag { COMPLETE, READ, WHOLE, FLAGS };

/* Room for the messages of one bucket. */
struct slot {
    MPI_Request *requests;   /* [2 (members - 1)] */
    int count;               /* of those that are there */
    unsigned char *received; /* what the others contribute to the own part, one after another */
    uint16_t *packed;        /* what goes out in bfloat16 */
    bool taken;
};

/* A bucket on its way. */
struct transfer {
    enum kind kind;
    int bucket;
    unsigned number;   /* of its kind, in the order of beginning */
    int stage;         /* it is in; a reduction counts up, a gathering down */
    struct slot *slot; /* NULL: it has none yet, or needs none */
    bool bfloat16;     /* weights travel so */
    bool posted;       /* the messages of the stage are on their way; the flag is set */
};

struct exchange {
    const struct dist *dist;
    const struct sharding *sharding;
    struct exchange_arrays arrays;
    struct exchange_options options;
    size_t element; /* bytes of one of gradients and shard */
    bool shared;    /* the first stage is done through memory */
    bool in_place;  /* a job of one rank whose shard is its gradients */
    struct arena arena;
    struct slot *slots;                 /* [options.slots] */
    struct contribution *contributions; /* [most members] */
    size_t *shard_start;                /* [buckets]: where a bucket's slice begins in the shard */
    struct transfer *queue;             /* [KINDS buckets]; the first `waiting` are on their way */
    int waiting;
    unsigned numbers[KINDS]; /* of the next transfers */
    uint64_t *begun[KINDS];  /* [buckets] how often, which is what flags are compared with */
    bool *on_way[KINDS];     /* [buckets] */
    struct exchange_report report;
};

/* --- set-up ----------------------------------------------------------------------------------- */

static int most_members(const struct stages *stages)
{
    int most = 1;
    for (int s = 0; s < stages->count; s++)
        most = stages->members[s] > most ? stages->members[s] : most;
    return most;
}

/* Bytes that a slot receives, and packs, at most. */
static void measure_slot(const struct exchange *x, int rank, size_t *received, size_t *packed)
{
    const struct stages *stages = &x->sharding->stages;
    *received = *packed = 0;
    for (int b = 0; b < x->sharding->buckets; b++)
        for (int s = x->shared; s < stages->count; s++) {
            size_t all = slice_length(sharding_part(x->sharding, b, rank, s));
            size_t own = slice_length(sharding_part(x->sharding, b, rank, s + 1));
            *received = max_size(*received, own * (size_t)(stages->members[s] - 1) * x->element);
            if (x->options.bfloat16_gradients)
                *packed = max_size(*packed, all * sizeof(uint16_t));
            if (x->options.bfloat16_weights) {
                *received = max_size(*received, (all - own) * sizeof(uint16_t));
                *packed = max_size(*packed, own * sizeof(uint16_t));
            }
        }
}

static void lay_out(struct exchange *x, int rank, struct arena *arena)
{
    size_t received, packed, most = (size_t)most_members(&x->sharding->stages);
    size_t buckets = (size_t)x->sharding->buckets, slots = (size_t)x->options.slots;
    measure_slot(x, rank, &received, &packed);
    x->slots = arena_take(arena, slots, sizeof *x->slots);
    for (size_t i = 0; i < slots; i++) {
        struct slot slot = {.requests = arena_take(arena, 2 * most, sizeof(MPI_Request)),
                            .received = arena_take(arena, received, 1),
                            .packed = arena_take(arena, packed, 1)};
        if (x->slots)
            x->slots[i] = slot;
    }
    x->contributions = arena_take(arena, most, sizeof *x->contributions);
    x->shard_start = arena_take(arena, buckets, sizeof *x->shard_start);
    x->queue = arena_take(arena, KINDS * buckets, sizeof *x->queue);
    for (int k = 0; k < KINDS; k++) {
        x->begun[k] = arena_take(arena, buckets, sizeof *x->begun[k]);
        x->on_way[k] = arena_take(arena, buckets, sizeof *x->on_way[k]);
    }
}

static struct exchange exchange_of(const struct sharding *sharding, bool shared,
                                   const struct exchange_options *options)
{
    require(options->slots > 0);
    require(!options->bfloat16_gradients || options->element == EXCHANGE_REAL);
    size_t element = options->element == EXCHANGE_FIXED ? sizeof(int64_t) : sizeof(real);
    require(sharding->bucket <= INT32_MAX / element);
    return (struct exchange){.sharding = sharding,
                             .options = *options,
                             .element = element,
                             .shared = shared && sharding->stages.node};
}

size_t exchange_memory(const struct sharding *sharding, int rank, bool shared,
                       const struct exchange_options *options)
{
    struct exchange plan = exchange_of(sharding, shared, options);
    struct arena arena;
    arena_measure(&arena);
    lay_out(&plan, rank, &arena);
    return arena.used;
}

int exchange_slots(const struct sharding *sharding)
{
    enum { LEAST = 4 };
    static const size_t elements = 8 << 20; /* in all */
    int slots = (int)(elements / sharding->bucket);
    return slots > LEAST ? slots : LEAST;
}

size_t exchange_flags(const struct sharding *sharding, int local_ranks)
{
    return (size_t)sharding->buckets * FLAGS * (size_t)local_ranks;
}

int exchange_new(struct exchange **exchange, const struct dist *dist,
                 const struct sharding *sharding, const struct exchange_arrays *arrays,
                 const struct exchange_options *options, struct error *err)
{
    *exchange = NULL;
    bool shared = arrays->neighbours != NULL;
    require(sharding->ranks == dist->size);
    require(!shared || !sharding->stages.node || sharding->stages.members[0] == dist->local_size);
    struct exchange *x = memory_new(1, sizeof *x);
    *x = exchange_of(sharding, shared, options);
    x->dist = dist;
    x->arrays = *arrays;
    x->in_place = arrays->shard == arrays->gradients;
    require(!x->in_place || dist->size == 1);
    if (arena_init(&x->arena, exchange_memory(sharding, dist->rank, shared, options),
                   "messages between ranks", err) < 0) {
        free(x);
        return -1;
    }
    lay_out(x, dist->rank, &x->arena);
    size_t start = 0;
    for (int b = 0; b < sharding->buckets; b++) {
        x->shard_start[b] = start;
        start += slice_length(sharding_slice(sharding, b, dist->rank));
    }
    *exchange = x;
    return 0;
}

void exchange_free(struct exchange *exchange)
{
    if (!exchange)
        return;
    require(exchange->waiting == 0);
    arena_release(&exchange->arena);
    free(exchange);
}

/* --- flags of a node -------------------------------------------------------------------------- */

static _Atomic uint64_t *flag_of(const struct exchange *x, int local, enum flag flag, int bucket)
{
    size_t row = (size_t)local * FLAGS + (size_t)flag;
    return &x->arrays.flags[row * (size_t)x->sharding->buckets + (size_t)bucket];
}

/* What was written to memory before is seen by whoever sees the flag. */
static void raise_flag(const struct exchange *x, enum flag flag, int bucket, uint64_t value)
{
    atomic_store_explicit(flag_of(x, x->dist->local_rank, flag, bucket), value,
                          memory_order_release);
}

static bool all_raised(const struct exchange *x, enum flag flag, int bucket, uint64_t value)
{
    for (int local = 0; local < x->dist->local_size; local++)
        if (atomic_load_explicit(flag_of(x, local, flag, bucket), memory_order_acquire) < value)
            return false;
    return true;
}

/* --- messages --------------------------------------------------------------------------------- */

static struct slice own_part(const struct exchange *x, const struct transfer *t, int stage)
{
    return sharding_part(x->sharding, t->bucket, x->dist->rank, stage);
}

/* By the number of the transfer, which is the same on all ranks: so many are never on their way
 * together. */
static int tag_of(const struct transfer *t)
{
    enum { NUMBERS = (TAG_ROWS - TAG_EXCHANGE) / STAGES_MOST / KINDS };
    int number = (int)(t->number % NUMBERS);
    return TAG_EXCHANGE + (number * STAGES_MOST + t->stage) * KINDS + (int)t->kind;
}

/* Inside a node messages are as cheap as rounding. */
static bool between_nodes(const struct exchange *x, int stage)
{
    return !(x->sharding->stages.node && stage == 0);
}

static bool rounds(const struct exchange *x, int stage)
{
    return x->options.bfloat16_gradients && between_nodes(x, stage);
}

static bool packs(const struct exchange *x, const struct transfer *t)
{
    return t->bfloat16 && between_nodes(x, t->stage);
}

static void receive(const struct exchange *x, struct transfer *t, int from, void *to, size_t bytes)
{
    if (bytes > 0)
        MPI_Irecv(to, (int)bytes, MPI_BYTE, from, tag_of(t), x->dist->world,
                  &t->slot->requests[t->slot->count++]);
}

static void dispatch(struct exchange *x, struct transfer *t, int to, const void *from, size_t bytes)
{
    if (bytes > 0)
        MPI_Isend(from, (int)bytes, MPI_BYTE, to, tag_of(t), x->dist->world,
                  &t->slot->requests[t->slot->count++]);
    x->report.bytes_sent += bytes;
}

/* The rank that is k places on in the own group of the stage: who begins with the next sends to
 * nobody whom all others send to at the same time. */
static int peer(const struct exchange *x, int stage, int k)
{
    const struct stages *stages = &x->sharding->stages;
    int digit = (stages_digit(stages, stage, x->dist->rank) + k) % stages->members[stage];
    return stages_member(stages, stage, x->dist->rank, digit);
}

static unsigned char *gradients_at(const struct exchange *x, size_t at)
{
    return (unsigned char *)x->arrays.gradients + at * x->element;
}

/* Where what the k-th of the group contributes is received, its bytes an element being `wire`. */
static unsigned char *received_at(const struct transfer *t, int k, size_t elements, size_t wire)
{
    return t->slot->received + (size_t)(k - 1) * elements * wire;
}

static void post_reduction(struct exchange *x, struct transfer *t)
{
    struct slice all = own_part(x, t, t->stage), own = own_part(x, t, t->stage + 1);
    bool rounded = rounds(x, t->stage);
    size_t wire = rounded ? sizeof(uint16_t) : x->element;
    int members = x->sharding->stages.members[t->stage];
    for (int k = 1; k < members; k++)
        receive(x, t, peer(x, t->stage, k), received_at(t, k, slice_length(own), wire),
                slice_length(own) * wire);
    if (rounded)
        contribution_pack((const real *)gradients_at(x, all.begin), slice_length(all),
                          t->slot->packed);
    for (int k = 1; k < members; k++) {
        int to = peer(x, t->stage, k);
        struct slice part = sharding_part(x->sharding, t->bucket, to, t->stage + 1);
        const void *from = rounded ? (const void *)(t->slot->packed + (part.begin - all.begin))
                                   : gradients_at(x, part.begin);
        dispatch(x, t, to, from, slice_length(part) * wire);
    }
}

/* Weights of a stage that go as bfloat16. Those of others lie packed in the order of peers. */
static void post_gathering_packed(struct exchange *x, struct transfer *t)
{
    struct slice own = own_part(x, t, t->stage + 1);
    int members = x->sharding->stages.members[t->stage];
    unsigned char *to = t->slot->received;
    for (int k = 1; k < members; k++) {
        int from = peer(x, t->stage, k);
        struct slice part = sharding_part(x->sharding, t->bucket, from, t->stage + 1);
        size_t bytes = slice_length(part) * sizeof(uint16_t);
        receive(x, t, from, to, bytes);
        to += bytes;
    }
    contribution_pack(x->arrays.weights + own.begin, slice_length(own), t->slot->packed);
    for (int k = 1; k < members; k++)
        dispatch(x, t, peer(x, t->stage, k), t->slot->packed, slice_length(own) * sizeof(uint16_t));
}

static void unpack_gathered(struct exchange *x, const struct transfer *t)
{
    const uint16_t *packed = (const uint16_t *)t->slot->received;
    for (int k = 1; k < x->sharding->stages.members[t->stage]; k++) {
        int from = peer(x, t->stage, k);
        struct slice part = sharding_part(x->sharding, t->bucket, from, t->stage + 1);
        contribution_unpack(packed, slice_length(part), x->arrays.weights + part.begin);
        packed += slice_length(part);
    }
}

static void post_gathering(struct exchange *x, struct transfer *t)
{
    struct slice own = own_part(x, t, t->stage + 1);
    int members = x->sharding->stages.members[t->stage];
    for (int k = 1; k < members; k++) {
        int from = peer(x, t->stage, k);
        struct slice part = sharding_part(x->sharding, t->bucket, from, t->stage + 1);
        receive(x, t, from, x->arrays.weights + part.begin, slice_length(part) * sizeof(real));
    }
    for (int k = 1; k < members; k++)
        dispatch(x, t, peer(x, t->stage, k), x->arrays.weights + own.begin,
                 slice_length(own) * sizeof(real));
}

/* --- the stages of a bucket ------------------------------------------------------------------- */

/* Sums go where the next stage looks for them: into the own gradients, at last into the shard. */
static void sum_part(struct exchange *x, const struct transfer *t, struct slice part)
{
    int members = x->sharding->stages.members[t->stage];
    bool last = t->stage + 1 == x->sharding->stages.count;
    void *out = last ? (unsigned char *)x->arrays.shard + x->shard_start[t->bucket] * x->element
                     : gradients_at(x, part.begin);
    if (x->options.element == EXCHANGE_FIXED)
        contributions_sum_fixed(x->contributions, members, slice_length(part), out);
    else
        contributions_sum(x->contributions, members, slice_length(part), out);
}

static void sum_neighbours(struct exchange *x, const struct transfer *t)
{
    struct slice part = own_part(x, t, 1);
    for (int local = 0; local < x->dist->local_size; local++) {
        const unsigned char *gradients = x->arrays.neighbours[local];
        x->contributions[local] =
            (struct contribution){.values = gradients + part.begin * x->element};
    }
    sum_part(x, t, part);
}

static void sum_received(struct exchange *x, const struct transfer *t)
{
    struct slice part = own_part(x, t, t->stage + 1);
    const struct stages *stages = &x->sharding->stages;
    bool rounded = rounds(x, t->stage);
    size_t wire = rounded ? sizeof(uint16_t) : x->element;
    int members = stages->members[t->stage], own = stages_digit(stages, t->stage, x->dist->rank);
    x->contributions[own] = (struct contribution){.values = gradients_at(x, part.begin)};
    for (int k = 1; k < members; k++)
        x->contributions[(own + k) % members] = (struct contribution){
            .values = received_at(t, k, slice_length(part), wire), .bfloat16 = rounded};
    sum_part(x, t, part);
}

/* The stage that the ranks of a node do through memory: true when it is done. */
static bool pass_node(struct exchange *x, struct transfer *t)
{
    uint64_t count = x->begun[t->kind][t->bucket];
    if (t->kind == GATHER) {
        if (!t->posted)
            raise_flag(x, WHOLE, t->bucket, count);
        t->posted = true;
        return all_raised(x, WHOLE, t->bucket, count);
    }
    if (!all_raised(x, COMPLETE, t->bucket, count))
        return false;
    sum_neighbours(x, t);
    raise_flag(x, READ, t->bucket, count);
    return true;
}

/* A stage that takes messages: true when it is done. */
static bool pass_messages(struct exchange *x, struct transfer *t)
{
    int arrived;
    if (!t->posted) {
        t->slot->count = 0;
        if (t->kind == REDUCE)
            post_reduction(x, t);
        else if (packs(x, t))
            post_gathering_packed(x, t);
        else
            post_gathering(x, t);
        t->posted = true;
    }
    MPI_Testall(t->slot->count, t->slot->requests, &arrived, MPI_STATUSES_IGNORE);
    if (arrived && t->kind == REDUCE)
        sum_received(x, t);
    if (arrived && t->kind == GATHER && packs(x, t))
        unpack_gathered(x, t);
    return arrived;
}

/* True when the bucket has arrived. */
static bool advance(struct exchange *x, struct transfer *t)
{
    while (t->stage >= 0 && t->stage < x->sharding->stages.count) {
        bool memory = x->shared && t->stage == 0;
        if (!(memory ? pass_node(x, t) : pass_messages(x, t)))
            return false;
        t->posted = false;
        t->stage += t->kind == REDUCE ? 1 : -1;
    }
    return true;
}

/* --- what is on its way ----------------------------------------------------------------------- */

/* False where it has to wait for one. */
static bool take_slot(struct exchange *x, struct transfer *t)
{
    bool needed = x->sharding->stages.count > x->shared;
    for (int i = 0; needed && !t->slot && i < x->options.slots; i++)
        if (!x->slots[i].taken)
            t->slot = &x->slots[i];
    if (t->slot)
        t->slot->taken = true;
    return !needed || t->slot;
}

static void finish(struct exchange *x, const struct transfer *t)
{
    x->on_way[t->kind][t->bucket] = false;
    if (t->slot)
        t->slot->taken = false;
}

/* Buckets whose weights are waited for. */
struct wanted {
    int begin, end;
};

static const struct wanted nothing = {0};

static bool wants(struct wanted wanted, const struct transfer *t)
{
    return t->kind == GATHER && t->bucket >= wanted.begin && t->bucket < wanted.end;
}

static int count_missing(const struct exchange *x, struct wanted wanted)
{
    int missing = 0;
    for (int b = wanted.begin; b < wanted.end; b++)
        missing += x->on_way[GATHER][b];
    return missing;
}

/* Moves on what is under way, and begins what is not: but nothing behind what is wanted, if
 * anything is.
 *
 * Slots are taken in the order of beginning, the same on all ranks: so the bucket that was begun
 * first of those that are not done anywhere has one everywhere, and gets on. */
static void move_on(struct exchange *x, struct wanted wanted)
{
    int kept = 0, missing = count_missing(x, wanted);
    bool waits = missing > 0, room = true;
    for (int i = 0; i < x->waiting; i++) {
        struct transfer t = x->queue[i];
        room = room && take_slot(x, &t);
        if ((room || t.slot) && advance(x, &t))
            finish(x, &t);
        else
            x->queue[kept++] = t;
        missing -= wants(wanted, &t);
        room = room && !(waits && missing == 0);
    }
    x->waiting = kept;
}

static void begin(struct exchange *x, enum kind kind, int bucket, bool bfloat16)
{
    require(bucket >= 0 && bucket < x->sharding->buckets && !x->on_way[kind][bucket]);
    x->begun[kind][bucket]++;
    x->on_way[kind][bucket] = true;
    x->queue[x->waiting++] = (struct transfer){
        .kind = kind,
        .bucket = bucket,
        .number = x->numbers[kind]++,
        .stage = kind == REDUCE ? 0 : x->sharding->stages.count - 1,
        .bfloat16 = bfloat16,
    };
}

/* Alone: the sum is what there is. */
static void copy_alone(struct exchange *x, int bucket)
{
    struct slice slice = sharding_slice(x->sharding, bucket, 0);
    if (!x->in_place)
        memcpy((unsigned char *)x->arrays.shard + x->shard_start[bucket] * x->element,
               gradients_at(x, slice.begin), slice_length(slice) * x->element);
}

void exchange_reduce_begin(struct exchange *exchange, int bucket)
{
    double started = clock_seconds();
    begin(exchange, REDUCE, bucket, false);
    if (exchange->sharding->stages.count == 0)
        copy_alone(exchange, bucket);
    if (exchange->shared)
        raise_flag(exchange, COMPLETE, bucket, exchange->begun[REDUCE][bucket]);
    move_on(exchange, nothing);
    exchange->report.work_seconds += clock_seconds() - started;
}

void exchange_gather_begin(struct exchange *exchange, int bucket, bool bfloat16)
{
    require(!bfloat16 || exchange->options.bfloat16_weights);
    double started = clock_seconds();
    begin(exchange, GATHER, bucket, bfloat16);
    exchange->report.work_seconds += clock_seconds() - started;
}

void exchange_poll(struct exchange *exchange)
{
    enum { TRIES = 2 }; /* Open MPI 4 looks for arrivals after it has looked at the requests */
    if (exchange->waiting == 0)
        return;
    double started = clock_seconds();
    for (int i = 0; i < TRIES; i++)
        move_on(exchange, nothing);
    exchange->report.work_seconds += clock_seconds() - started;
}

/* One try while waiting; another process may need the core. */
static void try_again(struct exchange *x, struct wanted wanted)
{
    move_on(x, wanted);
    sched_yield();
}

void exchange_reduce_wait(struct exchange *exchange)
{
    double started = clock_seconds();
    for (int b = 0; b < exchange->sharding->buckets; b++) {
        activity_wait_begin("the exchange, gradients of bucket", b);
        while (exchange->on_way[REDUCE][b])
            try_again(exchange, nothing);
        while (exchange->shared && !all_raised(exchange, READ, b, exchange->begun[REDUCE][b]))
            try_again(exchange, nothing);
        activity_wait_end();
    }
    exchange->report.wait_seconds += clock_seconds() - started;
}

void exchange_gather_wait_for(struct exchange *exchange, int begin, int end)
{
    struct wanted wanted = {begin, end};
    if (count_missing(exchange, wanted) == 0)
        return;
    double started = clock_seconds();
    activity_wait_begin("the exchange, weights of bucket", begin);
    while (count_missing(exchange, wanted) > 0)
        try_again(exchange, wanted);
    activity_wait_end();
    move_on(exchange, nothing);
    exchange->report.wait_seconds += clock_seconds() - started;
}

void exchange_gather_wait(struct exchange *exchange)
{
    exchange_gather_wait_for(exchange, 0, exchange->sharding->buckets);
}

struct exchange_report exchange_report(const struct exchange *exchange)
{
    return exchange->report;
}
