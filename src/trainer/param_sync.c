#include "lambert/trainer/param_sync.h"

#include <stdlib.h>

#include "fixed_point.h"
#include "lambert/base/clock.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/dist/node_arrays.h"
#include "lambert/kernels/parallel.h"
#include "lambert/trainer/embedding_rows.h"
#include "lambert/trainer/rounded_weights.h"

struct param_sync {
    const struct dist *dist;
    const struct sharding *sharding;
    struct node_arrays *memory;
    struct exchange *exchange;
    bool fixed_point;

    real *weights; /* [size] */
    real *grads;   /* [size] of this rank */
    real *shard;   /* [sharding_count()] of the summed gradient */

    struct row_exchange *rows;            /* NULL: word embeddings do not go apart */
    struct embedding_rows embedding_rows; /* of this micro-batch, with rows */
    bool rounds;                          /* weights to compute with */
    struct rounded_weights rounded;
    bool held;    /* weights are to be sent off when the next step begins */
    bool settled; /* weights are whole on all ranks, as the optimizer has them */

    int matrix;                   /* buckets wholly in the word embeddings, that go apart */
    int sent;                     /* buckets of gradients so far */
    size_t front, back;           /* gradients [0, front) and [back, size) are complete */
    bool first;                   /* micro-batch of the step */
    struct result_hashes *hashes; /* of the micro-batch that is computed; NULL: none are wanted */
    double polled;                /* when messages were last moved on, by clock_seconds() */
    double limit;                 /* of a gradient in fixed point */
    struct exchange_report reported; /* when param_sync_report() was last called */
};

/* Buckets that lie in the word embeddings and may go apart: none without a network, or where sums
 * are exact only if they are made in one go. Gradients are the scratch memory of rows. */
static int matrix_buckets(const struct sharding *sharding, const struct param_sync_options *options)
{
    const struct row_matrix *words = &options->words;
    bool network = sharding->stages.count > sharding->stages.node;
    size_t size = (size_t)words->rows * (size_t)words->width;
    bool fits = size <= ROW_MATRIX_MOST && row_exchange_needs(sharding, words) <= sharding->size;
    return network && fits && !options->fixed_point ? (int)(size / sharding->bucket) : 0;
}

static enum exchange_element element_of(const struct param_sync_options *options)
{
    return options->fixed_point ? EXCHANGE_FIXED : EXCHANGE_REAL;
}

static struct exchange_options exchange_options_of(const struct sharding *sharding,
                                                   const struct param_sync_options *options)
{
    return (struct exchange_options){.element = element_of(options),
                                     .bfloat16_gradients = options->gradient_wire == TYPE_BFLOAT16,
                                     .bfloat16_weights = options->weight_type == TYPE_BFLOAT16,
                                     .slots = exchange_slots(sharding)};
}

static size_t shard_bytes(const struct sharding *sharding, int rank)
{
    return sharding_count(sharding, rank) * sizeof(real);
}

/* --- what it holds ---------------------------------------------------------------------------- */

struct param_sync_memory param_sync_memory(const struct sharding *sharding, int rank, bool shares,
                                           const struct param_sync_options *options)
{
    struct exchange_options exchange = exchange_options_of(sharding, options);
    struct node_arrays_memory arrays = node_arrays_memory(sharding, rank, element_of(options));
    struct param_sync_memory memory = {.weights = arrays.weights,
                                       .gradients = arrays.gradients,
                                       .shard = arrays.shard,
                                       .shared = arrays.shares && shares};
    memory.buffers = exchange_memory(sharding, rank, memory.shared, &exchange);
    if (options->fixed_point) {
        memory.gradients += sharding->size * sizeof(real);
        memory.shard += shard_bytes(sharding, rank);
    }
    if (options->weight_type == TYPE_BFLOAT16)
        memory.shard += rounded_weights_memory(sharding, rank);
    if (matrix_buckets(sharding, options) > 0)
        memory.buffers += row_exchange_memory(sharding, &options->words) +
                          embedding_rows_memory(&options->words, options->tokens);
    return memory;
}

/* In fixed point the model's gradients are apart from what is exchanged. */
static int take_gradients(struct param_sync *sync, struct error *err)
{
    const struct exchange_arrays *arrays = node_arrays_of(sync->memory);
    size_t shard = shard_bytes(sync->sharding, dist_rank(sync->dist));
    if (!sync->fixed_point) {
        sync->grads = arrays->gradients;
        sync->shard = arrays->shard;
        return 0;
    }
    if (memory_big((void **)&sync->grads, sync->sharding->size * sizeof(real), "gradients", err) <
        0)
        return -1;
    return memory_big((void **)&sync->shard, shard, "summed gradients", err);
}

int param_sync_new(struct param_sync **out, const struct dist *dist,
                   const struct sharding *sharding, const struct param_sync_options *options,
                   struct error *err)
{
    struct exchange_options exchange = exchange_options_of(sharding, options);
    const bool rounds = options->weight_type == TYPE_BFLOAT16;
    struct param_sync *sync = memory_new(1, sizeof *sync);
    int status = -1;
    *sync = (struct param_sync){.dist = dist,
                                .sharding = sharding,
                                .fixed_point = options->fixed_point,
                                .rounds = rounds,
                                .held = rounds,
                                .settled = true,
                                .matrix = matrix_buckets(sharding, options)};
    *out = NULL;
    if (node_arrays_new(&sync->memory, dist, sharding, element_of(options), err) < 0)
        goto fail; /* on all ranks */
    sync->weights = node_arrays_of(sync->memory)->weights;
    if (take_gradients(sync, err) < 0 ||
        exchange_new(&sync->exchange, dist, sharding, node_arrays_of(sync->memory), &exchange,
                     err) < 0)
        goto agree;
    if (sync->matrix > 0) {
        log_info("between nodes, rows of the word embeddings that are looked up go apart from the "
                 "matrix");
        if (embedding_rows_init(&sync->embedding_rows, &options->words, options->tokens, err) < 0 ||
            row_exchange_new(&sync->rows, dist, sharding, &options->words, sync->grads, err) < 0)
            goto agree;
    }
    status =
        rounds ? rounded_weights_init(&sync->rounded, sharding, dist_rank(dist), sync->weights, err)
               : 0;
agree:
    if (dist_agree(dist, status, err) == 0) {
        *out = sync;
        return 0;
    }
fail:
    param_sync_free(sync);
    return -1;
}

void param_sync_free(struct param_sync *sync)
{
    if (!sync)
        return;
    if (sync->exchange)
        exchange_gather_wait(sync->exchange);
    exchange_free(sync->exchange);
    row_exchange_free(sync->rows);
    rounded_weights_release(&sync->rounded);
    embedding_rows_release(&sync->embedding_rows);
    if (sync->fixed_point) {
        memory_big_free(sync->grads, sync->sharding->size * sizeof(real));
        memory_big_free(sync->shard, shard_bytes(sync->sharding, dist_rank(sync->dist)));
    }
    node_arrays_free(sync->memory);
    free(sync);
}

real *param_sync_weights(const struct param_sync *sync)
{
    return sync->weights;
}

bool param_sync_weights_shared(const struct param_sync *sync)
{
    return node_arrays_shared(sync->memory);
}

real *param_sync_gradients(const struct param_sync *sync)
{
    return sync->grads;
}

real *param_sync_shard(const struct param_sync *sync)
{
    return sync->shard;
}

/* --- weights ---------------------------------------------------------------------------------- */

/* In the order in which the next forward pass needs them. */
static void send_weights(struct param_sync *sync, bool bfloat16)
{
    int buckets = sync->sharding->buckets;
    for (int i = 0; i < buckets; i++)
        exchange_gather_begin(sync->exchange, (sync->matrix + i) % buckets, bfloat16);
    sync->held = false;
}

/* Rows of the first micro-batch, and then all weights, where they are not there yet; true if rows
 * were. */
static bool send_held(struct param_sync *sync)
{
    if (!sync->held)
        return false;
    sync->settled = false;
    if (sync->rounds)
        rounded_weights_round(&sync->rounded);
    if (sync->rows)
        row_exchange_fetch(sync->rows, &sync->embedding_rows.list, sync->weights,
                           sync->embedding_rows.vectors);
    send_weights(sync, sync->rounds);
    return sync->rows != NULL;
}

void param_sync_begin_update(struct param_sync *sync)
{
    if (sync->rounds)
        rounded_weights_restore(&sync->rounded);
}

/* Weights are held back for the rows of the next step alone. */
void param_sync_publish(struct param_sync *sync, bool updated)
{
    if (updated) {
        sync->settled = false;
        sync->held = true;
        if (!sync->rows)
            send_held(sync);
    } else if (sync->rounds) {
        rounded_weights_round(&sync->rounded);
    }
}

/* Where weights are rounded the whole ones travel now, and rounded ones once more for the next
 * step. */
void param_sync_settle(struct param_sync *sync)
{
    if (sync->settled)
        return;
    exchange_gather_wait(sync->exchange);
    if (sync->rounds)
        rounded_weights_restore(&sync->rounded);
    if (sync->held || sync->rounds)
        send_weights(sync, false);
    exchange_gather_wait(sync->exchange);
    sync->held = sync->rounds;
    sync->settled = true;
}

/* --- gradients -------------------------------------------------------------------------------- */

void param_sync_begin_step(struct param_sync *sync, int64_t micro_batches)
{
    sync->sent = 0;
    sync->front = 0;
    sync->back = sync->sharding->size;
    sync->first = true;
    sync->embedding_rows.list.count = 0;
    if (sync->fixed_point)
        sync->limit = fixed_point_limit(micro_batches > 0 ? micro_batches : 1);
}

/* Adds this micro-batch's gradients [begin, end) to the sums. */
static void add_fixed(const struct param_sync *sync, size_t begin, size_t end)
{
    int64_t *sums = node_arrays_of(sync->memory)->gradients;
    if (sync->first)
        fixed_point_put(sync->grads + begin, end - begin, sync->limit, sums + begin);
    else
        fixed_point_add(sync->grads + begin, end - begin, sync->limit, sums + begin);
}

/* From the back to the front, but for the matrix of the word embeddings. */
static int sent_next(const struct param_sync *sync)
{
    int last = sync->sharding->buckets - 1;
    return sync->sent < sync->matrix ? sync->sent : last - (sync->sent - sync->matrix);
}

static bool is_complete(const struct param_sync *sync, int bucket)
{
    size_t begin = (size_t)bucket * sync->sharding->bucket;
    return begin >= sync->back || begin + sync->sharding->bucket <= sync->front;
}

static void on_complete(void *who, size_t begin, size_t end)
{
    struct param_sync *sync = who;
    if (sync->hashes) /* before anything is done to them */
        result_hashes_put(sync->hashes, sync->grads, begin, end);
    if (sync->fixed_point)
        add_fixed(sync, begin, end);
    if (end == sync->back)
        sync->back = begin;
    else
        sync->front = end;
    if (sync->back == sync->front)
        sync->back = 0;
    while (sync->sent < sync->sharding->buckets && is_complete(sync, sent_next(sync))) {
        exchange_reduce_begin(sync->exchange, sent_next(sync));
        sync->sent++;
    }
}

static void on_needs(void *who, size_t begin, size_t end)
{
    struct param_sync *sync = who;
    size_t bucket = sync->sharding->bucket;
    exchange_gather_wait_for(sync->exchange, (int)(begin / bucket),
                             (int)((end + bucket - 1) / bucket));
}

/* Often enough for a network that is faster than the buffers of its connections are deep, seldom
 * enough to cost nothing. */
static void on_pause(void *who)
{
    static const double interval = 1e-3; /* seconds */
    struct param_sync *sync = who;
    double now = clock_seconds();
    if (now - sync->polled < interval)
        return;
    exchange_poll(sync->exchange);
    sync->polled = clock_seconds();
}

/* bert_train() with these hooks. `apart`: the gradients of rows that are looked up are not added to the matrix, where
 * such rows go apart. `first`: gradients hold nothing yet. */
static void compute(struct param_sync *sync, struct bert *bert, const struct packed_batch *micro,
                    struct bert_hooks *hooks, bool apart, bool first, const double *scales,
                    struct objective_sums *sums)
{
    struct embedding_rows *words = &sync->embedding_rows;
    struct bert_embedding_rows looked_up;
    if (sync->rows)
        embedding_rows_of(words, micro);
    bool fetched = send_held(sync);
    if (sync->rows) {
        looked_up = (struct bert_embedding_rows){.slots = words->slots,
                                                 .count = words->list.count,
                                                 .values = fetched ? words->vectors : NULL,
                                                 .gradients = apart ? words->vectors : NULL};
        hooks->embedding_rows = &looked_up;
    }
    if (first) { /* and what lies behind the tensors */
        const size_t size = bert_params(bert)->size;
        array_clear(sync->grads + size, sync->sharding->size - size);
    }
    bert_set_hooks(bert, hooks);
    (first ? bert_train_first : bert_train)(bert, sync->weights, micro, scales, sync->grads, sums);
    bert_set_hooks(bert, NULL);
}

/* What is left to hash when bert_train() has returned. */
static void finish_hashes(const struct param_sync *sync, const struct bert *bert, bool apart,
                          const struct objective_sums *sums, struct result_hashes *hashes)
{
    const struct embedding_rows *words = &sync->embedding_rows;
    if (sync->rows && apart)
        result_hashes_put_rows(hashes, words->vectors,
                               (size_t)words->list.count * (size_t)words->matrix.width);
    result_hashes_put_sums(hashes, sums, bert_objectives(bert).count);
}

void param_sync_backward(struct param_sync *sync, struct bert *bert,
                         const struct packed_batch *micro, bool last, const double *scales,
                         struct objective_sums *sums, struct result_hashes *hashes)
{
    struct bert_hooks hooks = {
        .needs = on_needs, .complete = last ? on_complete : NULL, .pause = on_pause, .who = sync};
    require(!hashes || sync->first);
    sync->hashes = hashes;
    compute(sync, bert, micro, &hooks, last, sync->first || sync->fixed_point, scales, sums);
    if (hashes && !last) /* of the last, on_complete() did it */
        result_hashes_put(hashes, sync->grads, 0, sync->sharding->size);
    if (hashes)
        finish_hashes(sync, bert, last, sums, hashes);
    if (sync->fixed_point && !last) /* as well */
        add_fixed(sync, 0, sync->sharding->size);
    sync->hashes = NULL;
    sync->first = false;
}

/* Gradients are set once more by the first that is this rank's own; that of looked-up rows is to have no part in
 * what the ranks add up. */
void param_sync_compute_again(struct param_sync *sync, struct bert *bert,
                              const struct packed_batch *micro, bool last, const double *scales,
                              struct result_hashes *hashes)
{
    struct objective_sums sums[OBJECTIVE_MOST] = {0};
    struct bert_hooks hooks = {.needs = on_needs, .pause = on_pause, .who = sync};
    require(sync->first);
    compute(sync, bert, micro, &hooks, last, true, scales, sums);
    result_hashes_put(hashes, sync->grads, 0, sync->sharding->size);
    finish_hashes(sync, bert, last, sums, hashes);
    sync->embedding_rows.list.count = 0;
}

/* A rank without a micro-batch has sent nothing off, nor waited for weights. */
void param_sync_finish_gradients(struct param_sync *sync)
{
    const struct exchange_arrays *arrays = node_arrays_of(sync->memory);
    send_held(sync);
    exchange_gather_wait(sync->exchange);
    if (sync->sent < sync->sharding->buckets) {
        require(sync->first);
        array_clear(sync->grads, sync->sharding->size);
        on_complete(sync, 0, sync->sharding->size);
    }
    exchange_reduce_wait(sync->exchange);
    if (sync->rows)
        row_exchange_add(sync->rows, &sync->embedding_rows.list, sync->embedding_rows.vectors,
                         sync->shard);
    if (sync->fixed_point)
        fixed_point_read(arrays->shard, sharding_count(sync->sharding, dist_rank(sync->dist)),
                         sync->shard);
}

/* A rank that has not begun has sent nothing off, and others that have begun wait for it. */
void param_sync_await_weights(struct param_sync *sync)
{
    send_held(sync);
    exchange_gather_wait(sync->exchange);
}

/* --- what it did ------------------------------------------------------------------------------ */

static struct exchange_report report_of(const struct param_sync *sync)
{
    struct exchange_report report = exchange_report(sync->exchange);
    if (sync->rows) {
        struct row_exchange_report rows = row_exchange_report(sync->rows);
        report.wait_seconds += rows.wait_seconds;
        report.bytes_sent += rows.bytes_sent;
    }
    return report;
}

struct exchange_report param_sync_report(struct param_sync *sync)
{
    struct exchange_report now = report_of(sync), last = sync->reported;
    sync->reported = now;
    return (struct exchange_report){.wait_seconds = now.wait_seconds - last.wait_seconds,
                                    .work_seconds = now.work_seconds - last.work_seconds,
                                    .bytes_sent = now.bytes_sent - last.bytes_sent};
}
