#include "lambert/model/bert.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "block.h"
#include "embedding.h"
#include "heads.h"
#include "hooks.h"
#include "lambert/base/activity.h"
#include "lambert/base/memory.h"
#include "lambert/kernels/parallel.h"
#include "lambert/kernels/task_queue.h"
#include "lambert/model/states.h"
#include "layout.h"
#include "rows.h"

struct bert {
    struct bert_config config;
    struct bert_options options;
    struct param_table table;
    struct bert_layout layout;
    struct arena arena;
    int threads;                         /* that working memory was planned for */
    const struct bert_hooks *hooks;      /* of training; NULL: none */
    const struct state_visitor *visitor; /* of bert_states() at work; NULL: none */

    struct batch_rows rows;
    struct embedding_activations embedding;
    struct block_activations *blocks; /* [L] */
    real *entries;                    /* [segments but the last, T, H] in bfloat16 */
    struct block_scratch scratch;
    struct heads heads;
};

/* --- segments --------------------------------------------------------------------------------- */

/* Layers are taken in segments of so many, the last one perhaps shorter. What they keep for backward
 * lies in the same memory for all segments, so that when backward begins, the last one's is there;
 * any other segment is computed again from its input when backward comes to it, with the same bits,
 * since dropout is a function of where it strikes. There is one segment where nothing is made again.
 *
 * Inputs: in float32 each is an array of its own, the output of the layer before, and for the first
 * one the embedding's. In bfloat16 the residual stream, as it is before it is rounded, is copied into
 * `entries` and from there; the operand that it becomes is embedding.x for all segments. */
static int segment_of(const struct bert *bert)
{
    const int layers = bert->config.layers, wanted = bert->options.recompute;
    return wanted > 0 && wanted < layers ? wanted : layers;
}

static size_t stream_size(const struct bert *bert)
{
    return (size_t)bert->options.capacity.tokens * (size_t)bert->config.hidden;
}

static void plan_blocks(struct bert *bert, struct arena *arena, int head_rows)
{
    const struct bert_config *config = &bert->config;
    const enum float_type type = bert->options.compute_type;
    const int layers = config->layers, tokens = bert->options.capacity.tokens;
    const int segment = segment_of(bert);
    for (int l = 0; l < segment; l++)
        block_activations_plan(&bert->blocks[l], arena, config, type, tokens,
                               l == layers - 1 ? head_rows : tokens);
    for (int l = segment; l < layers; l++)
        bert->blocks[l] = bert->blocks[l - segment];
    for (int end = segment; end < layers; end += segment)
        if (type == TYPE_FLOAT32)
            bert->blocks[end - 1].y2 = arena_take(arena, stream_size(bert), sizeof(real));
    if (!bert->rows.heads_read_all)
        block_chosen_plan(&bert->blocks[layers - 1], arena, config, type, head_rows);
    const size_t entries = type == TYPE_FLOAT32 ? 0 : (size_t)((layers - 1) / segment);
    bert->entries = arena_take(arena, entries * stream_size(bert), sizeof(real));
}

/* Everything a step works in, taken from the arena; run once to measure and once for good. */
static void plan_memory(struct bert *bert, struct arena *arena)
{
    const struct bert_config *config = &bert->config;
    const struct bert_capacity *capacity = &bert->options.capacity;
    const struct objective_list objectives = objective_list_of(config);
    batch_rows_plan(&bert->rows, arena, &objectives, capacity);
    const int head_rows = batch_rows_most(&bert->rows, capacity);
    embedding_plan(&bert->embedding, arena, config, &bert->options);
    plan_blocks(bert, arena, head_rows);
    block_scratch_plan(&bert->scratch, arena, config, &bert->options, omp_get_max_threads());
    heads_plan(&bert->heads, arena, config, capacity);
}

size_t bert_memory(const struct bert_config *config, const struct bert_options *options)
{
    struct bert bert = {.config = *config, .options = *options};
    struct arena arena;
    bert.blocks = memory_new((size_t)config->layers, sizeof *bert.blocks);
    arena_measure(&arena);
    plan_memory(&bert, &arena);
    free(bert.blocks);
    return arena.used;
}

int bert_new(struct bert **out, const struct bert_config *config,
             const struct bert_options *options, struct error *err)
{
    struct bert *bert = memory_new(1, sizeof *bert);
    bert->config = *config;
    bert->options = *options;
    bert->threads = omp_get_max_threads();
    if (arena_init(&bert->arena, bert_memory(config, options), "activations", err) < 0) {
        free(bert);
        return -1;
    }
    param_table_init(&bert->table, config);
    bert_layout_init(&bert->layout, &bert->table, config->layers);
    bert->blocks = memory_new((size_t)config->layers, sizeof *bert->blocks);
    plan_memory(bert, &bert->arena);
    heads_find_params(&bert->heads, &bert->table);
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

struct objective_list bert_objectives(const struct bert *bert)
{
    return bert->heads.objectives;
}

void bert_count_terms(const struct bert *bert, const struct packed_batch *batch, double *terms)
{
    for (int o = 0; o < bert->heads.objectives.count; o++)
        terms[o] = bert->heads.objectives.rows[o]->count_terms(batch);
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
    const enum float_type type = bert->options.compute_type;
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
                                   .compute_type = type,
                                   .x = operand_place(type, bert->embedding.x, bert->scratch.e),
                                   .memory = &bert->scratch.memory,
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
                               .compute_type = bert->options.compute_type,
                               .kept = &bert->blocks[layer],
                               .scratch = &bert->scratch,
                               .hooks = dropout ? bert->hooks : NULL};
}

/* The input of a block, an operand: the output of what comes before it. */
static const void *input_of(const struct bert *bert, int layer)
{
    const bool enters =
        bert->options.compute_type == TYPE_BFLOAT16 && layer % segment_of(bert) == 0;
    return layer == 0 || enters ? bert->embedding.x : bert->blocks[layer - 1].y2;
}

/* What a segment in bfloat16 begins with: its input is kept if it is to be entered again, and found
 * if it is entered again. */
static void enter_segment(struct bert *bert, const struct packed_batch *batch, int first,
                          bool again)
{
    const size_t H = (size_t)bert->config.hidden;
    const int segment = segment_of(bert);
    const bool last = first + segment >= bert->config.layers;
    real *entry = bert->entries + (size_t)(first / segment) * stream_size(bert);
    real *stream = bert->scratch.e;
#pragma omp parallel for schedule(static)
    for (int row = 0; row < batch->tokens; row++) {
        const size_t at = (size_t)row * H;
        if (again)
            memcpy(stream + at, entry + at, H * sizeof *stream);
        else if (!last)
            memcpy(entry + at, stream + at, H * sizeof *stream);
        operand_store(TYPE_BFLOAT16, stream + at, operand_at(TYPE_BFLOAT16, bert->embedding.x, at),
                      H);
    }
}

static void visit_layer(const struct bert *bert, int layer, const real *rows)
{
    if (bert->visitor && bert->visitor->layer)
        bert->visitor->layer(bert->visitor->who, layer, rows);
}

/* Layers [first, end). */
static void encode_layers(struct bert *bert, const real *params, const struct packed_batch *batch,
                          bool training, int first, int end, bool again)
{
    const int segment = segment_of(bert);
    const bool enters =
        bert->options.compute_type == TYPE_BFLOAT16 && segment < bert->config.layers;
    for (int l = first; l < end; l++) {
        struct block_pass block = block_pass_of(bert, params, batch, training, l);
        block.again = again;
        activity_at(again ? "forward again, layer" : "forward, layer", l);
        if (enters && l % segment == 0)
            enter_segment(bert, batch, l, again);
        block_forward(&block, input_of(bert, l));
        visit_layer(bert, l + 1, block_output(&block));
        hooks_pause(block.hooks);
    }
}

static void check_capacity(const struct bert *bert, const struct packed_batch *batch)
{
    const struct bert_capacity *capacity = &bert->options.capacity;
    require(omp_get_max_threads() <= bert->threads);
    require(batch->tokens <= capacity->tokens);
    require(batch->sequences <= capacity->sequences);
    require(batch->labelled <= capacity->labelled);
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
    hooks_needs(hooks, embedding.embedding_rows.values ? words_end(bert) : 0,
                bert->layout.blocks[0].qkv.weight);
    embedding_forward(&embedding);
    visit_layer(bert, 0, embedding.x);
    encode_layers(bert, params, batch, training, 0, bert->config.layers, false);
    if (embedding.embedding_rows.values)
        hooks_needs(hooks, 0, words_end(bert));
    hooks_needs(hooks, bert->layout.heads, bert->table.size);
    const struct block_pass last =
        block_pass_of(bert, params, batch, training, bert->config.layers - 1);
    return block_output(&last);
}

static struct heads_pass heads_pass_of(struct bert *bert, const real *params,
                                       const struct packed_batch *batch, const double *scales)
{
    return (struct heads_pass){.config = &bert->config,
                               .layout = &bert->layout,
                               .params = params,
                               .batch = batch,
                               .rows = &bert->rows,
                               .heads = &bert->heads,
                               .compute_type = bert->options.compute_type,
                               .scales = scales};
}

void bert_predict(struct bert *bert, const real *params, const struct packed_batch *batch,
                  const struct objective_outputs *outputs, struct objective_sums *sums)
{
    const real *y = encode(bert, params, batch, false);
    struct heads_pass heads = heads_pass_of(bert, params, batch, NULL);
    heads.outputs = outputs;
    activity_at("forward, heads", -1);
    heads_run(&heads, y, NULL, NULL, sums);
}

void bert_evaluate(struct bert *bert, const real *params, const struct packed_batch *batch,
                   struct objective_sums *sums)
{
    bert_predict(bert, params, batch, NULL, sums);
}

void bert_states(struct bert *bert, const real *params, const struct packed_batch *batch,
                 const struct state_visitor *visitor)
{
    require(!visitor->layer || objective_list_reads(&bert->heads.objectives, OBJECTIVE_ALL));
    require(!visitor->pooled || objective_list_reads(&bert->heads.objectives, OBJECTIVE_POOLED));
    bert->visitor = visitor;
    const real *y = encode(bert, params, batch, false);
    bert->visitor = NULL;
    if (!visitor->pooled)
        return;
    const struct heads_pass heads = heads_pass_of(bert, params, batch, NULL);
    visitor->pooled(visitor->who, heads_pooled(&heads, y));
}

/* Everything but the blocks' matrices, which lie in the order of block_layout. */
static void clear_around_matrices(const struct bert *bert, real *grads)
{
    const size_t H = (size_t)bert->config.hidden, F = (size_t)bert->config.intermediate;
    size_t from = 0;
    for (int l = 0; l < bert->config.layers; l++) {
        const struct block_layout *block = &bert->layout.blocks[l];
        const struct {
            size_t at, count;
        } matrices[] = {{block->qkv.weight, 3 * H * H},
                        {block->output.weight, H * H},
                        {block->up.weight, F * H},
                        {block->down.weight, H * F}};
        for (size_t m = 0; m < sizeof matrices / sizeof *matrices; m++) {
            array_clear(grads + from, matrices[m].at - from);
            from = matrices[m].at + matrices[m].count;
        }
    }
    array_clear(grads + from, bert->table.size - from);
}

/* Where `keep` is 0, gradients of the blocks' matrices are set, each by the one product that makes it. */
static void train(struct bert *bert, const real *params, const struct packed_batch *batch,
                  const double *scales, real keep, real *grads, struct objective_sums *sums)
{
    if (bert->hooks)
        task_queue_set_pause(bert->hooks->pause, bert->hooks->who);
    const real *y = encode(bert, params, batch, true);
    struct heads_pass heads = heads_pass_of(bert, params, batch, scales);
    activity_at("forward and backward, heads", -1);
    heads_run(&heads, y, bert->scratch.d, grads, sums);
    struct embedding_pass embedding = embedding_pass_of(bert, params, batch, true);
    size_t front = embedding.embedding_rows.gradients ? words_end(bert) : 0;
    hooks_complete(bert->hooks, bert->layout.heads, bert->table.size);
    if (front > 0)
        hooks_complete(bert->hooks, 0, front);
    const int layers = bert->config.layers, segment = segment_of(bert);
    for (int l = layers - 1; l >= 0; l--) {
        struct block_pass block = block_pass_of(bert, params, batch, true, l);
        block.keep = keep;
        if ((l + 1) % segment == 0 && l < layers - 1)
            encode_layers(bert, params, batch, true, l + 1 - segment, l + 1, true);
        activity_at("backward, layer", l);
        block_backward(&block, input_of(bert, l), grads);
    }
    activity_at("backward, embedding", -1);
    embedding_backward(&embedding, bert->scratch.d, grads);
    hooks_complete(bert->hooks, front, bert->layout.blocks[0].qkv.weight);
    task_queue_set_pause(NULL, NULL);
}

void bert_train(struct bert *bert, const real *params, const struct packed_batch *batch,
                const double *scales, real *grads, struct objective_sums *sums)
{
    train(bert, params, batch, scales, 1, grads, sums);
}

void bert_train_first(struct bert *bert, const real *params, const struct packed_batch *batch,
                      const double *scales, real *grads, struct objective_sums *sums)
{
    clear_around_matrices(bert, grads);
    train(bert, params, batch, scales, 0, grads, sums);
}
