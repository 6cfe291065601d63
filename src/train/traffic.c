#include "traffic.h"

#include <string.h>

#include "fixed_point.h"
#include "lambert/base/memory.h"
#include "lambert/kernels/parallel.h"

struct traffic_options traffic_options_of(const struct config *config)
{
    return (struct traffic_options){.bfloat16 =
                                        strcmp(config->train.gradient_wire, "bfloat16") == 0,
                                    .fixed = config->train.reproducible};
}

static enum exchange_element element_of(const struct traffic_options *options)
{
    return options->fixed ? EXCHANGE_FIXED : EXCHANGE_REAL;
}

static struct exchange_options exchange_options_of(const struct traffic_options *options)
{
    return (struct exchange_options){
        .element = element_of(options), .bfloat16 = options->bfloat16, .slots = EXCHANGE_SLOTS};
}

static size_t shard_bytes(const struct sharding *sharding, int rank)
{
    return sharding_count(sharding, rank) * sizeof(real);
}

/* --- what it holds ---------------------------------------------------------------------------- */

struct traffic_memory traffic_memory(const struct sharding *sharding, int rank,
                                     const struct traffic_options *options)
{
    struct exchange_options exchange = exchange_options_of(options);
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

int traffic_init(struct traffic *traffic, const struct dist *dist, const struct sharding *sharding,
                 const struct traffic_options *options, struct error *err)
{
    struct exchange_options exchange = exchange_options_of(options);
    *traffic = (struct traffic){.dist = dist, .sharding = sharding, .fixed = options->fixed};
    if (node_arrays_new(&traffic->memory, dist, sharding, element_of(options), err) < 0)
        return -1;
    traffic->weights = node_arrays_of(traffic->memory)->weights;
    traffic->shares = node_arrays_shared(traffic->memory);
    int status = take_own_arrays(traffic, err);
    if (status == 0)
        status = exchange_new(&traffic->exchange, dist, sharding, node_arrays_of(traffic->memory),
                              &exchange, err);
    return dist_agree(dist, status, err);
}

void traffic_release(struct traffic *traffic)
{
    if (traffic->exchange)
        exchange_gather_wait(traffic->exchange);
    exchange_free(traffic->exchange);
    if (traffic->fixed) {
        memory_big_free(traffic->grads, traffic->sharding->size * sizeof(real));
        memory_big_free(traffic->shard_grads,
                        shard_bytes(traffic->sharding, dist_rank(traffic->dist)));
    }
    node_arrays_free(traffic->memory);
    *traffic = (struct traffic){0};
}

/* --- gradients -------------------------------------------------------------------------------- */

void traffic_start(struct traffic *traffic, int64_t micro_batches)
{
    traffic->next = traffic->sharding->buckets - 1;
    traffic->complete = traffic->sharding->size;
    traffic->first = true;
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

/* Sends off the buckets that lie in [begin, size). */
static void send_complete(struct traffic *traffic, size_t begin)
{
    if (traffic->fixed)
        add_fixed(traffic, begin, traffic->complete);
    traffic->complete = begin;
    while (traffic->next >= 0 && (size_t)traffic->next * traffic->sharding->bucket >= begin)
        exchange_reduce_begin(traffic->exchange, traffic->next--);
}

static void on_needs(void *who, size_t begin, size_t end)
{
    struct traffic *traffic = who;
    size_t bucket = traffic->sharding->bucket;
    for (size_t b = begin / bucket; b * bucket < end; b++)
        exchange_gather_wait_for(traffic->exchange, (int)b);
}

static void on_complete(void *who, size_t begin)
{
    send_complete(who, begin);
}

static void on_pause(void *who)
{
    exchange_poll(((struct traffic *)who)->exchange);
}

static void clear(const struct traffic *traffic)
{
    array_clear(traffic->grads, traffic->sharding->size);
}

void traffic_watch(struct traffic *traffic, struct bert *bert, bool last)
{
    if (traffic->first || traffic->fixed)
        clear(traffic);
    traffic->watch = (struct bert_watch){.needs = on_needs,
                                         .complete = last ? on_complete : NULL,
                                         .pause = on_pause,
                                         .who = traffic};
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
    exchange_gather_wait(traffic->exchange);
    if (traffic->next >= 0) {
        require(traffic->first);
        clear(traffic);
        send_complete(traffic, 0);
    }
    exchange_reduce_wait(traffic->exchange);
    if (traffic->fixed)
        fixed_point_read(arrays->shard, sharding_count(traffic->sharding, dist_rank(traffic->dist)),
                         traffic->shard_grads);
}

/* --- weights ---------------------------------------------------------------------------------- */

/* In the order in which the next forward pass needs them. */
void traffic_share_weights(struct traffic *traffic)
{
    for (int b = 0; b < traffic->sharding->buckets; b++)
        exchange_gather_begin(traffic->exchange, b);
}

void traffic_settle(struct traffic *traffic)
{
    exchange_gather_wait(traffic->exchange);
}

struct exchange_report traffic_report(struct traffic *traffic)
{
    struct exchange_report now = exchange_report(traffic->exchange), last = traffic->reported;
    traffic->reported = now;
    return (struct exchange_report){.wait_seconds = now.wait_seconds - last.wait_seconds,
                                    .work_seconds = now.work_seconds - last.work_seconds,
                                    .bytes_sent = now.bytes_sent - last.bytes_sent};
}
