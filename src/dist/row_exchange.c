#include "lambert/dist/row_exchange.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "dist_internal.h"
#include "lambert/base/activity.h"
#include "lambert/base/arena.h"
#include "lambert/base/clock.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "row_walk.h"

/* How rows travel, for whoever changes it.
 *
 * They go through the stages of the sharding as buckets do (exchange.c has the words: in stage s
 * the members of a group cut up part(s) of the flat array, and a rank's share is part(s + 1)),
 * but only those elements of a part that belong to rows which somebody looks up.
 *
 * First each rank learns who wants what (share_sets()). What a member brings to stage s is the set
 * of rows that it looks up itself or that were brought to it in the stages before. Members send
 * each other their sets, and the union is what each brings to the next stage. So both sides of a
 * message know which elements it holds, in the same order, and nothing but values is sent: those of
 * the sender's set, in the part of whoever is nearer to the owner (row_walk.h).
 *
 * Sums go to the owners through the stages upwards, values come from them downwards. In between
 * they lie in `staged`, each where it lies in the matrix, so that a row of several bringers is one
 * row. */

/* Towards the ranks that own the rows, or from them. */
enum way { TO_OWNER, FROM_OWNER };

struct row_exchange {
    const struct dist *dist;
    const struct sharding *sharding;
    struct row_matrix matrix;
    /* [rows, width] of the scratch: rows on their way, each at its place in the matrix. What lies
     * at the places of other rows means nothing. */
    real *staged;
    real *messages;        /* the rest of the scratch: what is sent and received in one stage */
    size_t words;          /* of a set */
    uint64_t *sets;        /* [members of all stages and 1, words]: set_of() */
    MPI_Request *requests; /* [2 members] of the stage that is under way */
    int posted;            /* of them */
    real **received;       /* [members]: where the k-th peer's message of the stage lies */
    struct arena arena;
    struct row_exchange_report report;
};

/* --- sets of rows ----------------------------------------------------------------------------- */

/* What the member with that digit brings to a stage. There is one more than there are stages: what
 * is left to this rank after the last, the rows that anyone looks up. */
static uint64_t *set_of(const struct row_exchange *x, int stage, int digit)
{
    size_t before = 0;
    for (int s = 0; s < stage; s++)
        before += (size_t)x->sharding->stages.members[s];
    return x->sets + (before + (size_t)digit) * x->words;
}

/* Behind the last stage there is one set alone. */
static int own_digit(const struct row_exchange *x, int stage)
{
    const struct stages *stages = &x->sharding->stages;
    return stage < stages->count ? stages_digit(stages, stage, x->dist->rank) : 0;
}

static uint64_t *own_set(const struct row_exchange *x, int stage)
{
    return set_of(x, stage, own_digit(x, stage));
}

/* The elements of those rows in a rank's part, when a stage begins. */
static struct row_walk walk_of(const struct row_exchange *x, const uint64_t *set, int rank,
                               int stage)
{
    return row_walk_of(&x->matrix, x->sharding, set, rank, stage);
}

/* --- set-up ----------------------------------------------------------------------------------- */

/* Elements of the matrix that a rank works on when a stage begins: of the rank that has most. */
static size_t part_most(const struct sharding *sharding, const struct row_matrix *matrix, int stage)
{
    size_t most = 0;
    for (int r = 0; r < sharding->ranks; r++) {
        size_t size = 0;
        for (int b = 0; b < row_matrix_buckets(matrix, sharding); b++)
            size += slice_length(row_matrix_part(matrix, sharding, b, r, stage));
        most = max_size(most, size);
    }
    return most;
}

size_t row_exchange_needs(const struct sharding *sharding, const struct row_matrix *matrix)
{
    size_t messages = 0, behind = 1; /* ranks whose rows a member brings to a stage */
    for (int s = 0; s < sharding->stages.count; s++) {
        size_t members = (size_t)sharding->stages.members[s];
        size_t rows = min_size((size_t)matrix->most * behind, (size_t)matrix->rows);
        size_t most = rows * (size_t)matrix->width;
        size_t own = min_size(part_most(sharding, matrix, s), most);
        size_t others = min_size(part_most(sharding, matrix, s + 1), most) * (members - 1);
        messages = max_size(messages, own + others);
        behind *= members;
    }
    return row_matrix_size(matrix) + messages;
}

static void lay_out(struct row_exchange *x, struct arena *arena)
{
    const struct stages *stages = &x->sharding->stages;
    size_t sets = 1, most = 1;
    for (int s = 0; s < stages->count; s++) {
        sets += (size_t)stages->members[s];
        most = max_size(most, (size_t)stages->members[s]);
    }
    x->sets = arena_take(arena, sets * x->words, sizeof *x->sets);
    x->requests = arena_take(arena, 2 * most, sizeof(MPI_Request));
    x->received = arena_take(arena, most, sizeof *x->received);
}

static struct row_exchange exchange_of(const struct sharding *sharding,
                                       const struct row_matrix *matrix)
{
    return (struct row_exchange){
        .sharding = sharding, .matrix = *matrix, .words = row_set_words(matrix->rows)};
}

size_t row_exchange_memory(const struct sharding *sharding, const struct row_matrix *matrix)
{
    struct row_exchange plan = exchange_of(sharding, matrix);
    struct arena arena;
    arena_measure(&arena);
    lay_out(&plan, &arena);
    return arena.used;
}

int row_exchange_new(struct row_exchange **exchange, const struct dist *dist,
                     const struct sharding *sharding, const struct row_matrix *matrix,
                     real *scratch, struct error *err)
{
    require(sharding->ranks == dist->size && row_matrix_size(matrix) <= sharding->size);
    require(row_matrix_size(matrix) <= ROW_MATRIX_MOST);
    struct row_exchange *x = memory_new(1, sizeof *x);
    *exchange = NULL;
    *x = exchange_of(sharding, matrix);
    x->dist = dist;
    x->staged = scratch;
    x->messages = scratch + row_matrix_size(matrix);
    if (arena_init(&x->arena, row_exchange_memory(sharding, matrix), "rows between ranks", err) <
        0) {
        free(x);
        return -1;
    }
    lay_out(x, &x->arena);
    *exchange = x;
    return 0;
}

void row_exchange_free(struct row_exchange *exchange)
{
    if (!exchange)
        return;
    arena_release(&exchange->arena);
    free(exchange);
}

/* --- messages --------------------------------------------------------------------------------- */

/* The digit, and the rank, that is k places behind this one in its group of the stage. */
static int peer_digit(const struct row_exchange *x, int stage, int k)
{
    return (own_digit(x, stage) + k) % x->sharding->stages.members[stage];
}

static int peer_of(const struct row_exchange *x, int stage, int k)
{
    return stages_member(&x->sharding->stages, stage, x->dist->rank, peer_digit(x, stage, k));
}

static void post_receive(struct row_exchange *x, int from, void *to, size_t bytes)
{
    if (bytes > 0)
        MPI_Irecv(to, (int)bytes, MPI_BYTE, from, TAG_ROWS, x->dist->world,
                  &x->requests[x->posted++]);
}

static void post_send(struct row_exchange *x, int to, const void *from, size_t bytes)
{
    if (bytes > 0)
        MPI_Isend(from, (int)bytes, MPI_BYTE, to, TAG_ROWS, x->dist->world,
                  &x->requests[x->posted++]);
    x->report.bytes_sent += bytes;
}

static void wait_for_messages(struct row_exchange *x, const char *what, int stage)
{
    activity_wait_begin(what, stage);
    MPI_Waitall(x->posted, x->requests, MPI_STATUSES_IGNORE);
    activity_wait_end();
    x->posted = 0;
}

/* Makes the sets of all stages from the lists that the ranks have, this rank's being `list`. */
static void share_sets(struct row_exchange *x, const struct row_list *list)
{
    size_t bytes = x->words * sizeof(uint64_t);
    require(list->count <= x->matrix.most);
    memset(own_set(x, 0), 0, bytes);
    for (int i = 0; i < list->count; i++)
        row_set_add(own_set(x, 0), list->rows[i]);
    for (int s = 0; s < x->sharding->stages.count; s++) {
        int members = x->sharding->stages.members[s];
        for (int k = 1; k < members; k++)
            post_receive(x, peer_of(x, s, k), set_of(x, s, peer_digit(x, s, k)), bytes);
        for (int k = 1; k < members; k++)
            post_send(x, peer_of(x, s, k), own_set(x, s), bytes);
        wait_for_messages(x, "the exchange of rows, which are looked up, stage", s);
        uint64_t *next = own_set(x, s + 1);
        memset(next, 0, bytes);
        for (int m = 0; m < members; m++)
            for (size_t w = 0; w < x->words; w++)
                next[w] |= set_of(x, s, m)[w];
    }
}

/* What is in the messages between this rank and its k-th peer of a stage: the peer's rows in
 * this rank's part, and this rank's rows in the peer's part. */
static struct row_walk walk_theirs(const struct row_exchange *x, int stage, int k)
{
    return walk_of(x, set_of(x, stage, peer_digit(x, stage, k)), x->dist->rank, stage + 1);
}

static struct row_walk walk_own(const struct row_exchange *x, int stage, int k)
{
    return walk_of(x, own_set(x, stage), peer_of(x, stage, k), stage + 1);
}

/* All messages of a stage, there and back. What has come then lies in received[], one behind the
 * other, and behind it what was sent. */
static void pass_messages(struct row_exchange *x, int stage, enum way way)
{
    int members = x->sharding->stages.members[stage];
    real *next = x->messages;
    for (int k = 1; k < members; k++) {
        struct row_walk in = way == TO_OWNER ? walk_theirs(x, stage, k) : walk_own(x, stage, k);
        size_t count = row_walk_count(in);
        x->received[k] = next;
        post_receive(x, peer_of(x, stage, k), next, count * sizeof *next);
        next += count;
    }
    for (int k = 1; k < members; k++) {
        struct row_walk out = way == TO_OWNER ? walk_own(x, stage, k) : walk_theirs(x, stage, k);
        size_t count = row_walk_pack(out, x->staged, next);
        post_send(x, peer_of(x, stage, k), next, count * sizeof *next);
        next += count;
    }
    wait_for_messages(x, "the exchange of rows, stage", stage);
}

/* Rows that others bring to this stage and this rank does not: sums of them begin with zero. */
static void clear_new(const struct row_exchange *x, int stage)
{
    const uint64_t *own = own_set(x, stage);
    struct row_walk walk = walk_of(x, own_set(x, stage + 1), x->dist->rank, stage + 1);
    struct slice run;
    while (row_walk_next(&walk, &run)) {
        if (!row_set_has(own, run.begin / (size_t)x->matrix.width))
            memset(x->staged + run.begin, 0, slice_length(run) * sizeof *x->staged);
    }
}

/* --- the two ways ----------------------------------------------------------------------------- */

static size_t row_bytes(const struct row_exchange *x)
{
    return (size_t)x->matrix.width * sizeof(real);
}

static real *staged_row(const struct row_exchange *x, int row)
{
    return x->staged + (size_t)row * (size_t)x->matrix.width;
}

void row_exchange_fetch(struct row_exchange *exchange, const struct row_list *wanted,
                        const real *weights, real *values)
{
    double started = clock_seconds();
    const struct stages *stages = &exchange->sharding->stages;
    share_sets(exchange, wanted);

    /* What this rank owns of the rows that anyone looks up is staged, to set out from here. */
    struct row_walk walk =
        walk_of(exchange, own_set(exchange, stages->count), exchange->dist->rank, stages->count);
    struct slice run;
    while (row_walk_next(&walk, &run))
        memcpy(exchange->staged + run.begin, weights + run.begin,
               slice_length(run) * sizeof *weights);

    for (int s = stages->count - 1; s >= 0; s--) {
        pass_messages(exchange, s, FROM_OWNER);
        for (int k = 1; k < stages->members[s]; k++)
            row_walk_unpack(walk_own(exchange, s, k), exchange->received[k], exchange->staged);
    }
    for (int i = 0; i < wanted->count; i++)
        memcpy(values + (size_t)i * (size_t)exchange->matrix.width,
               staged_row(exchange, wanted->rows[i]), row_bytes(exchange));
    exchange->report.wait_seconds += clock_seconds() - started;
}

/* Adds what this rank owns of the sums to its shard, which holds the slices of all buckets one
 * behind the other. */
static void add_to_shard(const struct row_exchange *x, real *shard)
{
    int owned = x->sharding->stages.count;
    const uint64_t *set = own_set(x, owned);
    struct row_walk walk = walk_of(x, set, x->dist->rank, owned);
    struct slice run;
    int bucket = -1;
    size_t start = 0,
           length = 0; /* of the bucket's slice in the flat array; `shard` is its place */
    while (row_walk_next(&walk, &run)) {
        for (; bucket < walk.bucket; bucket++) {
            struct slice slice = sharding_slice(x->sharding, bucket + 1, x->dist->rank);
            shard += length;
            start = slice.begin;
            length = slice_length(slice);
        }
        for (size_t i = run.begin; i < run.end; i++)
            shard[i - start] += x->staged[i];
    }
}

void row_exchange_add(struct row_exchange *exchange, const struct row_list *changed,
                      const real *gradients, real *shard)
{
    double started = clock_seconds();
    const struct stages *stages = &exchange->sharding->stages;
    share_sets(exchange, changed);
    for (int i = 0; i < changed->count; i++)
        memcpy(staged_row(exchange, changed->rows[i]),
               gradients + (size_t)i * (size_t)exchange->matrix.width, row_bytes(exchange));
    for (int s = 0; s < stages->count; s++) {
        pass_messages(exchange, s, TO_OWNER);
        clear_new(exchange, s);
        for (int k = 1; k < stages->members[s]; k++)
            row_walk_unpack_adding(walk_theirs(exchange, s, k), exchange->received[k],
                                   exchange->staged);
    }
    add_to_shard(exchange, shard);
    exchange->report.wait_seconds += clock_seconds() - started;
}

struct row_exchange_report row_exchange_report(const struct row_exchange *exchange)
{
    return exchange->report;
}
