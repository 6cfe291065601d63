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

/* The protocol, for whoever changes it.
 *
 * A transfer is a bucket on one of its two ways. Its reduce-scatter (REDUCE) goes through the
 * stages upwards, its all-gather (GATHER) downwards. In stage s a rank exchanges with the
 * members of its group alone. They all work on the same part of the bucket, part(s), and cut it up
 * among themselves: a rank's share of it is part(s + 1), and the slice that a rank owns is what is
 * left after the last stage (dist/sharding.h).
 *
 *     REDUCE, stage s    A rank sends each other member that one's part(s + 1) of its sums so far,
 *                        receives what the others have for its own part(s + 1), and adds these to
 *                        its own in the order of members. Stage s + 1 goes on with that sum.
 *     GATHER, stage s    A rank's part(s + 1) is whole. It sends it to all other members, receives
 *                        theirs in their places, and then part(s) is whole.
 *
 * Where the ranks of a node share memory, nothing is sent in stage 0. A reduction reads the
 * gradients of the neighbours in place, and weights are one array anyway. What has to be known is
 * when, and each rank says it by flags in the shared memory, one of a sort for each bucket, which
 * it alone writes:
 *
 *     COMPLETE    my gradients of this bucket may be read
 *     READ        I have read everyone's gradients that I needed: as far as I am concerned they may
 *                 be overwritten (exchange_reduce_wait() waits until all have said so)
 *     WHOLE       what I had to bring of this bucket's weights is in the shared array
 *
 * A flag is the number of times that the bucket was begun, so that none is ever taken back.
 *
 * Messages need room for what arrives and for what is rounded: a slot, of which there are few. A
 * transfer takes one before its first stage and keeps it to its end. Transfers stand in a queue in
 * the order in which they were begun, which is the same on all ranks. move_on() walks along it,
 * takes slots in that order, and lets every transfer go as far as it can without waiting.
 *
 * Why this cannot lock up: of all transfers that are not done on some rank, look at the one that
 * was begun first. Where it is not done, all before it are, so the slots that are taken belong to
 * it or to those behind it; and since nobody takes a slot past one that waits for one, it has its
 * own. So it is under way on every rank that has begun it, the others will begin it, since no begin
 * waits, and it gets done. A rank that waits for certain weights holds back what is behind them in
 * the queue, but never what is before them, so the argument holds for it as well. */

/* The two ways of a bucket. */
enum kind { REDUCE, GATHER, KINDS };

enum flag { COMPLETE, READ, WHOLE, FLAGS };

/* Room for the messages of one transfer. */
struct slot {
    MPI_Request *requests;   /* [2 (members - 1)] of the stage it is in */
    int count;               /* of those that are there */
    unsigned char *received; /* what the other members have sent, one after another */
    uint16_t *packed;        /* what goes out in bfloat16 */
    bool taken;
};

struct transfer {
    enum kind kind;
    int bucket;
    unsigned number;   /* of its kind, in the order of beginning */
    int stage;         /* it is in; a reduction counts up, a gathering down */
    struct slot *slot; /* NULL: it has none yet, or needs none */
    bool bfloat16;     /* weights travel so */
    bool posted;       /* the messages of the stage are on their way; or its flag is raised */
};

struct exchange {
    const struct dist *dist;
    const struct sharding *sharding;
    struct exchange_arrays arrays;
    struct exchange_options options;
    size_t element; /* bytes of an element of the gradients and of the shard */
    bool shared;    /* stage 0 is done in memory that the ranks of the node share */
    bool in_place;  /* a job of one rank whose shard is its gradients */
    struct arena arena;
    struct slot *slots;                 /* [options.slots] */
    struct contribution *contributions; /* [members of the largest group] */
    size_t *shard_start;                /* [buckets]: where a bucket's slice begins in the shard */
    struct transfer *queue;             /* [KINDS buckets]; `waiting` of them are not done */
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
        most = max_int(most, stages->members[s]);
    return most;
}

/* Bytes that a slot receives, and packs, at most: in a reduction the contributions of all other
 * members to this rank's part, and the whole part where it is rounded; in a gathering the parts of
 * all others, and this rank's, where they are packed. Weights that are not packed go straight to
 * their place. */
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

/* Says it of the bucket as it was last begun. What was written to memory before is seen by whoever
 * sees the flag. */
static void raise_flag(const struct exchange *x, enum kind kind, enum flag flag, int bucket)
{
    atomic_store_explicit(flag_of(x, x->dist->local_rank, flag, bucket), x->begun[kind][bucket],
                          memory_order_release);
}

static bool all_raised(const struct exchange *x, enum kind kind, enum flag flag, int bucket)
{
    for (int local = 0; local < x->dist->local_size; local++)
        if (atomic_load_explicit(flag_of(x, local, flag, bucket), memory_order_acquire) <
            x->begun[kind][bucket])
            return false;
    return true;
}

/* --- messages --------------------------------------------------------------------------------- */

static struct slice part_of(const struct exchange *x, const struct transfer *t, int rank, int stage)
{
    return sharding_part(x->sharding, t->bucket, rank, stage);
}

static struct slice own_part(const struct exchange *x, const struct transfer *t, int stage)
{
    return part_of(x, t, x->dist->rank, stage);
}

/* The rank that is k places behind this one in its group of the stage. Each rank begins with the
 * next one, so that nobody is sent to by all others at the same time. */
static int peer_of(const struct exchange *x, const struct transfer *t, int k)
{
    const struct stages *stages = &x->sharding->stages;
    int digit = (stages_digit(stages, t->stage, x->dist->rank) + k) % stages->members[t->stage];
    return stages_member(stages, t->stage, x->dist->rank, digit);
}

/* A message finds its transfer by the number, which is the same on all ranks. The numbers start
 * again after so many transfers as are never on their way together. */
static int tag_of(const struct transfer *t)
{
    enum { NUMBERS = (TAG_ROWS - TAG_EXCHANGE) / STAGES_MOST / KINDS };
    int number = (int)(t->number % NUMBERS);
    return TAG_EXCHANGE + (number * STAGES_MOST + t->stage) * KINDS + (int)t->kind;
}

static void post_receive(const struct exchange *x, struct transfer *t, int from, void *to,
                         size_t bytes)
{
    if (bytes > 0)
        MPI_Irecv(to, (int)bytes, MPI_BYTE, from, tag_of(t), x->dist->world,
                  &t->slot->requests[t->slot->count++]);
}

static void post_send(struct exchange *x, struct transfer *t, int to, const void *from,
                      size_t bytes)
{
    if (bytes > 0)
        MPI_Isend(from, (int)bytes, MPI_BYTE, to, tag_of(t), x->dist->world,
                  &t->slot->requests[t->slot->count++]);
    x->report.bytes_sent += bytes;
}

/* Only what goes between nodes is worth rounding: inside one, a message costs no more than that. */
static bool between_nodes(const struct exchange *x, const struct transfer *t)
{
    return !(x->sharding->stages.node && t->stage == 0);
}

/* Whether what travels in this stage does so as bfloat16. */
static bool travels_packed(const struct exchange *x, const struct transfer *t)
{
    bool wanted = t->kind == REDUCE ? x->options.bfloat16_gradients : t->bfloat16;
    return wanted && between_nodes(x, t);
}

/* Bytes of an element on its way. */
static size_t wire_of(const struct exchange *x, const struct transfer *t)
{
    if (travels_packed(x, t))
        return sizeof(uint16_t);
    return t->kind == REDUCE ? x->element : sizeof(real);
}

static unsigned char *gradients_at(const struct exchange *x, size_t at)
{
    return (unsigned char *)x->arrays.gradients + at * x->element;
}

/* Where the contribution of the k-th peer to this rank's part of a reduction arrives. */
static unsigned char *contribution_at(const struct exchange *x, const struct transfer *t, int k)
{
    size_t each = slice_length(own_part(x, t, t->stage + 1)) * wire_of(x, t);
    return t->slot->received + (size_t)(k - 1) * each;
}

static void post_reduction(struct exchange *x, struct transfer *t)
{
    struct slice all = own_part(x, t, t->stage), own = own_part(x, t, t->stage + 1);
    int members = x->sharding->stages.members[t->stage];
    bool packed = travels_packed(x, t);
    size_t wire = wire_of(x, t);
    for (int k = 1; k < members; k++)
        post_receive(x, t, peer_of(x, t, k), contribution_at(x, t, k), slice_length(own) * wire);
    if (packed)
        contribution_pack((const real *)gradients_at(x, all.begin), slice_length(all),
                          t->slot->packed);
    for (int k = 1; k < members; k++) {
        int to = peer_of(x, t, k);
        struct slice theirs = part_of(x, t, to, t->stage + 1);
        const void *from = packed ? (const void *)(t->slot->packed + (theirs.begin - all.begin))
                                  : gradients_at(x, theirs.begin);
        post_send(x, t, to, from, slice_length(theirs) * wire);
    }
}

/* Packed weights arrive one behind the other, in the order of peers, and others in their place. */
static void post_gathering(struct exchange *x, struct transfer *t)
{
    struct slice own = own_part(x, t, t->stage + 1);
    int members = x->sharding->stages.members[t->stage];
    bool packed = travels_packed(x, t);
    size_t wire = wire_of(x, t);
    const void *whole = x->arrays.weights + own.begin;
    unsigned char *next = t->slot->received;
    for (int k = 1; k < members; k++) {
        int from = peer_of(x, t, k);
        struct slice theirs = part_of(x, t, from, t->stage + 1);
        void *to = packed ? (void *)next : x->arrays.weights + theirs.begin;
        post_receive(x, t, from, to, slice_length(theirs) * wire);
        next += slice_length(theirs) * wire;
    }
    if (packed) {
        contribution_pack(x->arrays.weights + own.begin, slice_length(own), t->slot->packed);
        whole = t->slot->packed;
    }
    for (int k = 1; k < members; k++)
        post_send(x, t, peer_of(x, t, k), whole, slice_length(own) * wire);
}

static void unpack_gathered(struct exchange *x, const struct transfer *t)
{
    const uint16_t *packed = (const uint16_t *)t->slot->received;
    for (int k = 1; k < x->sharding->stages.members[t->stage]; k++) {
        struct slice theirs = part_of(x, t, peer_of(x, t, k), t->stage + 1);
        contribution_unpack(packed, slice_length(theirs), x->arrays.weights + theirs.begin);
        packed += slice_length(theirs);
    }
}

/* --- the stages of a transfer ----------------------------------------------------------------- */

/* Adds up what the members of the group have for this rank's part, always in the order of
 * members: the neighbours' gradients where they lie, or its own ones and what has been received.
 * The sum goes where the next stage looks for it, which is its own gradients, and from the last
 * stage to the shard. */
static void sum_contributions(struct exchange *x, const struct transfer *t, bool in_memory)
{
    const struct stages *stages = &x->sharding->stages;
    struct slice part = own_part(x, t, t->stage + 1);
    int members = stages->members[t->stage], own = stages_digit(stages, t->stage, x->dist->rank);
    for (int k = 0; k < members; k++) {
        int member = (own + k) % members;
        struct contribution *c = &x->contributions[member];
        if (in_memory)
            *c = (struct contribution){.values = (unsigned char *)x->arrays.neighbours[member] +
                                                 part.begin * x->element};
        else if (k == 0)
            *c = (struct contribution){.values = gradients_at(x, part.begin)};
        else
            *c = (struct contribution){.values = contribution_at(x, t, k),
                                       .bfloat16 = travels_packed(x, t)};
    }
    bool last = t->stage + 1 == stages->count;
    void *sum = last ? (unsigned char *)x->arrays.shard + x->shard_start[t->bucket] * x->element
                     : gradients_at(x, part.begin);
    if (x->options.element == EXCHANGE_FIXED)
        contributions_sum_fixed(x->contributions, members, slice_length(part), sum);
    else
        contributions_sum(x->contributions, members, slice_length(part), sum);
}

/* Does stage 0 where the node shares memory; true when it is done. */
static bool pass_in_memory(struct exchange *x, struct transfer *t)
{
    if (t->kind == GATHER) {
        if (!t->posted)
            raise_flag(x, GATHER, WHOLE, t->bucket);
        t->posted = true;
        return all_raised(x, GATHER, WHOLE, t->bucket);
    }
    if (!all_raised(x, REDUCE, COMPLETE, t->bucket))
        return false;
    sum_contributions(x, t, true);
    raise_flag(x, REDUCE, READ, t->bucket);
    return true;
}

/* Does a stage by messages; true when it is done. */
static bool pass_by_messages(struct exchange *x, struct transfer *t)
{
    int arrived;
    if (!t->posted) {
        t->slot->count = 0;
        if (t->kind == REDUCE)
            post_reduction(x, t);
        else
            post_gathering(x, t);
        t->posted = true;
    }
    MPI_Testall(t->slot->count, t->slot->requests, &arrived, MPI_STATUSES_IGNORE);
    if (arrived && t->kind == REDUCE)
        sum_contributions(x, t, false);
    else if (arrived && travels_packed(x, t))
        unpack_gathered(x, t);
    return arrived;
}

/* Goes through as many stages as can be done now; true when the transfer is through all. */
static bool advance(struct exchange *x, struct transfer *t)
{
    while (t->stage >= 0 && t->stage < x->sharding->stages.count) {
        bool in_memory = x->shared && t->stage == 0;
        if (!(in_memory ? pass_in_memory(x, t) : pass_by_messages(x, t)))
            return false;
        t->posted = false;
        t->stage += t->kind == REDUCE ? 1 : -1;
    }
    return true;
}

/* --- the queue -------------------------------------------------------------------------------- */

/* Gives the transfer a slot if it needs one; false where it has to wait for that. */
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

/* Buckets whose weights are waited for: [begin, end). */
struct wanted {
    int begin, end;
};

static const struct wanted nothing = {0};

static bool is_wanted(struct wanted wanted, const struct transfer *t)
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

/* Moves every transfer on as far as it goes, and keeps those that are not done in their order. A
 * transfer may set out if all before it have (`may_start`): slots are taken in the order of the
 * queue. Where weights are waited for, none sets out behind the last of them, since it would share
 * the network with them. */
static void move_on(struct exchange *x, struct wanted wanted)
{
    int kept = 0, missing = count_missing(x, wanted);
    bool waited_for = missing > 0, may_start = true;
    for (int i = 0; i < x->waiting; i++) {
        struct transfer t = x->queue[i];
        may_start = may_start && take_slot(x, &t);
        if ((may_start || t.slot) && advance(x, &t)) {
            x->on_way[t.kind][t.bucket] = false;
            if (t.slot)
                t.slot->taken = false;
        } else {
            x->queue[kept++] = t;
        }
        missing -= is_wanted(wanted, &t);
        may_start = may_start && !(waited_for && missing == 0);
    }
    x->waiting = kept;
}

static void enqueue(struct exchange *x, enum kind kind, int bucket, bool bfloat16)
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

/* --- what callers see ------------------------------------------------------------------------- */

/* A job of one rank has no stages: its gradients are the sum. */
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
    enqueue(exchange, REDUCE, bucket, false);
    if (exchange->sharding->stages.count == 0)
        copy_alone(exchange, bucket);
    if (exchange->shared)
        raise_flag(exchange, REDUCE, COMPLETE, bucket);
    move_on(exchange, nothing);
    exchange->report.work_seconds += clock_seconds() - started;
}

void exchange_gather_begin(struct exchange *exchange, int bucket, bool bfloat16)
{
    require(!bfloat16 || exchange->options.bfloat16_weights);
    double started = clock_seconds();
    enqueue(exchange, GATHER, bucket, bfloat16);
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

/* One look while waiting. Where ranks share a core, it is for another to move on. */
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
        while (exchange->shared && !all_raised(exchange, REDUCE, READ, b))
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
