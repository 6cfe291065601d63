#include "block.h"

#include "attention.h"
#include "block_rows.h"
#include "hooks.h"
#include "lambert/base/minmax.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"
#include "lambert/kernels/profile.h"
#include "linear.h"

void block_activations_plan(struct block_activations *kept, struct arena *arena,
                            const struct bert_config *config, enum float_type compute_type,
                            int tokens, int rows)
{
    const enum float_type type = compute_type;
    const size_t H = (size_t)config->hidden, F = (size_t)config->intermediate;
    const size_t T = (size_t)tokens, R = (size_t)rows;
    *kept = (struct block_activations){
        .qkv = operand_take(type, arena, T * 3 * H),
        .context = operand_take(type, arena, R * H),
        .z1 = operand_take(type, arena, R * H),
        .y1 = operand_take(type, arena, R * H),
        .a = operand_take(type, arena, R * F),
        .z2 = operand_take(type, arena, R * H),
        .y2 = operand_take(type, arena, R * H),
        .lse = arena_take(arena, R * (size_t)config->heads, sizeof(real)),
        .mean1 = arena_take(arena, R, sizeof(real)),
        .rstd1 = arena_take(arena, R, sizeof(real)),
        .mean2 = arena_take(arena, R, sizeof(real)),
        .rstd2 = arena_take(arena, R, sizeof(real)),
    };
}

void block_chosen_plan(struct block_activations *kept, struct arena *arena,
                       const struct bert_config *config, enum float_type compute_type, int rows)
{
    const size_t size = (size_t)rows * (size_t)config->hidden;
    kept->query = operand_take(compute_type, arena, size);
    kept->x_rows = operand_take(compute_type, arena, size);
}

void block_scratch_plan(struct block_scratch *scratch, struct arena *arena,
                        const struct bert_config *config, const struct bert_options *options,
                        int threads)
{
    const enum float_type type = options->compute_type;
    const int tokens = options->capacity.tokens, longest = options->capacity.longest;
    const size_t H = (size_t)config->hidden, F = (size_t)config->intermediate, T = (size_t)tokens;
    const size_t stride = attention_scratch(type, longest, config->hidden / config->heads);
    *scratch = (struct block_scratch){
        .d = arena_take(arena, T * H, sizeof(real)),
        .e = arena_take(arena, T * H, sizeof(real)),
        .f = operand_take(type, arena, T * H),
        .ffn = operand_take(type, arena, T * F),
        .g = operand_take(type, arena, T * F),
        .dqkv = operand_take(type, arena, T * 3 * H),
        .memory = row_memory_plan(type, arena, threads, H),
        .partial = arena_take(arena, (size_t)row_blocks(tokens) * max_size(F, 3 * H), sizeof(real)),
        .attention = arena_take(arena, (size_t)threads * stride, sizeof(real)),
        .attention_stride = stride,
        .longest = longest,
    };
}

/* --- attention with its projections --------------------------------------------------------- */

/* Queries, keys or values in rows of the three: 0, 1, 2. */
static void *columns_of(const struct block_pass *pass, void *qkv, size_t which)
{
    return operand_at(pass->compute_type, qkv, which * (size_t)pass->config->hidden);
}

static struct attention attention_of(const struct block_pass *pass)
{
    const struct block_activations *kept = pass->kept;
    int H = pass->config->hidden;
    bool chosen = pass->set->rows != NULL;
    return (struct attention){
        .heads = pass->config->heads,
        .head_size = H / pass->config->heads,
        .compute_type = pass->compute_type,
        .layer = pass->layer,
        .longest = pass->scratch->longest,
        .sequences = pass->batch->sequences,
        .key_start = pass->batch->sequence_start,
        .query = pass->set,
        .key = pass->rows->key,
        .position = pass->rows->position,
        .threshold = pass->dropout ? dropout_threshold(pass->config->attention_dropout) : 0,
        .q = chosen ? kept->query : kept->qkv,
        .k = columns_of(pass, kept->qkv, 1),
        .v = columns_of(pass, kept->qkv, 2),
        .ld_q = chosen ? H : 3 * H,
        .ld_kv = 3 * H,
        .scratch = pass->scratch->attention,
        .scratch_stride = pass->scratch->attention_stride,
    };
}

/* A layer from `in` to `out` on so many rows, with its weight at an offset. */
static struct linear layer_of(const struct block_pass *pass, int rows, int in, int out,
                              size_t weight, enum profile_part profile)
{
    return (struct linear){.rows = rows,
                           .in = in,
                           .out = out,
                           .weight = pass->params + weight,
                           .compute_type = pass->compute_type,
                           .operand_type = pass->compute_type,
                           .ld_y = out,
                           .profile = profile};
}

/* Queries, keys and values of all rows; or queries of the chosen ones, keys and values of all. */
static struct linear qkv_of(const struct block_pass *pass)
{
    const int H = pass->config->hidden;
    return layer_of(pass, pass->batch->tokens, H, 3 * H, pass->layout->qkv.weight,
                    PROFILE_PROJECTION_GEMM);
}

static struct linear query_of(const struct block_pass *pass)
{
    const int H = pass->config->hidden;
    return layer_of(pass, pass->set->count, H, H, pass->layout->qkv.weight,
                    PROFILE_PROJECTION_GEMM);
}

static struct linear keys_values_of(const struct block_pass *pass)
{
    struct linear layer = qkv_of(pass);
    layer.out = 2 * layer.in; /* rows of what is made stay 3 H apart */
    layer.weight += (size_t)layer.in * (size_t)layer.in;
    return layer;
}

static struct linear output_of(const struct block_pass *pass)
{
    const int H = pass->config->hidden;
    return layer_of(pass, pass->set->count, H, H, pass->layout->output.weight,
                    PROFILE_PROJECTION_GEMM);
}

static struct linear up_of(const struct block_pass *pass)
{
    return layer_of(pass, pass->set->count, pass->config->hidden, pass->config->intermediate,
                    pass->layout->up.weight, PROFILE_FEED_FORWARD_GEMM);
}

static struct linear down_of(const struct block_pass *pass)
{
    return layer_of(pass, pass->set->count, pass->config->intermediate, pass->config->hidden,
                    pass->layout->down.weight, PROFILE_FEED_FORWARD_GEMM);
}

/* y = x Wᵀ + bias, where both are operands. */
static void project(const struct linear *layer, const void *x, const real *bias, void *y)
{
    const struct bias_rows rows = {
        .type = layer->operand_type, .bias = bias, .y = y, .ld = layer->ld_y};
    const struct gemm_epilogue then = bias_rows_forward(&rows);
    linear_forward(layer, x, operand_place(layer->operand_type, y, NULL), &then);
}

/* dx = dy W, where both are operands. */
static void project_input_gradient(const struct linear *layer, const void *dy, void *dx)
{
    const struct bias_rows rows = {.type = layer->operand_type, .y = dx, .ld = layer->in};
    const struct gemm_epilogue then = bias_rows_forward(&rows);
    linear_input_gradient(layer, dy, 0, operand_place(layer->operand_type, dx, NULL), &then);
}

static void project_qkv(const struct block_pass *pass, const void *x)
{
    struct block_activations *kept = pass->kept;
    const int H = pass->config->hidden;
    const real *bias = pass->params + pass->layout->qkv.bias;
    if (!pass->set->rows) {
        const struct linear qkv = qkv_of(pass);
        project(&qkv, x, bias, kept->qkv);
        return;
    }
    const struct linear query = query_of(pass), keys_values = keys_values_of(pass);
    rows_gather(pass->compute_type, pass->set->count, pass->set->rows, H, x, kept->x_rows);
    project(&query, kept->x_rows, bias, kept->query);
    project(&keys_values, x, bias + H, columns_of(pass, kept->qkv, 1));
}

static void swap_gradients(struct block_scratch *scratch)
{
    real *swap = scratch->d;
    scratch->d = scratch->e;
    scratch->e = swap;
}

/* dqkv in scratch (and dq of chosen rows in scratch->f) -> scratch->d: dz1 [R, H] becomes dx [T, H]
 */
static void project_qkv_backward(const struct block_pass *pass, const void *x, real *grads)
{
    struct block_scratch *s = pass->scratch;
    const enum float_type type = pass->compute_type;
    const int H = pass->config->hidden, T = pass->batch->tokens, R = pass->set->count;
    real *dweight = grads + pass->layout->qkv.weight, *dbias = grads + pass->layout->qkv.bias;
    if (!pass->set->rows) {
        const struct linear qkv = qkv_of(pass);
        bias_gradient(type, T, 3 * H, s->dqkv, 3 * H, s->partial, dbias);
        linear_weight_gradient(&qkv, s->dqkv, x, pass->keep, dweight);
        linear_input_gradient(&qkv, s->dqkv, 1, s->d, NULL);
        return;
    }
    const struct linear query = query_of(pass), keys_values = keys_values_of(pass);
    const void *dkv = columns_of(pass, s->dqkv, 1);
    bias_gradient(type, R, H, s->f, H, s->partial, dbias);
    bias_gradient(type, T, 2 * H, dkv, 3 * H, s->partial, dbias + H);
    linear_weight_gradient(&query, s->f, pass->kept->x_rows, pass->keep, dweight);
    linear_weight_gradient(&keys_values, dkv, x, pass->keep, dweight + (size_t)H * (size_t)H);
    linear_input_gradient(&query, s->f, 1, s->d, NULL);
    linear_input_gradient(&keys_values, dkv, 0, s->e, NULL);
    rows_scatter_add(R, pass->set->rows, H, s->d, s->e);
    swap_gradients(s);
}

/* --- the block ------------------------------------------------------------------------------ */

/* The rows of x that go on beside attention, as they are added to its output. */
static const real *residual_of(const struct block_pass *pass, const void *x)
{
    struct block_scratch *s = pass->scratch;
    if (pass->compute_type == TYPE_FLOAT32)
        return pass->set->rows ? pass->kept->x_rows : x;
    if (pass->set->rows) {
        rows_gather(TYPE_FLOAT32, pass->set->count, pass->set->rows, pass->config->hidden, s->e,
                    s->d);
        swap_gradients(s);
    }
    return s->e;
}

/* C of a product that LayerNorm follows, whose z is kept. Rows that are too wide to be finished in
 * one go need a place; that of dqkv, which backward uses later, is large enough. */
static real *place_of_sum(const struct block_pass *pass, void *z)
{
    const bool wide = pass->config->hidden > gemm_widest();
    return operand_place(pass->compute_type, z, wide ? pass->scratch->dqkv : NULL);
}

void block_forward(const struct block_pass *pass, const void *x)
{
    const enum float_type type = pass->compute_type;
    struct block_activations *kept = pass->kept;
    struct block_scratch *s = pass->scratch;
    const struct block_layout *layout = pass->layout;
    const struct bert_hooks *needs = pass->again ? NULL : pass->hooks;
    const struct linear output = output_of(pass), up = up_of(pass), down = down_of(pass);

    hooks_needs(needs, layout->qkv.weight, layout->output.weight);
    project_qkv(pass, x);
    hooks_pause(pass->hooks);
    struct attention attention = attention_of(pass);
    attention_forward(&attention, kept->lse, kept->context);
    hooks_pause(pass->hooks);

    const real *residual = residual_of(pass, x);
    real *y1 = operand_place(type, kept->y1, s->e), *y2 = operand_place(type, kept->y2, s->e);
    const struct norm_rows attended = {.pass = pass,
                                       .site = DROPOUT_ATTENTION,
                                       .norm = &layout->attention_norm,
                                       .bias = layout->output.bias,
                                       .residual = residual,
                                       .y = y1,
                                       .kept_z = kept->z1,
                                       .kept_y = kept->y1,
                                       .mean = kept->mean1,
                                       .rstd = kept->rstd1};
    const struct gemm_epilogue then_norm1 = norm_rows_forward(&attended);
    hooks_needs(needs, layout->output.weight, layout->up.weight);
    linear_forward(&output, kept->context, place_of_sum(pass, kept->z1), &then_norm1);

    const struct norm_rows fed = {.pass = pass,
                                  .site = DROPOUT_FEED_FORWARD,
                                  .norm = &layout->norm,
                                  .bias = layout->down.bias,
                                  .residual = y1,
                                  .y = y2,
                                  .kept_z = kept->z2,
                                  .kept_y = kept->y2,
                                  .mean = kept->mean2,
                                  .rstd = kept->rstd2};
    const struct gemm_epilogue then_gelu = gelu_rows_forward(pass);
    const struct gemm_epilogue then_norm2 = norm_rows_forward(&fed);
    hooks_needs(needs, layout->up.weight, layout->down.weight);
    linear_forward(&up, kept->y1, operand_place(type, kept->a, NULL), &then_gelu);
    hooks_pause(pass->hooks);
    hooks_needs(needs, layout->down.weight, layout->end);
    linear_forward(&down, s->g, place_of_sum(pass, kept->z2), &then_norm2);
}

const real *block_output(const struct block_pass *pass)
{
    return operand_place(pass->compute_type, pass->kept->y2, pass->scratch->e);
}

/* From dy2 in scratch->d: dz1 in scratch->d and the gradient of attention's output before dropout
 * in scratch->f. */
static void feed_forward_backward(const struct block_pass *pass, real *grads)
{
    const struct block_activations *kept = pass->kept;
    const struct block_layout *layout = pass->layout;
    const struct linear up = up_of(pass), down = down_of(pass);
    struct block_scratch *s = pass->scratch;
    const struct norm_gradient_rows fed = {.pass = pass,
                                           .site = DROPOUT_FEED_FORWARD,
                                           .norm = &layout->norm,
                                           .bias = layout->down.bias,
                                           .z = kept->z2,
                                           .mean = kept->mean2,
                                           .rstd = kept->rstd2,
                                           .dy = s->d,
                                           .dz = s->e,
                                           .dx = s->f};
    const struct norm_gradient_rows attended = {.pass = pass,
                                                .site = DROPOUT_ATTENTION,
                                                .norm = &layout->attention_norm,
                                                .bias = layout->output.bias,
                                                .z = kept->z1,
                                                .mean = kept->mean1,
                                                .rstd = kept->rstd1,
                                                .dy = s->e,
                                                .dz = s->d,
                                                .dx = s->f};
    const struct gemm_epilogue norm2 = norm_rows_backward(&fed);
    const struct gemm_epilogue then_gelu = gelu_rows_backward(pass);
    const struct gemm_epilogue then_norm1 = norm_rows_backward(&attended);

    gemm_epilogue_alone(&norm2, pass->set->count, pass->config->hidden, s->d, pass->config->hidden);
    norm_rows_sums(&fed, grads);
    linear_input_gradient(&down, s->f, 0, operand_place(pass->compute_type, s->ffn, NULL),
                          &then_gelu);
    hooks_pause(pass->hooks);
    linear_weight_gradient(&down, s->f, s->g, pass->keep, grads + layout->down.weight);
    hooks_complete(pass->hooks, layout->down.weight, layout->end);
    hooks_pause(pass->hooks);
    gelu_rows_sums(pass, grads);
    linear_weight_gradient(&up, s->ffn, kept->y1, pass->keep, grads + layout->up.weight);
    hooks_complete(pass->hooks, layout->up.weight, layout->down.weight);
    hooks_pause(pass->hooks);
    linear_input_gradient(&up, s->ffn, 1, s->e, &then_norm1);
    hooks_pause(pass->hooks);
    norm_rows_sums(&attended, grads);
}

void block_backward(const struct block_pass *pass, const void *x, real *grads)
{
    const struct block_activations *kept = pass->kept;
    const struct block_layout *layout = pass->layout;
    const struct linear output = output_of(pass);
    struct block_scratch *s = pass->scratch;
    void *dcontext = s->e; /* dz1, its gradient, has been used up */

    feed_forward_backward(pass, grads);
    linear_weight_gradient(&output, s->f, kept->context, pass->keep, grads + layout->output.weight);
    hooks_complete(pass->hooks, layout->output.weight, layout->up.weight);
    project_input_gradient(&output, s->f, dcontext);
    hooks_pause(pass->hooks);

    struct attention attention = attention_of(pass);
    bool chosen = pass->set->rows != NULL;
    attention_backward(&attention, kept->lse, kept->context, dcontext, chosen ? s->f : s->dqkv,
                       columns_of(pass, s->dqkv, 1), columns_of(pass, s->dqkv, 2));
    hooks_pause(pass->hooks);
    project_qkv_backward(pass, x, grads);
    hooks_complete(pass->hooks, layout->qkv.weight, layout->output.weight);
}
