#include "block.h"

#include <string.h>

#include "attention.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"
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
        .g = arena_take(arena, R * F, sizeof(real)),
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
    size_t stride = attention_scratch(capacity->longest);
    *scratch = (struct block_scratch){
        .d = arena_take(arena, T * H, sizeof(real)),
        .e = arena_take(arena, T * H, sizeof(real)),
        .f = arena_take(arena, T * H, sizeof(real)),
        .ffn = arena_take(arena, T * F, sizeof(real)),
        .dqkv = arena_take(arena, T * 3 * H, sizeof(real)),
        .partial = arena_take(arena, (size_t)row_blocks(capacity->tokens) * widest, sizeof(real)),
        .attention = arena_take(arena, (size_t)threads * stride, sizeof(real)),
        .attention_stride = stride,
    };
}

/* --- between the matrix products ------------------------------------------------------------ */

static struct dropout hidden_dropout(const struct block_pass *pass, enum dropout_site site, int row)
{
    uint32_t threshold = pass->dropout ? dropout_threshold(pass->config->hidden_dropout) : 0;
    return dropout_at(pass->rows->key[row], site, pass->layer, 0, threshold);
}

/* z = residual + dropout(x + bias) over x, y = LN(z), for the R rows */
static void residual_norm_forward(const struct block_pass *pass, enum dropout_site site,
                                  const real *bias, const struct norm_layout *norm,
                                  const real *residual, real *x, real *y, real *mean, real *rstd)
{
    int H = pass->config->hidden;
#pragma omp parallel for schedule(static)
    for (int r = 0; r < pass->set->count; r++) {
        int row = row_set_at(pass->set, r);
        size_t at = (size_t)r * (size_t)H;
        struct dropout dropout = hidden_dropout(pass, site, row);
        kernels->residual_layernorm(&dropout, (uint32_t)pass->rows->position[row], bias,
                                    residual + at, pass->params + norm->weight,
                                    pass->params + norm->bias, (real)pass->config->layer_norm_eps,
                                    x + at, y + at, mean + r, rstd + r, H);
    }
}

/* dz from dy; dx = dropout'(dz); gradients of LayerNorm's weights and of the bias. */
static void residual_norm_backward(const struct block_pass *pass, enum dropout_site site,
                                   const struct norm_layout *norm, size_t bias, const real *z,
                                   const real *mean, const real *rstd, const real *dy, real *dz,
                                   real *dx, real *grads)
{
    size_t H = (size_t)pass->config->hidden;
    int R = pass->set->count, blocks = row_blocks(R);
    real *dgamma = pass->scratch->partial; /* [blocks, H] each */
    real *dbeta = dgamma + (size_t)blocks * H, *dbias = dbeta + (size_t)blocks * H;
    memset(dgamma, 0, 3 * (size_t)blocks * H * sizeof *dgamma);
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++) {
        int end = (b + 1) * ROW_BLOCK < R ? (b + 1) * ROW_BLOCK : R;
        for (int r = b * ROW_BLOCK; r < end; r++) {
            int row = row_set_at(pass->set, r);
            size_t at = (size_t)r * H, sum = (size_t)b * H;
            struct dropout dropout = hidden_dropout(pass, site, row);
            kernels->layernorm_backward(pass->params + norm->weight, z + at, mean[r], rstd[r],
                                        dy + at, dz + at, dgamma + sum, dbeta + sum, (int)H);
            kernels->dropout(&dropout, (uint32_t)pass->rows->position[row], dz + at, dx + at,
                             (int)H);
            kernels->accumulate(dx + at, dbias + sum, H);
        }
    }
    column_sums(dgamma, blocks, (int)H, grads + norm->weight);
    column_sums(dbeta, blocks, (int)H, grads + norm->bias);
    column_sums(dbias, blocks, (int)H, grads + bias);
}

static void gelu_forward(const struct block_pass *pass)
{
    size_t F = (size_t)pass->config->intermediate;
    const real *bias = pass->params + pass->layout->up.bias;
#pragma omp parallel for schedule(static)
    for (int r = 0; r < pass->set->count; r++)
        kernels->bias_gelu(pass->config->gelu, bias, pass->kept->a + (size_t)r * F,
                           pass->kept->g + (size_t)r * F, (int)F);
}

/* dg -> da, in place; gradient of the bias */
static void gelu_backward(const struct block_pass *pass, real *dg, real *grads)
{
    size_t F = (size_t)pass->config->intermediate;
    int R = pass->set->count, blocks = row_blocks(R);
    real *dbias = pass->scratch->partial; /* [blocks, F] */
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++) {
        int end = (b + 1) * ROW_BLOCK < R ? (b + 1) * ROW_BLOCK : R;
        memset(dbias + (size_t)b * F, 0, F * sizeof *dbias);
        for (int r = b * ROW_BLOCK; r < end; r++) {
            real *row = dg + (size_t)r * F;
            kernels->gelu_backward(pass->config->gelu, pass->kept->a + (size_t)r * F, row, row,
                                   dbias + (size_t)b * F, (int)F);
        }
    }
    column_sums(dbias, blocks, (int)F, grads + pass->layout->up.bias);
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
    if (!pass->set->rows) {
        linear_forward(T, H, 3 * H, x, weight, kept->qkv, 3 * H);
        bias_add(T, 3 * H, bias, kept->qkv, 3 * H);
        return;
    }
    rows_gather(R, pass->set->rows, H, x, kept->x_rows);
    linear_forward(R, H, H, kept->x_rows, weight, kept->query, H);
    bias_add(R, H, bias, kept->query, H);
    linear_forward(T, H, 2 * H, x, weight + (size_t)H * (size_t)H, kept->qkv + H, 3 * H);
    bias_add(T, 2 * H, bias + H, kept->qkv + H, 3 * H);
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
    if (!pass->set->rows) {
        bias_gradient(T, 3 * H, s->dqkv, 3 * H, s->partial, dbias);
        linear_weight_gradient(T, H, 3 * H, s->dqkv, 3 * H, x, dweight);
        linear_input_gradient(T, H, 3 * H, s->dqkv, 3 * H, weight, 1, s->d);
        return;
    }
    bias_gradient(R, H, s->f, H, s->partial, dbias);
    bias_gradient(T, 2 * H, s->dqkv + H, 3 * H, s->partial, dbias + H);
    linear_weight_gradient(R, H, H, s->f, H, pass->kept->x_rows, dweight);
    linear_weight_gradient(T, H, 2 * H, s->dqkv + H, 3 * H, x, dweight + square);
    linear_input_gradient(R, H, H, s->f, H, weight, 1, s->d);
    linear_input_gradient(T, H, 2 * H, s->dqkv + H, 3 * H, weight + square, 0, s->e);
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

    project_qkv(pass, x);
    struct attention attention = attention_of(pass);
    attention_forward(&attention, kept->lse, kept->context);
    linear_forward(R, H, H, kept->context, params + layout->output.weight, kept->z1, H);
    residual_norm_forward(pass, DROPOUT_ATTENTION, params + layout->output.bias,
                          &layout->attention_norm, x_rows, kept->z1, kept->y1, kept->mean1,
                          kept->rstd1);

    linear_forward(R, H, F, kept->y1, params + layout->up.weight, kept->a, F);
    gelu_forward(pass);
    linear_forward(R, F, H, kept->g, params + layout->down.weight, kept->z2, H);
    residual_norm_forward(pass, DROPOUT_FEED_FORWARD, params + layout->down.bias, &layout->norm,
                          kept->y1, kept->z2, kept->y2, kept->mean2, kept->rstd2);
}

void block_backward(const struct block_pass *pass, const real *x, real *grads)
{
    const struct block_activations *kept = pass->kept;
    const struct block_layout *layout = pass->layout;
    const real *params = pass->params;
    struct block_scratch *s = pass->scratch;
    int H = pass->config->hidden, F = pass->config->intermediate, R = pass->set->count;

    residual_norm_backward(pass, DROPOUT_FEED_FORWARD, &layout->norm, layout->down.bias, kept->z2,
                           kept->mean2, kept->rstd2, s->d, s->e, s->f, grads);
    linear_weight_gradient(R, F, H, s->f, H, kept->g, grads + layout->down.weight);
    linear_input_gradient(R, F, H, s->f, H, params + layout->down.weight, 0, s->ffn);
    gelu_backward(pass, s->ffn, grads);
    linear_weight_gradient(R, H, F, s->ffn, F, kept->y1, grads + layout->up.weight);
    linear_input_gradient(R, H, F, s->ffn, F, params + layout->up.weight, 1, s->e); /* dy1 */

    residual_norm_backward(pass, DROPOUT_ATTENTION, &layout->attention_norm, layout->output.bias,
                           kept->z1, kept->mean1, kept->rstd1, s->e, s->d, s->f, grads);
    linear_weight_gradient(R, H, H, s->f, H, kept->context, grads + layout->output.weight);
    linear_input_gradient(R, H, H, s->f, H, params + layout->output.weight, 0, s->e);

    struct attention attention = attention_of(pass);
    bool chosen = pass->set->rows != NULL;
    attention_backward(&attention, kept->lse, kept->context, s->e, chosen ? s->f : s->dqkv,
                       s->dqkv + H, s->dqkv + 2 * H);
    project_qkv_backward(pass, x, grads);
}
