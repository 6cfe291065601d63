#include "traffic.h"

#include <string.h>

#include "fixed_point.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/progress.h"
#include "lambert/kernels/parallel.h"

struct traffic_options traffic_options_of(const struct config *config,
                                          const struct bert_config *bert,
                                          const struct bert_capacity *capacity)
{
    int most = capacity->tokens < bert->vocab ? capacity->tokens : bert->vocab;
    return (struct traffic_options){
        .bfloat16_gradients = strcmp(config->train.gradient_wire, "bfloat16") == 0,
        .bfloat16_weights = strcmp(config->train.weight_type, "bfloat16") == 0,
        .fixed = config->train.reproducible,
        .tokens = capacity->tokens,
        .words = {.rows = bert->vocab, .width = bert->hidden, .most = most}};
}

/* Buckets that lie in the word embeddings and may go apart: none without a network, or where sums
 * are exact only if they are made in one go. Gradients are the scratch memory of rows. */
static int matrix_buckets(const struct sharding *sharding, const struct traffic_options *options)
{
    const struct row_matrix *words = &options->words;
    bool network = sharding->stages.count > sharding->stages.node;
    size_t size = (size_t)words->rows * (size_t)words->width;
    bool fits = size <= ROW_MATRIX_MOST && row_exchange_needs(sharding, words) <= sharding->size;
    return network && fits && !options->fixed ? (int)(size / sharding->bucket) : 0;
}

static enum exchange_element element_of(const struct traffic_options *options)
{
    return options->fixed ? EXCHANGE_FIXED : EXCHANGE_REAL;
}

static struct exchange_options exchange_options_of(const struct sharding *sharding,
                                                   const struct traffic_options *options)
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

struct traffic_memory traffic_memory(const struct sharding *sharding, int rank,
                                     const struct traffic_options *options)
{
    struct exchange_options exchange = exchange_options_of(sharding, options);
    struct node_arrays_memory arrays = node_arrays_memory(sharding, rank, element_of(options));
    struct traffic_memory memory = {.weights = arrays.weights,
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
                          lookups_memory(&options->words, options->tokens);
    return memory;
}

/* In fixed point the model's gradients are apart from what is exchanged. */
static int take_own_arrays(struct traffic *traffic, struct error *err)
{
    const struct exchange_arrays *arrays = node_arrays_of(traffic->memory);
    size_t shard = shard_bytes(traffic->sharding, dist_rank(traffic->dist));
    void *grads, *shard_grads;
    if (!traffic->fixed) {
        traffic->grads = arrays->gradients;
        traffic->shard_grads = arrays->shard;
        return 0;
    }
    if (memory_big(&grads, traffic->sharding->size * sizeof(real), "gradients", err) < 0)
        return -1;
    traffic->grads = grads;
    if (memory_big(&shard_grads, shard, "summed gradients", err) < 0)
        return -1;
    traffic->shard_grads = shard_grads;
    return 0;
}

static int take_rows(struct traffic *traffic, const struct traffic_options *options,
                     struct error *err)
{
    traffic->matrix = matrix_buckets(traffic->sharding, options);
    if (traffic->matrix == 0)
        return 0;
    log_info(
        "between nodes, rows of the word embeddings that are looked up go apart from the matrix");
    if (lookups_init(&traffic->lookups, &options->words, options->tokens, err) < 0)
        return -1;
    return row_exchange_new(&traffic->rows, traffic->dist, traffic->sharding, &options->words,
                            traffic->grads, err);
}

int traffic_init(struct traffic *traffic, const struct dist *dist, const struct sharding *sharding,
                 const struct traffic_options *options, struct error *err)
{
    struct exchange_options exchange = exchange_options_of(sharding, options);
    *traffic = (struct traffic){.dist = dist,
                                .sharding = sharding,
                                .fixed = options->fixed,
                                .rounds = options->bfloat16_weights,
                                .held = options->bfloat16_weights};
    if (node_arrays_new(&traffic->memory, dist, sharding, element_of(options), err) < 0)
        return -1;
    traffic->weights = node_arrays_of(traffic->memory)->weights;
    traffic->shares = node_arrays_shared(traffic->memory);
    int status = take_own_arrays(traffic, err);
    if (status == 0)
        status = exchange_new(&traffic->exchange, dist, sharding, node_arrays_of(traffic->memory),
                              &exchange, err);
    if (status == 0)
        status = take_rows(traffic, options, err);
    if (status == 0 && traffic->rounds)
        status = rounded_weights_init(&traffic->rounded, sharding, dist_rank(dist),
                                      traffic->weights, err);
    return dist_agree(dist, status, err);
}

void traffic_release(struct traffic *traffic)
{
    if (traffic->exchange)
        exchange_gather_wait(traffic->exchange);
    exchange_free(traffic->exchange);
    row_exchange_free(traffic->rows);
    rounded_weights_release(&traffic->rounded);
    lookups_release(&traffic->lookups);
    if (traffic->fixed) {
        memory_big_free(traffic->grads, traffic->sharding->size * sizeof(real));
        memory_big_free(traffic->shard_grads,
                        shard_bytes(traffic->sharding, dist_rank(traffic->dist)));
    }
    node_arrays_free(traffic->memory);
    *traffic = (struct traffic){0};
}

/* --- weights ---------------------------------------------------------------------------------- */

/* In the order in which the next forward pass needs them. */
static void send_weights(struct traffic *traffic, bool bfloat16)
{
    int buckets = traffic->sharding->buckets;
    for (int i = 0; i < buckets; i++)
        exchange_gather_begin(traffic->exchange, (traffic->matrix + i) % buckets, bfloat16);
    traffic->held = false;
}

/* Rows of the first micro-batch, and then all weights, where they are not there yet; true if rows
 * were. */
static bool send_held(struct traffic *traffic)
{
    if (!traffic->held)
        return false;
    if (traffic->rounds)
        rounded_weights_round(&traffic->rounded);
    if (traffic->rows)
        row_exchange_fetch(traffic->rows, &traffic->lookups.list, traffic->weights,
                           traffic->lookups.vectors);
    send_weights(traffic, traffic->rounds);
    return traffic->rows != NULL;
}

void traffic_own_weights(struct traffic *traffic)
{
    if (traffic->rounds)
        rounded_weights_restore(&traffic->rounded);
}

void traffic_keep_weights(struct traffic *traffic)
{
    if (traffic->rounds)
        rounded_weights_round(&traffic->rounded);
}

/* Rows are held up by nothing where they go before everything else. */
void traffic_share_weights(struct traffic *traffic)
{
    traffic->held = true;
    if (traffic->rows == NULL)
        send_held(traffic);
}

/* Where weights are rounded the whole ones travel now, and rounded ones once more for the next
 * step. */
void traffic_settle(struct traffic *traffic)
{
    exchange_gather_wait(traffic->exchange);
    traffic_own_weights(traffic);
    if (traffic->held || traffic->rounds)
        send_weights(traffic, false);
    exchange_gather_wait(traffic->exchange);
    traffic->held = traffic->rounds;
}

/* --- gradients -------------------------------------------------------------------------------- */

void traffic_start(struct traffic *traffic, int64_t micro_batches)
{
    traffic->sent = 0;
    traffic->front = 0;
    traffic->back = traffic->sharding->size;
    traffic->first = true;
    traffic->lookups.list.count = 0;
    if (traffic->fixed)
        traffic->limit = fixed_point_limit(micro_batches > 0 ? micro_batches : 1);
}

/* Adds this micro-batch's gradients [begin, end) to the sums. */
static void add_fixed(const struct traffic *traffic, size_t begin, size_t end)
{
    int64_t *sums = node_arrays_of(traffic->memory)->gradients;
    if (traffic->first)
        fixed_point_put(traffic->grads + begin, end - begin, traffic->limit, sums + begin);
    else
        fixed_point_add(traffic->grads + begin, end - begin, traffic->limit, sums + begin);
}

/* From the back to the front, but for the matrix of the word embeddings. */
static int sent_next(const struct traffic *traffic)
{
    int last = traffic->sharding->buckets - 1;
    return traffic->sent < traffic->matrix ? traffic->sent
                                           : last - (traffic->sent - traffic->matrix);
}

static bool is_complete(const struct traffic *traffic, int bucket)
{
    size_t begin = (size_t)bucket * traffic->sharding->bucket;
    return begin >= traffic->back || begin + traffic->sharding->bucket <= traffic->front;
}

static void on_complete(void *who, size_t begin, size_t end)
{
    struct traffic *traffic = who;
    if (traffic->fixed)
        add_fixed(traffic, begin, end);
    if (end == traffic->back)
        traffic->back = begin;
    else
        traffic->front = end;
    if (traffic->back == traffic->front)
        traffic->back = 0;
    while (traffic->sent < traffic->sharding->buckets && is_complete(traffic, sent_next(traffic))) {
        exchange_reduce_begin(traffic->exchange, sent_next(traffic));
        traffic->sent++;
    }
}

static void on_needs(void *who, size_t begin, size_t end)
{
    struct traffic *traffic = who;
    size_t bucket = traffic->sharding->bucket;
    exchange_gather_wait_for(traffic->exchange, (int)(begin / bucket),
                             (int)((end + bucket - 1) / bucket));
}

/* Often enough for a network that is faster than the buffers of its connections are deep, seldom
 * enough to cost nothing. */
static void on_pause(void *who)
{
    static const double interval = 1e-3; /* seconds */
    struct traffic *traffic = who;
    double now = clock_seconds();
    if (now - traffic->polled < interval)
        return;
    exchange_poll(traffic->exchange);
    traffic->polled = clock_seconds();
}

static void clear(const struct traffic *traffic)
{
    array_clear(traffic->grads, traffic->sharding->size);
}

/* What of the word embeddings this micro-batch has apart from the matrix. */
static void look_up(struct traffic *traffic, const struct packed_batch *batch, bool last)
{
    struct lookups *lookups = &traffic->lookups;
    bool fetched;
    lookups_of(lookups, batch);
    fetched = send_held(traffic);
    traffic->looked_up = (struct bert_lookups){.slots = lookups->slots,
                                               .count = lookups->list.count,
                                               .values = fetched ? lookups->vectors : NULL,
                                               .gradients = last ? lookups->vectors : NULL};
}

void traffic_watch(struct traffic *traffic, struct bert *bert, const struct packed_batch *batch,
                   bool last)
{
    if (traffic->rows)
        look_up(traffic, batch, last);
    else
        send_held(traffic);
    if (traffic->first || traffic->fixed)
        clear(traffic);
    traffic->watch = (struct bert_watch){.needs = on_needs,
                                         .complete = last ? on_complete : NULL,
                                         .pause = on_pause,
                                         .who = traffic,
                                         .lookups = traffic->rows ? &traffic->looked_up : NULL};
    bert_set_watch(bert, &traffic->watch);
}

void traffic_unwatch(struct traffic *traffic, struct bert *bert)
{
    bool last = traffic->watch.complete != NULL;
    bert_set_watch(bert, NULL);
    if (traffic->fixed && !last)
        add_fixed(traffic, 0, traffic->sharding->size);
    traffic->first = false;
}

/* A rank without a micro-batch has sent nothing off, nor waited for weights. */
void traffic_reduced(struct traffic *traffic)
{
    const struct exchange_arrays *arrays = node_arrays_of(traffic->memory);
    send_held(traffic);
    exchange_gather_wait(traffic->exchange);
    if (traffic->sent < traffic->sharding->buckets) {
        require(traffic->first);
        clear(traffic);
        on_complete(traffic, 0, traffic->sharding->size);
    }
    exchange_reduce_wait(traffic->exchange);
    if (traffic->rows)
        row_exchange_add(traffic->rows, &traffic->lookups.list, traffic->lookups.vectors,
                         traffic->shard_grads);
    if (traffic->fixed)
        fixed_point_read(arrays->shard, sharding_count(traffic->sharding, dist_rank(traffic->dist)),
                         traffic->shard_grads);
}

/* --- what it did ------------------------------------------------------------------------------ */

static struct exchange_report report_of(const struct traffic *traffic)
{
    struct exchange_report report = exchange_report(traffic->exchange);
    if (traffic->rows) {
        struct row_exchange_report rows = row_exchange_report(traffic->rows);
        report.wait_seconds += rows.wait_seconds;
        report.bytes_sent += rows.bytes_sent;
    }
    return report;
}

struct exchange_report traffic_report(struct traffic *traffic)
{
    struct exchange_report now = report_of(traffic), last = traffic->reported;
    traffic->reported = now;
    return (struct exchange_report){.wait_seconds = now.wait_seconds - last.wait_seconds,
                                    .work_seconds = now.work_seconds - last.work_seconds,
                                    .bytes_sent = now.bytes_sent - last.bytes_sent};
}
