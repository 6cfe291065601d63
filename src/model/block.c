#include "block.h"

#include "attention.h"
#include "block_rows.h"
#include "hooks.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"
#include "lambert/kernels/profile.h"
#include "linear.h"

void block_activations_plan(struct block_activations *kept, struct arena *arena,
                            const struct bert_config *config, int tokens, int rows, bool chosen)
{
    size_t H = (size_t)config->hidden, F = (size_t)config->intermediate;
    size_t T = (size_t)tokens, R = (size_t)rows;
    *kept = (struct block_activations){
        .qkv = arena_take(arena, T * 3 * H, sizeof(real)),
        .query = chosen ? arena_take(arena, R * H, sizeof(real)) : NULL,
        .x_rows = chosen ? arena_take(arena, R * H, sizeof(real)) : NULL,
        .lse = arena_take(arena, R * (size_t)config->heads, sizeof(real)),
        .context = arena_take(arena, R * H, sizeof(real)),
        .z1 = arena_take(arena, R * H, sizeof(real)),
        .y1 = arena_take(arena, R * H, sizeof(real)),
        .a = arena_take(arena, R * F, sizeof(real)),
        .z2 = arena_take(arena, R * H, sizeof(real)),
        .y2 = arena_take(arena, R * H, sizeof(real)),
        .mean1 = arena_take(arena, R, sizeof(real)),
        .rstd1 = arena_take(arena, R, sizeof(real)),
        .mean2 = arena_take(arena, R, sizeof(real)),
        .rstd2 = arena_take(arena, R, sizeof(real)),
    };
}

void block_scratch_plan(struct block_scratch *scratch, struct arena *arena,
                        const struct bert_config *config, const struct bert_capacity *capacity,
                        int threads)
{
    size_t H = (size_t)config->hidden, F = (size_t)config->intermediate;
    size_t T = (size_t)capacity->tokens, widest = F > 3 * H ? F : 3 * H;
    size_t stride = attention_scratch(capacity->longest, config->hidden / config->heads);
    *scratch = (struct block_scratch){
        .d = arena_take(arena, T * H, sizeof(real)),
        .e = arena_take(arena, T * H, sizeof(real)),
        .f = arena_take(arena, T * H, sizeof(real)),
        .ffn = arena_take(arena, T * F, sizeof(real)),
        .g = arena_take(arena, T * F, sizeof(real)),
        .dqkv = arena_take(arena, T * 3 * H, sizeof(real)),
        .partial = arena_take(arena, (size_t)row_blocks(capacity->tokens) * widest, sizeof(real)),
        .attention = arena_take(arena, (size_t)threads * stride, sizeof(real)),
        .attention_stride = stride,
        .longest = capacity->longest,
    };
}

/* --- attention with its projections --------------------------------------------------------- */

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
        .k = kept->qkv + H,
        .v = kept->qkv + 2 * H,
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

static void project_qkv(const struct block_pass *pass, const real *x)
{
    struct block_activations *kept = pass->kept;
    const int H = pass->config->hidden;
    const real *bias = pass->params + pass->layout->qkv.bias;
    if (!pass->set->rows) {
        const struct linear qkv = qkv_of(pass);
        const struct bias_rows rows = {.bias = bias, .y = kept->qkv, .ld = 3 * H};
        const struct gemm_epilogue then = bias_rows_forward(&rows);
        linear_forward(&qkv, x, kept->qkv, &then);
        return;
    }
    const struct linear query = query_of(pass), keys_values = keys_values_of(pass);
    const struct bias_rows query_rows = {.bias = bias, .y = kept->query, .ld = H};
    const struct bias_rows other_rows = {.bias = bias + H, .y = kept->qkv + H, .ld = 3 * H};
    const struct gemm_epilogue then_query = bias_rows_forward(&query_rows);
    const struct gemm_epilogue then_others = bias_rows_forward(&other_rows);
    rows_gather(pass->set->count, pass->set->rows, H, x, kept->x_rows);
    linear_forward(&query, kept->x_rows, kept->query, &then_query);
    linear_forward(&keys_values, x, kept->qkv + H, &then_others);
}

/* dqkv in scratch (and dq of chosen rows in scratch->f) -> scratch->d: dz1 [R, H] becomes dx [T, H]
 */
static void project_qkv_backward(const struct block_pass *pass, const real *x, real *grads)
{
    struct block_scratch *s = pass->scratch;
    const int H = pass->config->hidden, T = pass->batch->tokens, R = pass->set->count;
    real *dweight = grads + pass->layout->qkv.weight, *dbias = grads + pass->layout->qkv.bias;
    if (!pass->set->rows) {
        const struct linear qkv = qkv_of(pass);
        bias_gradient(T, 3 * H, s->dqkv, 3 * H, s->partial, dbias);
        linear_weight_gradient(&qkv, s->dqkv, x, dweight);
        linear_input_gradient(&qkv, s->dqkv, 1, s->d, NULL);
        return;
    }
    const struct linear query = query_of(pass), keys_values = keys_values_of(pass);
    bias_gradient(R, H, s->f, H, s->partial, dbias);
    bias_gradient(T, 2 * H, s->dqkv + H, 3 * H, s->partial, dbias + H);
    linear_weight_gradient(&query, s->f, pass->kept->x_rows, dweight);
    linear_weight_gradient(&keys_values, s->dqkv + H, x, dweight + (size_t)H * (size_t)H);
    linear_input_gradient(&query, s->f, 1, s->d, NULL);
    linear_input_gradient(&keys_values, s->dqkv + H, 0, s->e, NULL);
    rows_scatter_add(R, pass->set->rows, H, s->d, s->e);
    real *swap = s->d;
    s->d = s->e;
    s->e = swap;
}

/* --- the block ------------------------------------------------------------------------------ */

void block_forward(const struct block_pass *pass, const real *x)
{
    struct block_activations *kept = pass->kept;
    const struct block_layout *layout = pass->layout;
    const struct linear output = output_of(pass), up = up_of(pass), down = down_of(pass);

    hooks_needs(pass->hooks, layout->qkv.weight, layout->output.weight);
    project_qkv(pass, x);
    hooks_pause(pass->hooks);
    struct attention attention = attention_of(pass);
    attention_forward(&attention, kept->lse, kept->context);
    hooks_pause(pass->hooks);

    const struct norm_rows attended = {.pass = pass,
                                       .site = DROPOUT_ATTENTION,
                                       .norm = &layout->attention_norm,
                                       .bias = layout->output.bias,
                                       .residual = pass->set->rows ? kept->x_rows : x,
                                       .x = kept->z1,
                                       .y = kept->y1,
                                       .mean = kept->mean1,
                                       .rstd = kept->rstd1};
    const struct gemm_epilogue then_norm1 = norm_rows_forward(&attended);
    hooks_needs(pass->hooks, layout->output.weight, layout->up.weight);
    linear_forward(&output, kept->context, kept->z1, &then_norm1);

    const struct norm_rows fed = {.pass = pass,
                                  .site = DROPOUT_FEED_FORWARD,
                                  .norm = &layout->norm,
                                  .bias = layout->down.bias,
                                  .residual = kept->y1,
                                  .x = kept->z2,
                                  .y = kept->y2,
                                  .mean = kept->mean2,
                                  .rstd = kept->rstd2};
    const struct gemm_epilogue then_gelu = gelu_rows_forward(pass);
    const struct gemm_epilogue then_norm2 = norm_rows_forward(&fed);
    hooks_needs(pass->hooks, layout->up.weight, layout->down.weight);
    linear_forward(&up, kept->y1, kept->a, &then_gelu);
    hooks_pause(pass->hooks);
    hooks_needs(pass->hooks, layout->down.weight, layout->end);
    linear_forward(&down, pass->scratch->g, kept->z2, &then_norm2);
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
    const struct gelu_gradient_rows activated = {.pass = pass, .dg = s->ffn};
    const struct gemm_epilogue norm2 = norm_rows_backward(&fed);
    const struct gemm_epilogue then_gelu = gelu_rows_backward(&activated);
    const struct gemm_epilogue then_norm1 = norm_rows_backward(&attended);

    gemm_epilogue_alone(&norm2, pass->set->count, pass->config->hidden, s->d, pass->config->hidden);
    norm_rows_sums(&fed, grads);
    linear_input_gradient(&down, s->f, 0, s->ffn, &then_gelu);
    hooks_pause(pass->hooks);
    linear_weight_gradient(&down, s->f, s->g, grads + layout->down.weight);
    hooks_complete(pass->hooks, layout->down.weight, layout->end);
    hooks_pause(pass->hooks);
    gelu_rows_sums(&activated, grads);
    linear_weight_gradient(&up, s->ffn, kept->y1, grads + layout->up.weight);
    hooks_complete(pass->hooks, layout->up.weight, layout->down.weight);
    hooks_pause(pass->hooks);
    linear_input_gradient(&up, s->ffn, 1, s->e, &then_norm1);
    hooks_pause(pass->hooks);
    norm_rows_sums(&attended, grads);
}

void block_backward(const struct block_pass *pass, const real *x, real *grads)
{
    const struct block_activations *kept = pass->kept;
    const struct block_layout *layout = pass->layout;
    const struct linear output = output_of(pass);
    struct block_scratch *s = pass->scratch;
    const int H = pass->config->hidden;

    feed_forward_backward(pass, grads);
    linear_weight_gradient(&output, s->f, kept->context, grads + layout->output.weight);
    hooks_complete(pass->hooks, layout->output.weight, layout->up.weight);
    linear_input_gradient(&output, s->f, 0, s->e, NULL);
    hooks_pause(pass->hooks);

    struct attention attention = attention_of(pass);
    bool chosen = pass->set->rows != NULL;
    attention_backward(&attention, kept->lse, kept->context, s->e, chosen ? s->f : s->dqkv,
                       s->dqkv + H, s->dqkv + 2 * H);
    hooks_pause(pass->hooks);
    project_qkv_backward(pass, x, grads);
    hooks_complete(pass->hooks, layout->qkv.weight, layout->output.weight);
}
