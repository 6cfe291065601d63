#include "lambert/model/bert.h"

#include <omp.h>
#include <stdlib.h>

#include "block.h"
#include "embedding.h"
#include "heads.h"
#include "hooks.h"
#include "lambert/base/activity.h"
#include "lambert/base/memory.h"
#include "lambert/kernels/parallel.h"
#include "layout.h"
#include "rows.h"

struct bert {
    struct bert_config config;
    struct bert_capacity capacity;
    struct param_table table;
    struct bert_layout layout;
    struct arena arena;
    const struct bert_hooks *hooks; /* of training; NULL: none */

    struct batch_rows rows;
    struct embedding_activations embedding;
    struct block_activations *blocks; /* [L] */
    struct block_scratch scratch;
    struct heads_scratch heads;
};

/* Everything a step works in, taken from the arena; run once to measure and once for good. */
static void plan(struct bert *bert, struct arena *arena)
{
    const struct bert_config *config = &bert->config;
    const struct bert_capacity *capacity = &bert->capacity;
    int head_rows = capacity->sequences + capacity->masked;
    batch_rows_plan(&bert->rows, arena, capacity);
    embedding_plan(&bert->embedding, arena, config, capacity);
    for (int l = 0; l < config->layers; l++) {
        bool last = l == config->layers - 1;
        block_activations_plan(&bert->blocks[l], arena, config, capacity->tokens,
                               last ? head_rows : capacity->tokens, last);
    }
    block_scratch_plan(&bert->scratch, arena, config, capacity, omp_get_max_threads());
    heads_scratch_plan(&bert->heads, arena, config, capacity);
}

size_t bert_memory(const struct bert_config *config, const struct bert_capacity *capacity)
{
    struct bert bert = {.config = *config, .capacity = *capacity};
    struct arena arena;
    bert.blocks = memory_new((size_t)config->layers, sizeof *bert.blocks);
    arena_measure(&arena);
    plan(&bert, &arena);
    free(bert.blocks);
    return arena.used;
}

int bert_new(struct bert **out, const struct bert_config *config,
             const struct bert_capacity *capacity, struct error *err)
{
    struct bert *bert = memory_new(1, sizeof *bert);
    bert->config = *config;
    bert->capacity = *capacity;
    if (arena_init(&bert->arena, bert_memory(config, capacity), "activations", err) < 0) {
        free(bert);
        return -1;
    }
    param_table_init(&bert->table, config);
    bert_layout_init(&bert->layout, &bert->table, config->layers);
    bert->blocks = memory_new((size_t)config->layers, sizeof *bert->blocks);
    plan(bert, &bert->arena);
    *out = bert;
    return 0;
}

void bert_free(struct bert *bert)
{
    if (!bert)
        return;
    free(bert->blocks);
    bert_layout_release(&bert->layout);
    param_table_release(&bert->table);
    arena_release(&bert->arena);
    free(bert);
}

const struct param_table *bert_params(const struct bert *bert)
{
    return &bert->table;
}

void bert_set_hooks(struct bert *bert, const struct bert_hooks *hooks)
{
    bert->hooks = hooks;
}

/* --- a micro-batch ---------------------------------------------------------------------------- */

static struct embedding_pass embedding_pass_of(struct bert *bert, const real *params,
                                               const struct packed_batch *batch, bool dropout)
{
    const struct bert_hooks *hooks = dropout ? bert->hooks : NULL;
    struct bert_embedding_rows embedding_rows = {0};
    if (hooks && hooks->embedding_rows)
        embedding_rows = *hooks->embedding_rows;
    return (struct embedding_pass){.config = &bert->config,
                                   .layout = &bert->layout,
                                   .params = params,
                                   .batch = batch,
                                   .rows = &bert->rows,
                                   .dropout = dropout,
                                   .embedding_rows = embedding_rows,
                                   .kept = &bert->embedding};
}

static struct block_pass block_pass_of(struct bert *bert, const real *params,
                                       const struct packed_batch *batch, bool dropout, int layer)
{
    bool last = layer == bert->config.layers - 1;
    return (struct block_pass){.config = &bert->config,
                               .layout = &bert->layout.blocks[layer],
                               .params = params,
                               .batch = batch,
                               .rows = &bert->rows,
                               .set = last ? &bert->rows.head : &bert->rows.all,
                               .layer = layer,
                               .dropout = dropout,
                               .kept = &bert->blocks[layer],
                               .scratch = &bert->scratch,
                               .hooks = dropout ? bert->hooks : NULL};
}

/* The input of a block: the output of what comes before it. */
static const real *input_of(const struct bert *bert, int layer)
{
    return layer == 0 ? bert->embedding.x : bert->blocks[layer - 1].y2;
}

static void check_capacity(const struct bert *bert, const struct packed_batch *batch)
{
    require(batch->tokens <= bert->capacity.tokens);
    require(batch->sequences <= bert->capacity.sequences);
    require(batch->masked <= bert->capacity.masked);
}

/* Where a layer's weights begin in the flat arrays; those of the heads follow the last layer. */
static size_t start_of(const struct bert *bert, int layer)
{
    bool heads = layer == bert->config.layers;
    return heads ? bert->layout.pooler.weight : bert->layout.blocks[layer].qkv.weight;
}

/* Where the matrix of the word embeddings ends, which begins the flat arrays. */
static size_t words_end(const struct bert *bert)
{
    return bert->layout.word + (size_t)bert->config.vocab * (size_t)bert->config.hidden;
}

/* Embedding and blocks; returns the head rows of the last block's output. */
static const real *encode(struct bert *bert, const real *params, const struct packed_batch *batch,
                          bool training)
{
    const struct bert_hooks *hooks = training ? bert->hooks : NULL;
    check_capacity(bert, batch);
    batch_rows_set(&bert->rows, batch);
    struct embedding_pass embedding = embedding_pass_of(bert, params, batch, training);
    activity_at("forward, embedding", -1);
    hooks_needs(hooks, embedding.embedding_rows.values ? words_end(bert) : 0, start_of(bert, 0));
    embedding_forward(&embedding);
    for (int l = 0; l < bert->config.layers; l++) {
        struct block_pass block = block_pass_of(bert, params, batch, training, l);
        activity_at("forward, layer", l);
        block_forward(&block, input_of(bert, l));
        hooks_pause(hooks);
    }
    if (embedding.embedding_rows.values)
        hooks_needs(hooks, 0, words_end(bert));
    hooks_needs(hooks, start_of(bert, bert->config.layers), bert->table.size);
    return bert->blocks[bert->config.layers - 1].y2;
}

static struct heads_pass heads_pass_of(struct bert *bert, const real *params,
                                       const struct packed_batch *batch)
{
    return (struct heads_pass){.config = &bert->config,
                               .layout = &bert->layout,
                               .params = params,
                               .batch = batch,
                               .rows = &bert->rows,
                               .scratch = &bert->heads};
}

void bert_evaluate(struct bert *bert, const real *params, const struct packed_batch *batch,
                   struct bert_sums *sums)
{
    const real *y = encode(bert, params, batch, false);
    struct heads_pass heads = heads_pass_of(bert, params, batch);
    activity_at("forward, heads", -1);
    heads_run(&heads, y, NULL, NULL, sums);
}

void bert_train(struct bert *bert, const real *params, const struct packed_batch *batch,
                double mlm_scale, double nsp_scale, real *grads, struct bert_sums *sums)
{
    if (bert->hooks)
        task_queue_set_pause(bert->hooks->pause, bert->hooks->who);
    const real *y = encode(bert, params, batch, true);
    struct heads_pass heads = heads_pass_of(bert, params, batch);
    heads.mlm_scale = mlm_scale;
    heads.nsp_scale = nsp_scale;
    activity_at("forward and backward, heads", -1);
    heads_run(&heads, y, bert->scratch.d, grads, sums);
    struct embedding_pass embedding = embedding_pass_of(bert, params, batch, true);
    size_t front = embedding.embedding_rows.gradients ? words_end(bert) : 0;
    hooks_complete(bert->hooks, start_of(bert, bert->config.layers), bert->table.size);
    if (front > 0)
        hooks_complete(bert->hooks, 0, front);
    for (int l = bert->config.layers - 1; l >= 0; l--) {
        struct block_pass block = block_pass_of(bert, params, batch, true, l);
        activity_at("backward, layer", l);
        block_backward(&block, input_of(bert, l), grads);
    }
    activity_at("backward, embedding", -1);
    embedding_backward(&embedding, bert->scratch.d, grads);
    hooks_complete(bert->hooks, front, start_of(bert, 0));
    task_queue_set_pause(NULL, NULL);
}

double bert_operations(const struct bert_config *config, const struct packed_batch *batch)
{
    double H = config->hidden, F = config->intermediate, V = config->vocab, L = config->layers;
    double T = batch->tokens, N = batch->sequences, M = batch->masked, R = N + M;
    double pairs = 0, head_pairs = 0; /* (query, key) pairs in a block, in the last */
    for (int n = 0, m = 0; n < batch->sequences; n++) {
        double S = batch->sequence_start[n + 1] - batch->sequence_start[n], asked = 1;
        for (; m < batch->masked && batch->masked_rows[m] < batch->sequence_start[n + 1]; m++)
            asked++;
        pairs += S * S;
        head_pairs += asked * S;
    }
    double block = T * (4 * H * H + 2 * H * F) + 2 * pairs * H;
    double last = T * 2 * H * H + R * (2 * H * H + 2 * H * F) + 2 * head_pairs * H;
    double heads = M * (H * H + H * V) + N * (H * H + 2 * H);
    return 6 * ((L - 1) * block + last + heads); /* forward 2 a multiply-add, backward twice that */
}
