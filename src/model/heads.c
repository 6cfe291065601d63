#include "heads.h"

#include <string.h>

#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"
#include "lambert/kernels/profile.h"
#include "linear.h"

/* Masked rows whose logits are made at a time. */
enum { LOGIT_ROWS = 1024 };

void heads_scratch_plan(struct heads_scratch *scratch, struct arena *arena,
                        const struct bert_config *config, const struct bert_capacity *capacity)
{
    size_t H = (size_t)config->hidden, V = (size_t)config->vocab;
    size_t M = (size_t)capacity->masked, N = (size_t)capacity->sequences;
    size_t rows = M > N ? M : N;
    *scratch = (struct heads_scratch){
        .h = arena_take(arena, M * H, sizeof(real)),
        .a = arena_take(arena, M * H, sizeof(real)),
        .g = arena_take(arena, M * H, sizeof(real)),
        .y = arena_take(arena, M * H, sizeof(real)),
        .mean = arena_take(arena, M, sizeof(real)),
        .rstd = arena_take(arena, M, sizeof(real)),
        .logits = arena_take(arena, (M < LOGIT_ROWS ? M : LOGIT_ROWS) * V, sizeof(real)),
        .dy = arena_take(arena, M * H, sizeof(real)),
        .dh = arena_take(arena, M * H, sizeof(real)),
        .losses = arena_take(arena, rows, sizeof(double)),
        .correct = arena_take(arena, rows, sizeof(bool)),
        .cls = arena_take(arena, N * H, sizeof(real)),
        .pooled = arena_take(arena, N * H, sizeof(real)),
        .dpooled = arena_take(arena, N * H, sizeof(real)),
        .dcls = arena_take(arena, N * H, sizeof(real)),
        .nsp_logits = arena_take(arena, N * 2, sizeof(real)),
        .partial = arena_take(arena, (size_t)row_blocks((int)rows) * 3 * H, sizeof(real)),
    };
}

/* Adds terms up in their order, whatever thread made them. */
static void add_terms(const double *losses, const bool *correct, int count, double *loss,
                      double *right)
{
    for (int i = 0; i < count; i++) {
        *loss += losses[i];
        *right += correct[i];
    }
}

/* --- masked language model ------------------------------------------------------------------ */

static void transform_forward(const struct heads_pass *pass)
{
    struct heads_scratch *s = pass->scratch;
    const struct bert_layout *layout = pass->layout;
    const real *params = pass->params;
    int H = pass->config->hidden, M = pass->batch->masked;
    linear_forward(M, H, H, s->h, params + layout->transform.weight, s->a, H, NULL);
#pragma omp parallel for schedule(static)
    for (int m = 0; m < M; m++) {
        size_t at = (size_t)m * (size_t)H;
        kernels->bias_gelu(pass->config->gelu, params + layout->transform.bias, s->a + at,
                           s->g + at, H);
        kernels->layernorm(params + layout->transform_norm.weight,
                           params + layout->transform_norm.bias, (real)pass->config->layer_norm_eps,
                           s->g + at, s->y + at, s->mean + m, s->rstd + m, H);
    }
}

/* dy -> dh [M, H] */
static void transform_backward(const struct heads_pass *pass, real *grads)
{
    struct heads_scratch *s = pass->scratch;
    const struct bert_layout *layout = pass->layout;
    const real *params = pass->params;
    size_t H = (size_t)pass->config->hidden;
    int M = pass->batch->masked, blocks = row_blocks(M);
    real *dgamma = s->partial, *dbeta = dgamma + (size_t)blocks * H;
    real *dbias = dbeta + (size_t)blocks * H;
    memset(dgamma, 0, 3 * (size_t)blocks * H * sizeof *dgamma);
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++) {
        int end = (b + 1) * ROW_BLOCK < M ? (b + 1) * ROW_BLOCK : M;
        for (int m = b * ROW_BLOCK; m < end; m++) {
            size_t at = (size_t)m * H, sum = (size_t)b * H;
            kernels->layernorm_backward(params + layout->transform_norm.weight, s->g + at,
                                        s->mean[m], s->rstd[m], s->dy + at, s->dy + at,
                                        dgamma + sum, dbeta + sum, (int)H);
            kernels->gelu_backward(pass->config->gelu, s->a + at, s->dy + at, s->dy + at, s->g + at,
                                   dbias + sum, (int)H);
        }
    }
    column_sums(dgamma, blocks, (int)H, grads + layout->transform_norm.weight);
    column_sums(dbeta, blocks, (int)H, grads + layout->transform_norm.bias);
    column_sums(dbias, blocks, (int)H, grads + layout->transform.bias);
    linear_weight_gradient(M, (int)H, (int)H, s->dy, (int)H, s->h,
                           grads + layout->transform.weight);
    linear_input_gradient(M, (int)H, (int)H, s->dy, (int)H, params + layout->transform.weight, 0,
                          s->dh, NULL);
}

/* Logits, losses and (with grads) gradients of masked rows [first, first + count). */
static void decode(const struct heads_pass *pass, int first, int count, real *grads)
{
    struct heads_scratch *s = pass->scratch;
    const struct bert_layout *layout = pass->layout;
    int H = pass->config->hidden, V = pass->config->vocab;
    const real *word = pass->params + layout->word;
    real *y = s->y + (size_t)first * (size_t)H, *dy = s->dy + (size_t)first * (size_t)H;
    linear_forward(count, H, V, y, word, s->logits, V, NULL);
#pragma omp parallel
    {
        double begun = profile_begin();
#pragma omp for schedule(static) nowait
        for (int i = 0; i < count; i++)
            s->losses[first + i] = kernels->cross_entropy(
                pass->params + layout->mlm_bias, pass->batch->masked_labels[first + i],
                (real)pass->mlm_scale, s->logits + (size_t)i * (size_t)V, s->correct + first + i,
                V);
        profile_end(PROFILE_HEADS, begun);
    }
    if (!grads)
        return;
    column_sums(s->logits, count, V, grads + layout->mlm_bias);
    linear_weight_gradient(count, H, V, s->logits, V, y, grads + layout->word);
    linear_input_gradient(count, H, V, s->logits, V, word, 0, dy, NULL);
}

static void masked_language_model(const struct heads_pass *pass, const real *x, real *dx,
                                  real *grads, struct bert_sums *sums)
{
    struct heads_scratch *s = pass->scratch;
    int H = pass->config->hidden, M = pass->batch->masked;
    if (M == 0)
        return;
    rows_gather(M, pass->rows->masked, H, x, s->h);
    transform_forward(pass);
    for (int first = 0; first < M; first += LOGIT_ROWS)
        decode(pass, first, M - first < LOGIT_ROWS ? M - first : LOGIT_ROWS, grads);
    add_terms(s->losses, s->correct, M, &sums->mlm_loss, &sums->mlm_correct);
    sums->masked += M;
    if (!grads)
        return;
    transform_backward(pass, grads);
    rows_scatter_add(M, pass->rows->masked, H, s->dh, dx);
}

/* --- next sentence prediction ---------------------------------------------------------------- */

static void pool(const struct heads_pass *pass)
{
    struct heads_scratch *s = pass->scratch;
    const struct linear_layout *pooler = &pass->layout->pooler;
    int H = pass->config->hidden, N = pass->batch->sequences;
    linear_forward(N, H, H, s->cls, pass->params + pooler->weight, s->pooled, H, NULL);
#pragma omp parallel for schedule(static)
    for (int n = 0; n < N; n++)
        kernels->bias_tanh(pass->params + pooler->bias, s->pooled + (size_t)n * (size_t)H, H);
}

/* dpooled -> dcls, tanh' = 1 - tanh² */
static void pool_backward(const struct heads_pass *pass, real *grads)
{
    struct heads_scratch *s = pass->scratch;
    const struct linear_layout *pooler = &pass->layout->pooler;
    int H = pass->config->hidden, N = pass->batch->sequences;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < (size_t)N * (size_t)H; i++)
        s->dpooled[i] *= 1 - s->pooled[i] * s->pooled[i];
    bias_gradient(N, H, s->dpooled, H, s->partial, grads + pooler->bias);
    linear_weight_gradient(N, H, H, s->dpooled, H, s->cls, grads + pooler->weight);
    linear_input_gradient(N, H, H, s->dpooled, H, pass->params + pooler->weight, 0, s->dcls, NULL);
}

/* Losses of the sequences that have a label; the logits of the others become 0, so that they give
 * no gradient. Returns how many have one. */
static int classify(const struct heads_pass *pass, struct bert_sums *sums)
{
    struct heads_scratch *s = pass->scratch;
    const struct linear_layout *layer = &pass->layout->next_sentence;
    int H = pass->config->hidden, N = pass->batch->sequences, labelled = 0;
    linear_forward(N, H, 2, s->pooled, pass->params + layer->weight, s->nsp_logits, 2, NULL);
    for (int n = 0; n < N; n++) {
        int32_t label = pass->batch->next_sentence_label[n];
        real *logits = s->nsp_logits + 2 * (size_t)n;
        if (label < 0) {
            logits[0] = logits[1] = 0;
            continue;
        }
        s->losses[labelled] =
            kernels->cross_entropy(pass->params + layer->bias, label, (real)pass->nsp_scale, logits,
                                   s->correct + labelled, 2);
        labelled++;
    }
    add_terms(s->losses, s->correct, labelled, &sums->nsp_loss, &sums->nsp_correct);
    sums->sequences += labelled;
    return labelled;
}

static void next_sentence(const struct heads_pass *pass, const real *x, real *dx, real *grads,
                          struct bert_sums *sums)
{
    struct heads_scratch *s = pass->scratch;
    const struct linear_layout *layer = &pass->layout->next_sentence;
    int H = pass->config->hidden, N = pass->batch->sequences;
    rows_gather(N, pass->rows->cls, H, x, s->cls);
    pool(pass);
    if (classify(pass, sums) == 0 || !grads)
        return;
    column_sums(s->nsp_logits, N, 2, grads + layer->bias);
    linear_weight_gradient(N, H, 2, s->nsp_logits, 2, s->pooled, grads + layer->weight);
    linear_input_gradient(N, H, 2, s->nsp_logits, 2, pass->params + layer->weight, 0, s->dpooled,
                          NULL);
    pool_backward(pass, grads);
    rows_scatter_add(N, pass->rows->cls, H, s->dcls, dx);
}

void heads_run(const struct heads_pass *pass, const real *x, real *dx, real *grads,
               struct bert_sums *sums)
{
    profile_gemm = PROFILE_HEADS_GEMM;
    if (grads)
        memset(dx, 0, (size_t)pass->rows->head.count * (size_t)pass->config->hidden * sizeof *dx);
    masked_language_model(pass, x, dx, grads, sums);
    next_sentence(pass, x, dx, grads, sums);
}
