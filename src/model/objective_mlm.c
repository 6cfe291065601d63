/* The masked language model (BERT, sections 3.1 and A.1), on the masked rows h:
 *
 *     a = h Wtᵀ + bt,  y = LN(gelu(a)),  logits = y Eᵀ + b,  E the word embeddings (tied)
 *
 * A row whose label is -1 has no term. Logits are made for LOGIT_ROWS masked rows at a time, turned
 * into their own gradient in place, and used up, so that no [M, V] array exists. */
#include <string.h>

#include "lambert/base/minmax.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"
#include "lambert/kernels/profile.h"
#include "lambert/model/objective.h"
#include "linear.h"
#include "norm_backward.h"
#include "term.h"

enum { LOGIT_ROWS = 1024 };

enum { TRANSFORM_WEIGHT, TRANSFORM_BIAS, NORM_WEIGHT, NORM_BIAS, DECODER_BIAS, PARAMS };

static const struct param_form params[PARAMS] = {
    [TRANSFORM_WEIGHT] = {"cls.predictions.transform.dense.weight", WIDTH_HIDDEN, WIDTH_HIDDEN,
                          PARAM_NORMAL, false},
    [TRANSFORM_BIAS] = {"cls.predictions.transform.dense.bias", WIDTH_HIDDEN, WIDTH_NONE,
                        PARAM_ZEROS, false},
    [NORM_WEIGHT] = {"cls.predictions.transform.LayerNorm.weight", WIDTH_HIDDEN, WIDTH_NONE,
                     PARAM_ONES, false},
    [NORM_BIAS] = {"cls.predictions.transform.LayerNorm.bias", WIDTH_HIDDEN, WIDTH_NONE,
                   PARAM_ZEROS, false},
    [DECODER_BIAS] = {"cls.predictions.bias", WIDTH_VOCAB, WIDTH_NONE, PARAM_ZEROS, false},
};

struct scratch {
    real *a, *g, *y, *dy; /* [M, H] */
    real *mean, *rstd;    /* [M] */
    real *logits;         /* [min(M, LOGIT_ROWS), V] */
    struct term *terms;   /* [M] */
    real *partial;        /* [row_blocks(M), 3H] */
};

static void *plan(const struct objective *objective, struct arena *arena,
                  const struct bert_config *config, const struct bert_capacity *capacity)
{
    const size_t H = (size_t)config->hidden, V = (size_t)config->vocab;
    const size_t M = (size_t)capacity->labelled;
    (void)objective;
    struct scratch *kept = arena_take(arena, 1, sizeof *kept);
    struct scratch scratch = {
        .a = arena_take(arena, M * H, sizeof(real)),
        .g = arena_take(arena, M * H, sizeof(real)),
        .y = arena_take(arena, M * H, sizeof(real)),
        .dy = arena_take(arena, M * H, sizeof(real)),
        .mean = arena_take(arena, M, sizeof(real)),
        .rstd = arena_take(arena, M, sizeof(real)),
        .logits = arena_take(arena, (M < LOGIT_ROWS ? M : LOGIT_ROWS) * V, sizeof(real)),
        .terms = arena_take(arena, M, sizeof(struct term)),
        .partial = arena_take(arena, (size_t)row_blocks((int)M) * 3 * H, sizeof(real)),
    };
    if (kept)
        *kept = scratch;
    return kept;
}

static struct linear transform_of(const struct objective_pass *pass)
{
    const int H = pass->config->hidden;
    return (struct linear){.rows = pass->rows,
                           .in = H,
                           .out = H,
                           .weight = pass->params + pass->offsets[TRANSFORM_WEIGHT],
                           .compute_type = pass->compute_type,
                           .ld_y = H,
                           .profile = PROFILE_HEADS_GEMM};
}

static void transform_forward(const struct objective_pass *pass)
{
    const struct scratch *s = pass->scratch;
    const size_t *at = pass->offsets;
    const real *weights = pass->params;
    const int H = pass->config->hidden, M = pass->rows;
    const struct linear transform = transform_of(pass);
    linear_forward(&transform, pass->x, s->a, NULL);
#pragma omp parallel for schedule(static)
    for (int m = 0; m < M; m++) {
        const size_t row = (size_t)m * (size_t)H;
        kernels->bias_gelu(pass->config->gelu, TYPE_FLOAT32, weights + at[TRANSFORM_BIAS],
                           s->a + row, s->a + row, s->g + row, H);
        kernels->layernorm(weights + at[NORM_WEIGHT], weights + at[NORM_BIAS],
                           (real)pass->config->layer_norm_eps, s->g + row, s->y + row, s->mean + m,
                           s->rstd + m, H);
    }
}

/* dg -> da in place, and its part of the bias's gradient. */
static void activation_backward(const void *context, int row, real *dbias)
{
    const struct objective_pass *pass = context;
    const struct scratch *s = pass->scratch;
    const int H = pass->config->hidden;
    const size_t at = (size_t)row * (size_t)H;
    kernels->gelu_backward(pass->config->gelu, TYPE_FLOAT32, s->a + at, s->dy + at, s->dy + at,
                           s->g + at, dbias, H);
}

/* dy is used up. */
static void transform_backward(const struct objective_pass *pass)
{
    const struct scratch *s = pass->scratch;
    const size_t *at = pass->offsets;
    const struct linear transform = transform_of(pass);
    const struct norm_backward norm = {.rows = pass->rows,
                                       .n = pass->config->hidden,
                                       .gamma = pass->params + at[NORM_WEIGHT],
                                       .z = s->g,
                                       .mean = s->mean,
                                       .rstd = s->rstd,
                                       .dy = s->dy,
                                       .dz = s->dy,
                                       .partial = s->partial,
                                       .after = activation_backward,
                                       .context = pass,
                                       .profile = PROFILE_HEADS};
    real *grads = pass->grads;
    norm_backward_all(&norm);
    norm_backward_sums(&norm, grads + at[NORM_WEIGHT], grads + at[NORM_BIAS],
                       grads + at[TRANSFORM_BIAS]);
    linear_weight_gradient(&transform, s->dy, pass->x, 1, grads + at[TRANSFORM_WEIGHT]);
    linear_input_gradient(&transform, s->dy, 0, pass->dx, NULL);
}

/* Of masked row m, before its gradient is made of them; row has no bias yet. */
static void write_logits(const struct objective_pass *pass, int m, const real *row)
{
    const size_t V = (size_t)pass->config->vocab;
    real *logits = pass->outputs.logits + (size_t)m * V;
    memcpy(logits, row, V * sizeof *logits);
    kernels->accumulate(pass->params + pass->offsets[DECODER_BIAS], logits, V);
}

/* Logits, losses and (in training) gradients of masked rows [first, first + count). */
static void decode(const struct objective_pass *pass, int first, int count)
{
    const struct scratch *s = pass->scratch;
    const int H = pass->config->hidden, V = pass->config->vocab;
    const size_t bias = pass->offsets[DECODER_BIAS];
    const struct linear decoder = {.rows = count,
                                   .in = H,
                                   .out = V,
                                   .weight = pass->params + pass->word,
                                   .compute_type = pass->compute_type,
                                   .ld_y = V,
                                   .profile = PROFILE_HEADS_GEMM};
    const real *y = s->y + (size_t)first * (size_t)H;
    linear_forward(&decoder, y, s->logits, NULL);
#pragma omp parallel
    {
        double begun = profile_begin();
#pragma omp for schedule(static) nowait
        for (int i = 0; i < count; i++) {
            real *row = s->logits + (size_t)i * (size_t)V;
            if (pass->outputs.logits)
                write_logits(pass, first + i, row);
            s->terms[first + i] = label_term(
                pass->params + bias, pass->batch->row_labels[first + i], pass->scale, row, V);
        }
        profile_end(PROFILE_HEADS, begun);
    }
    if (!pass->dx)
        return;
    column_sums(s->logits, count, V, pass->grads + bias);
    linear_weight_gradient(&decoder, s->logits, y, 1, pass->grads + pass->word);
    linear_input_gradient(&decoder, s->logits, 0, s->dy + (size_t)first * (size_t)H, NULL);
}

static int run(const struct objective_pass *pass, struct objective_sums *sums)
{
    const struct scratch *s = pass->scratch;
    const int M = pass->rows;
    transform_forward(pass);
    for (int first = 0; first < M; first += LOGIT_ROWS)
        decode(pass, first, min_int(M - first, LOGIT_ROWS));
    const int terms = terms_add(s->terms, M, pass->outputs.losses, sums);
    if (terms > 0 && pass->dx)
        transform_backward(pass);
    return terms;
}

static double count_terms(const struct packed_batch *batch)
{
    return labels_count(batch->row_labels, (size_t)batch->labelled);
}

static double count_products(const struct objective *objective, const struct bert_config *config,
                             const struct packed_batch *batch)
{
    const double H = config->hidden;
    (void)objective;
    return batch->labelled * (H * H + H * config->vocab);
}

const struct objective objective_mlm = {.name = "mlm",
                                        .rows = OBJECTIVE_LABELLED,
                                        .params = params,
                                        .param_count = PARAMS,
                                        .count_terms = count_terms,
                                        .count_products = count_products,
                                        .plan = plan,
                                        .run = run};
