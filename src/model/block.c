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

/* Queries of the R rows, keys and values of all. */
static void project_qkv(const struct block_pass *pass, const real *x)
{
    struct block_activations *kept = pass->kept;
    int H = pass->config->hidden, T = pass->batch->tokens, R = pass->set->count;
    const real *weight = pass->params + pass->layout->qkv.weight;
    const real *bias = pass->params + pass->layout->qkv.bias;
    profile_gemm = PROFILE_PROJECTION_GEMM;
    if (!pass->set->rows) {
        const struct bias_rows rows = {bias, kept->qkv, 3 * H};
        const struct gemm_epilogue then = bias_rows_forward(&rows);
        linear_forward(T, H, 3 * H, x, weight, kept->qkv, 3 * H, &then);
        return;
    }
    const struct bias_rows query = {bias, kept->query, H};
    const struct bias_rows keys_values = {bias + H, kept->qkv + H, 3 * H};
    const struct gemm_epilogue then = bias_rows_forward(&query);
    const struct gemm_epilogue then_others = bias_rows_forward(&keys_values);
    rows_gather(R, pass->set->rows, H, x, kept->x_rows);
    linear_forward(R, H, H, kept->x_rows, weight, kept->query, H, &then);
    linear_forward(T, H, 2 * H, x, weight + (size_t)H * (size_t)H, kept->qkv + H, 3 * H,
                   &then_others);
}

/* dqkv in scratch (and dq of chosen rows in scratch->f) -> scratch->d: dz1 [R, H] becomes dx [T, H]
 */
static void project_qkv_backward(const struct block_pass *pass, const real *x, real *grads)
{
    struct block_scratch *s = pass->scratch;
    int H = pass->config->hidden, T = pass->batch->tokens, R = pass->set->count;
    const real *weight = pass->params + pass->layout->qkv.weight;
    real *dweight = grads + pass->layout->qkv.weight, *dbias = grads + pass->layout->qkv.bias;
    size_t square = (size_t)H * (size_t)H;
    profile_gemm = PROFILE_PROJECTION_GEMM;
    if (!pass->set->rows) {
        bias_gradient(T, 3 * H, s->dqkv, 3 * H, s->partial, dbias);
        linear_weight_gradient(T, H, 3 * H, s->dqkv, 3 * H, x, dweight);
        linear_input_gradient(T, H, 3 * H, s->dqkv, 3 * H, weight, 1, s->d, NULL);
        return;
    }
    bias_gradient(R, H, s->f, H, s->partial, dbias);
    bias_gradient(T, 2 * H, s->dqkv + H, 3 * H, s->partial, dbias + H);
    linear_weight_gradient(R, H, H, s->f, H, pass->kept->x_rows, dweight);
    linear_weight_gradient(T, H, 2 * H, s->dqkv + H, 3 * H, x, dweight + square);
    linear_input_gradient(R, H, H, s->f, H, weight, 1, s->d, NULL);
    linear_input_gradient(T, H, 2 * H, s->dqkv + H, 3 * H, weight + square, 0, s->e, NULL);
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
    const real *params = pass->params;
    int H = pass->config->hidden, F = pass->config->intermediate, R = pass->set->count;
    const real *x_rows = pass->set->rows ? kept->x_rows : x;

    hooks_needs(pass->hooks, layout->qkv.weight, layout->output.weight);
    project_qkv(pass, x);
    hooks_pause(pass->hooks);
    struct attention attention = attention_of(pass);
    attention_forward(&attention, kept->lse, kept->context);
    hooks_pause(pass->hooks);

    const struct norm_rows attended = {pass,
                                       DROPOUT_ATTENTION,
                                       &layout->attention_norm,
                                       layout->output.bias,
                                       x_rows,
                                       kept->z1,
                                       kept->y1,
                                       kept->mean1,
                                       kept->rstd1};
    const struct gemm_epilogue then_norm1 = norm_rows_forward(&attended);
    profile_gemm = PROFILE_PROJECTION_GEMM;
    hooks_needs(pass->hooks, layout->output.weight, layout->up.weight);
    linear_forward(R, H, H, kept->context, params + layout->output.weight, kept->z1, H,
                   &then_norm1);

    const struct norm_rows fed = {
        pass,     DROPOUT_FEED_FORWARD, &layout->norm, layout->down.bias, kept->y1, kept->z2,
        kept->y2, kept->mean2,          kept->rstd2};
    const struct gemm_epilogue then_gelu = gelu_rows_forward(pass);
    const struct gemm_epilogue then_norm2 = norm_rows_forward(&fed);
    profile_gemm = PROFILE_FEED_FORWARD_GEMM;
    hooks_needs(pass->hooks, layout->up.weight, layout->down.weight);
    linear_forward(R, H, F, kept->y1, params + layout->up.weight, kept->a, F, &then_gelu);
    hooks_pause(pass->hooks);
    hooks_needs(pass->hooks, layout->down.weight, layout->end);
    linear_forward(R, F, H, pass->scratch->g, params + layout->down.weight, kept->z2, H,
                   &then_norm2);
}

/* From dy2 in scratch->d: dz1 in scratch->d and the gradient of attention's output before dropout in
 * scratch->f. */
static void feed_forward_backward(const struct block_pass *pass, real *grads)
{
    const struct block_activations *kept = pass->kept;
    const struct block_layout *layout = pass->layout;
    const real *params = pass->params;
    struct block_scratch *s = pass->scratch;
    int H = pass->config->hidden, F = pass->config->intermediate, R = pass->set->count;
    const struct norm_gradient_rows fed = {pass,          DROPOUT_FEED_FORWARD,
                                           &layout->norm, layout->down.bias,
                                           kept->z2,      kept->mean2,
                                           kept->rstd2,   s->d,
                                           s->e,          s->f};
    const struct norm_gradient_rows attended = {pass,
                                                DROPOUT_ATTENTION,
                                                &layout->attention_norm,
                                                layout->output.bias,
                                                kept->z1,
                                                kept->mean1,
                                                kept->rstd1,
                                                s->e,
                                                s->d,
                                                s->f};
    const struct gelu_gradient_rows activated = {pass, s->ffn};
    const struct gemm_epilogue norm2 = norm_rows_backward(&fed);
    const struct gemm_epilogue then_gelu = gelu_rows_backward(&activated);
    const struct gemm_epilogue then_norm1 = norm_rows_backward(&attended);

    gemm_epilogue_alone(&norm2, R, H);
    norm_rows_sums(&fed, grads);
    profile_gemm = PROFILE_FEED_FORWARD_GEMM;
    linear_input_gradient(R, F, H, s->f, H, params + layout->down.weight, 0, s->ffn, &then_gelu);
    hooks_pause(pass->hooks);
    linear_weight_gradient(R, F, H, s->f, H, s->g, grads + layout->down.weight);
    hooks_complete(pass->hooks, layout->down.weight, layout->end);
    hooks_pause(pass->hooks);
    gelu_rows_sums(&activated, grads);
    linear_weight_gradient(R, H, F, s->ffn, F, kept->y1, grads + layout->up.weight);
    hooks_complete(pass->hooks, layout->up.weight, layout->down.weight);
    hooks_pause(pass->hooks);
    linear_input_gradient(R, H, F, s->ffn, F, params + layout->up.weight, 1, s->e, &then_norm1);
    hooks_pause(pass->hooks);
    norm_rows_sums(&attended, grads);
}

void block_backward(const struct block_pass *pass, const real *x, real *grads)
{
    const struct block_activations *kept = pass->kept;
    const struct block_layout *layout = pass->layout;
    struct block_scratch *s = pass->scratch;
    int H = pass->config->hidden, R = pass->set->count;

    feed_forward_backward(pass, grads);
    profile_gemm = PROFILE_PROJECTION_GEMM;
    linear_weight_gradient(R, H, H, s->f, H, kept->context, grads + layout->output.weight);
    hooks_complete(pass->hooks, layout->output.weight, layout->up.weight);
    linear_input_gradient(R, H, H, s->f, H, pass->params + layout->output.weight, 0, s->e, NULL);
    hooks_pause(pass->hooks);

    struct attention attention = attention_of(pass);
    bool chosen = pass->set->rows != NULL;
    attention_backward(&attention, kept->lse, kept->context, s->e, chosen ? s->f : s->dqkv,
                       s->dqkv + H, s->dqkv + 2 * H);
    hooks_pause(pass->hooks);
    project_qkv_backward(pass, x, grads);
    hooks_complete(pass->hooks, layout->qkv.weight, layout->output.weight);
}
