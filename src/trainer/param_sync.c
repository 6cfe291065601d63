#include "lambert/trainer/param_sync.h"
#include "lambert/base/clock.h"

#include <string.h>

#include "fixed_point.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/progress.h"
#include "lambert/kernels/parallel.h"

/* Buckets that lie in the word embeddings and may go apart: none without a network, or where sums
 * are exact only if they are made in one go. Gradients are the scratch memory of rows. */
static int matrix_buckets(const struct sharding *sharding, const struct param_sync_options *options)
{
    const struct row_matrix *words = &options->words;
    bool network = sharding->stages.count > sharding->stages.node;
    size_t size = (size_t)words->rows * (size_t)words->width;
    bool fits = size <= ROW_MATRIX_MOST && row_exchange_needs(sharding, words) <= sharding->size;
    return network && fits && !options->fixed ? (int)(size / sharding->bucket) : 0;
}

static enum exchange_element element_of(const struct param_sync_options *options)
{
    return options->fixed ? EXCHANGE_FIXED : EXCHANGE_REAL;
}

static struct exchange_options exchange_options_of(const struct sharding *sharding,
                                                   const struct param_sync_options *options)
{
    return (struct exchange_options){.element = element_of(options),
                                     .bfloat16_gradients = options->bfloat16_gradients,
                                     .bfloat16_weights = options->bfloat16_weights,
                                     .slots = exchange_slots(sharding)};
}

static size_t shard_bytes(const struct sharding *sharding, int rank)
{
    return sharding_count(sharding, rank) * sizeof(real);
}

/* --- what it holds ---------------------------------------------------------------------------- */

struct param_sync_memory param_sync_memory(const struct sharding *sharding, int rank,
                                           const struct param_sync_options *options)
{
    struct exchange_options exchange = exchange_options_of(sharding, options);
    struct node_arrays_memory arrays = node_arrays_memory(sharding, rank, element_of(options));
    struct param_sync_memory memory = {.weights = arrays.weights,
                                       .gradients = arrays.gradients,
                                       .shard = arrays.shard,
                                       .shares = arrays.shares};
    memory.buffers = exchange_memory(sharding, rank, arrays.shares, &exchange);
    if (options->fixed) {
        memory.gradients += sharding->size * sizeof(real);
        memory.shard += shard_bytes(sharding, rank);
    }
    if (options->bfloat16_weights)
        memory.shard += rounded_weights_memory(sharding, rank);
    if (matrix_buckets(sharding, options) > 0)
        memory.buffers += row_exchange_memory(sharding, &options->words) +
                          embedding_rows_memory(&options->words, options->tokens);
    return memory;
}

/* In fixed point the model's gradients are apart from what is exchanged. */
static int take_own_arrays(struct param_sync *param_sync, struct error *err)
{
    const struct exchange_arrays *arrays = node_arrays_of(param_sync->memory);
    size_t shard = shard_bytes(param_sync->sharding, dist_rank(param_sync->dist));
    void *grads, *shard_grads;
    if (!param_sync->fixed) {
        param_sync->grads = arrays->gradients;
        param_sync->shard_grads = arrays->shard;
        return 0;
    }
    if (memory_big(&grads, param_sync->sharding->size * sizeof(real), "gradients", err) < 0)
        return -1;
    param_sync->grads = grads;
    if (memory_big(&shard_grads, shard, "summed gradients", err) < 0)
        return -1;
    param_sync->shard_grads = shard_grads;
    return 0;
}

static int take_rows(struct param_sync *param_sync, const struct param_sync_options *options,
                     struct error *err)
{
    param_sync->matrix = matrix_buckets(param_sync->sharding, options);
    if (param_sync->matrix == 0)
        return 0;
    log_info(
        "between nodes, rows of the word embeddings that are looked up go apart from the matrix");
    if (embedding_rows_init(&param_sync->embedding_rows, &options->words, options->tokens, err) < 0)
        return -1;
    return row_exchange_new(&param_sync->rows, param_sync->dist, param_sync->sharding,
                            &options->words, param_sync->grads, err);
}

int param_sync_init(struct param_sync *param_sync, const struct dist *dist,
                    const struct sharding *sharding, const struct param_sync_options *options,
                    struct error *err)
{
    struct exchange_options exchange = exchange_options_of(sharding, options);
    *param_sync = (struct param_sync){.dist = dist,
                                      .sharding = sharding,
                                      .fixed = options->fixed,
                                      .rounds = options->bfloat16_weights,
                                      .held = options->bfloat16_weights};
    if (node_arrays_new(&param_sync->memory, dist, sharding, element_of(options), err) < 0)
        return -1;
    param_sync->weights = node_arrays_of(param_sync->memory)->weights;
    param_sync->shares = node_arrays_shared(param_sync->memory);
    int status = take_own_arrays(param_sync, err);
    if (status == 0)
        status = exchange_new(&param_sync->exchange, dist, sharding,
                              node_arrays_of(param_sync->memory), &exchange, err);
    if (status == 0)
        status = take_rows(param_sync, options, err);
    if (status == 0 && param_sync->rounds)
        status = rounded_weights_init(&param_sync->rounded, sharding, dist_rank(dist),
                                      param_sync->weights, err);
    return dist_agree(dist, status, err);
}

void param_sync_release(struct param_sync *param_sync)
{
    if (param_sync->exchange)
        exchange_gather_wait(param_sync->exchange);
    exchange_free(param_sync->exchange);
    row_exchange_free(param_sync->rows);
    rounded_weights_release(&param_sync->rounded);
    embedding_rows_release(&param_sync->embedding_rows);
    if (param_sync->fixed) {
        memory_big_free(param_sync->grads, param_sync->sharding->size * sizeof(real));
        memory_big_free(param_sync->shard_grads,
                        shard_bytes(param_sync->sharding, dist_rank(param_sync->dist)));
    }
    node_arrays_free(param_sync->memory);
    *param_sync = (struct param_sync){0};
}

/* --- weights ---------------------------------------------------------------------------------- */

/* In the order in which the next forward pass needs them. */
static void send_weights(struct param_sync *param_sync, bool bfloat16)
{
    int buckets = param_sync->sharding->buckets;
    for (int i = 0; i < buckets; i++)
        exchange_gather_begin(param_sync->exchange, (param_sync->matrix + i) % buckets, bfloat16);
    param_sync->held = false;
}

/* Rows of the first micro-batch, and then all weights, where they are not there yet; true if rows
 * were. */
static bool send_held(struct param_sync *param_sync)
{
    if (!param_sync->held)
        return false;
    if (param_sync->rounds)
        rounded_weights_round(&param_sync->rounded);
    if (param_sync->rows)
        row_exchange_fetch(param_sync->rows, &param_sync->embedding_rows.list, param_sync->weights,
                           param_sync->embedding_rows.vectors);
    send_weights(param_sync, param_sync->rounds);
    return param_sync->rows != NULL;
}

void param_sync_own_weights(struct param_sync *param_sync)
{
    if (param_sync->rounds)
        rounded_weights_restore(&param_sync->rounded);
}

void param_sync_keep_weights(struct param_sync *param_sync)
{
    if (param_sync->rounds)
        rounded_weights_round(&param_sync->rounded);
}

/* Rows are held up by nothing where they go before everything else. */
void param_sync_share_weights(struct param_sync *param_sync)
{
    param_sync->held = true;
    if (!param_sync->rows)
        send_held(param_sync);
}

/* Where weights are rounded the whole ones travel now, and rounded ones once more for the next
 * step. */
void param_sync_settle(struct param_sync *param_sync)
{
    exchange_gather_wait(param_sync->exchange);
    param_sync_own_weights(param_sync);
    if (param_sync->held || param_sync->rounds)
        send_weights(param_sync, false);
    exchange_gather_wait(param_sync->exchange);
    param_sync->held = param_sync->rounds;
}

/* --- gradients -------------------------------------------------------------------------------- */

void param_sync_start(struct param_sync *param_sync, int64_t micro_batches)
{
    param_sync->sent = 0;
    param_sync->front = 0;
    param_sync->back = param_sync->sharding->size;
    param_sync->first = true;
    param_sync->embedding_rows.list.count = 0;
    if (param_sync->fixed)
        param_sync->limit = fixed_point_limit(micro_batches > 0 ? micro_batches : 1);
}

/* Adds this micro-batch's gradients [begin, end) to the sums. */
static void add_fixed(const struct param_sync *param_sync, size_t begin, size_t end)
{
    int64_t *sums = node_arrays_of(param_sync->memory)->gradients;
    if (param_sync->first)
        fixed_point_put(param_sync->grads + begin, end - begin, param_sync->limit, sums + begin);
    else
        fixed_point_add(param_sync->grads + begin, end - begin, param_sync->limit, sums + begin);
}

/* From the back to the front, but for the matrix of the word embeddings. */
static int sent_next(const struct param_sync *param_sync)
{
    int last = param_sync->sharding->buckets - 1;
    return param_sync->sent < param_sync->matrix ? param_sync->sent
                                                 : last - (param_sync->sent - param_sync->matrix);
}

static bool is_complete(const struct param_sync *param_sync, int bucket)
{
    size_t begin = (size_t)bucket * param_sync->sharding->bucket;
    return begin >= param_sync->back || begin + param_sync->sharding->bucket <= param_sync->front;
}

static void on_complete(void *who, size_t begin, size_t end)
{
    struct param_sync *param_sync = who;
    if (param_sync->fixed)
        add_fixed(param_sync, begin, end);
    if (end == param_sync->back)
        param_sync->back = begin;
    else
        param_sync->front = end;
    if (param_sync->back == param_sync->front)
        param_sync->back = 0;
    while (param_sync->sent < param_sync->sharding->buckets &&
           is_complete(param_sync, sent_next(param_sync))) {
        exchange_reduce_begin(param_sync->exchange, sent_next(param_sync));
        param_sync->sent++;
    }
}

static void on_needs(void *who, size_t begin, size_t end)
{
    struct param_sync *param_sync = who;
    size_t bucket = param_sync->sharding->bucket;
    exchange_gather_wait_for(param_sync->exchange, (int)(begin / bucket),
                             (int)((end + bucket - 1) / bucket));
}

/* Often enough for a network that is faster than the buffers of its connections are deep, seldom
 * enough to cost nothing. */
static void on_pause(void *who)
{
    static const double interval = 1e-3; /* seconds */
    struct param_sync *param_sync = who;
    double now = clock_seconds();
    if (now - param_sync->polled < interval)
        return;
    exchange_poll(param_sync->exchange);
    param_sync->polled = clock_seconds();
}

static void clear(const struct param_sync *param_sync)
{
    array_clear(param_sync->grads, param_sync->sharding->size);
}

/* What of the word embeddings this micro-batch has apart from the matrix. */
static void look_up(struct param_sync *param_sync, const struct packed_batch *batch, bool last)
{
    struct embedding_rows *embedding_rows = &param_sync->embedding_rows;
    bool fetched;
    embedding_rows_of(embedding_rows, batch);
    fetched = send_held(param_sync);
    param_sync->looked_up =
        (struct bert_embedding_rows){.slots = embedding_rows->slots,
                                     .count = embedding_rows->list.count,
                                     .values = fetched ? embedding_rows->vectors : NULL,
                                     .gradients = last ? embedding_rows->vectors : NULL};
}

void param_sync_watch(struct param_sync *param_sync, struct bert *bert,
                      const struct packed_batch *batch, bool last)
{
    if (param_sync->rows)
        look_up(param_sync, batch, last);
    else
        send_held(param_sync);
    if (param_sync->first || param_sync->fixed)
        clear(param_sync);
    param_sync->hooks =
        (struct bert_hooks){.needs = on_needs,
                            .complete = last ? on_complete : NULL,
                            .pause = on_pause,
                            .who = param_sync,
                            .embedding_rows = param_sync->rows ? &param_sync->looked_up : NULL};
    bert_set_hooks(bert, &param_sync->hooks);
}

void param_sync_unwatch(struct param_sync *param_sync, struct bert *bert)
{
    bool last = param_sync->hooks.complete != NULL;
    bert_set_hooks(bert, NULL);
    if (param_sync->fixed && !last)
        add_fixed(param_sync, 0, param_sync->sharding->size);
    param_sync->first = false;
}

/* A rank without a micro-batch has sent nothing off, nor waited for weights. */
void param_sync_reduced(struct param_sync *param_sync)
{
    const struct exchange_arrays *arrays = node_arrays_of(param_sync->memory);
    send_held(param_sync);
    exchange_gather_wait(param_sync->exchange);
    if (param_sync->sent < param_sync->sharding->buckets) {
        require(param_sync->first);
        clear(param_sync);
        on_complete(param_sync, 0, param_sync->sharding->size);
    }
    exchange_reduce_wait(param_sync->exchange);
    if (param_sync->rows)
        row_exchange_add(param_sync->rows, &param_sync->embedding_rows.list,
                         param_sync->embedding_rows.vectors, param_sync->shard_grads);
    if (param_sync->fixed)
        fixed_point_read(arrays->shard,
                         sharding_count(param_sync->sharding, dist_rank(param_sync->dist)),
                         param_sync->shard_grads);
}

/* --- what it did ------------------------------------------------------------------------------ */

static struct exchange_report report_of(const struct param_sync *param_sync)
{
    struct exchange_report report = exchange_report(param_sync->exchange);
    if (param_sync->rows) {
        struct row_exchange_report rows = row_exchange_report(param_sync->rows);
        report.wait_seconds += rows.wait_seconds;
        report.bytes_sent += rows.bytes_sent;
    }
    return report;
}

struct exchange_report param_sync_report(struct param_sync *param_sync)
{
    struct exchange_report now = report_of(param_sync), last = param_sync->reported;
    param_sync->reported = now;
    return (struct exchange_report){.wait_seconds = now.wait_seconds - last.wait_seconds,
                                    .work_seconds = now.work_seconds - last.work_seconds,
                                    .bytes_sent = now.bytes_sent - last.bytes_sent};
}
