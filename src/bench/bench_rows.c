#include "bench_rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/rng.h"

/* --- a call of each kernel -------------------------------------------------------------------- */

static const struct dropout tenth = {0x0123456789abcdef, 7, 6554};

static void dropout(const struct kernels *k, const struct bench_rows *r)
{
    k->dropout(&tenth, 1, r->x[0], r->x[1], r->n);
}

static void layernorm(const struct kernels *k, const struct bench_rows *r)
{
    real mean, rstd;
    k->layernorm(r->x[0], r->x[1], (real)1e-12, r->x[2], r->x[3], &mean, &rstd, r->n);
}

static void residual_layernorm(const struct kernels *k, const struct bench_rows *r)
{
    real mean, rstd;
    k->residual_layernorm(&tenth, 1, r->x[0], r->x[1], r->x[2], r->x[3], (real)1e-12, r->x[4],
                          r->x[5], &mean, &rstd, r->n);
}

static void layernorm_backward(const struct kernels *k, const struct bench_rows *r)
{
    k->layernorm_backward(r->x[0], r->x[1], 0, 1, r->x[2], r->x[3], r->x[4], r->x[5], r->n);
}

static void bias_gelu(const struct kernels *k, const struct bench_rows *r)
{
    k->bias_gelu(GELU_ERF, TYPE_FLOAT32, r->x[0], r->x[1], r->x[1], r->x[2], r->n);
}

static void bias_gelu_tanh(const struct kernels *k, const struct bench_rows *r)
{
    k->bias_gelu(GELU_TANH, TYPE_FLOAT32, r->x[0], r->x[1], r->x[1], r->x[2], r->n);
}

static void gelu_backward(const struct kernels *k, const struct bench_rows *r)
{
    k->gelu_backward(GELU_ERF, TYPE_FLOAT32, r->x[0], r->x[1], r->x[2], r->x[3], r->x[4], r->n);
}

static void gelu_backward_tanh(const struct kernels *k, const struct bench_rows *r)
{
    k->gelu_backward(GELU_TANH, TYPE_FLOAT32, r->x[0], r->x[1], r->x[2], r->x[3], r->x[4], r->n);
}

static void bias_tanh(const struct kernels *k, const struct bench_rows *r)
{
    k->bias_tanh(r->x[0], r->x[1], r->n);
}

static void attention_weights(const struct kernels *k, const struct bench_rows *r)
{
    real lse;
    k->attention_weights(&tenth, 1, (real)0.125, TYPE_FLOAT32, r->x[0], r->x[0], &lse, r->n);
}

static void attention_backward(const struct kernels *k, const struct bench_rows *r)
{
    const real lse = (real)log(r->n), delta = (real)0.3;
    k->attention_backward(&tenth, 1, (real)0.125, lse, delta, TYPE_FLOAT32, r->x[0], r->x[1],
                          r->x[0], r->x[1], r->n);
}

static void cross_entropy(const struct kernels *k, const struct bench_rows *r)
{
    bool correct;
    k->cross_entropy(r->x[0], r->n / 2, 1, r->x[1], &correct, r->n);
}

/* --- the same where operands of products are bfloat16 ------------------------------------------- */

static void bias_gelu_bfloat16(const struct kernels *k, const struct bench_rows *r)
{
    k->bias_gelu(GELU_ERF, TYPE_BFLOAT16, r->x[0], r->x[1], r->x[2], r->x[3], r->n);
}

static void gelu_backward_bfloat16(const struct kernels *k, const struct bench_rows *r)
{
    k->gelu_backward(GELU_ERF, TYPE_BFLOAT16, r->bfloat16, r->x[1], r->x[2], r->x[3], r->x[4],
                     r->n);
}

static void attention_weights_bfloat16(const struct kernels *k, const struct bench_rows *r)
{
    real lse;
    k->attention_weights(&tenth, 1, (real)0.125, TYPE_BFLOAT16, r->x[0], r->x[1], &lse, r->n);
}

static void attention_backward_bfloat16(const struct kernels *k, const struct bench_rows *r)
{
    const real lse = (real)log(r->n), delta = (real)0.3;
    k->attention_backward(&tenth, 1, (real)0.125, lse, delta, TYPE_BFLOAT16, r->x[0], r->x[1],
                          r->x[2], r->x[3], r->n);
}

static void to_bfloat16(const struct kernels *k, const struct bench_rows *r)
{
    k->to_bfloat16(r->x[0], (uint16_t *)r->x[1], (size_t)r->n);
}

static void from_bfloat16(const struct kernels *k, const struct bench_rows *r)
{
    k->from_bfloat16(r->bfloat16, r->x[0], (size_t)r->n);
}

/* --- those for arrays --------------------------------------------------------------------------- */

static void accumulate(const struct kernels *k, const struct bench_rows *r)
{
    k->accumulate(r->x[0], r->x[1], (size_t)r->n);
}

static void multiply(const struct kernels *k, const struct bench_rows *r)
{
    k->multiply((real)1.01, r->x[0], (size_t)r->n);
}

static void axpy(const struct kernels *k, const struct bench_rows *r)
{
    k->axpy((real)0.3, r->x[0], r->x[1], (size_t)r->n);
}

static void adam_direction(const struct kernels *k, const struct bench_rows *r)
{
    const struct adam_numbers numbers = {1, (real)0.9, (real)0.999, (real)0.1, (real)0.001,
                                         1, 1,         (real)1e-6,  (real)0.01};
    double squares[2];
    k->adam_direction(&numbers, r->x[0], r->x[1], r->x[2], r->x[BENCH_ROWS - 1], squares,
                      (size_t)r->n);
}

static _Thread_local real dot_kept; /* a use of what dot() and sum_squares() return */

static void dot(const struct kernels *k, const struct bench_rows *r)
{
    dot_kept += k->dot(r->x[0], r->x[1], r->n);
}

static void sum_squares(const struct kernels *k, const struct bench_rows *r)
{
    dot_kept += (real)k->sum_squares(r->x[0], (size_t)r->n);
}

/* What each reads and writes, in rows: in place, a row is read and written. */
const struct bench_call bench_calls[] = {
    {"dropout", dropout, 2, BENCH_MEMORY_NOT},
    {"layernorm", layernorm, 4, BENCH_MEMORY_NOT},
    {"residual_layernorm", residual_layernorm, 7, BENCH_MEMORY_NOT},
    {"layernorm_backward", layernorm_backward, 8, BENCH_MEMORY_NOT},
    {"bias_gelu", bias_gelu, 4, BENCH_MEMORY_NOT},
    {"bias_gelu_tanh", bias_gelu_tanh, 4, BENCH_MEMORY_NOT},
    {"gelu_backward", gelu_backward, 6, BENCH_MEMORY_NOT},
    {"gelu_backward_tanh", gelu_backward_tanh, 6, BENCH_MEMORY_NOT},
    {"bias_tanh", bias_tanh, 3, BENCH_MEMORY_NOT},
    {"attention_weights", attention_weights, 2, BENCH_MEMORY_NOT},
    {"attention_backward", attention_backward, 4, BENCH_MEMORY_NOT},
    {"cross_entropy", cross_entropy, 3, BENCH_MEMORY_NOT},
    {"bias_gelu_bfloat16", bias_gelu_bfloat16, 3, BENCH_MEMORY_NOT},
    {"gelu_backward_bfloat16", gelu_backward_bfloat16, 4.5, BENCH_MEMORY_NOT},
    {"attention_weights_bfloat16", attention_weights_bfloat16, 1.5, BENCH_MEMORY_NOT},
    {"attention_backward_bfloat16", attention_backward_bfloat16, 3, BENCH_MEMORY_NOT},
    {"to_bfloat16", to_bfloat16, 1.5, BENCH_MEMORY_NOT},
    {"from_bfloat16", from_bfloat16, 1.5, BENCH_MEMORY_NOT},
    {"accumulate", accumulate, 3, BENCH_MEMORY_MIXED},
    {"multiply", multiply, 2, BENCH_MEMORY_MIXED},
    {"axpy", axpy, 3, BENCH_MEMORY_MIXED},
    {"adam_direction", adam_direction, 7, BENCH_MEMORY_MIXED},
    {"dot", dot, 2, BENCH_MEMORY_READ},
    {"sum_squares", sum_squares, 1, BENCH_MEMORY_READ},
    {NULL, NULL, 0, BENCH_MEMORY_NOT},
};

/* --- rows ------------------------------------------------------------------------------------- */

/* Normal numbers; in the last row, of second moments, their squares. */
static void fill(struct bench_rows *r)
{
    struct rng rng;
    rng_init(&rng, rng_key(6, RNG_TEST, 0, 0));
    for (int i = 0; i < BENCH_ROWS; i++)
        for (int j = 0; j < r->n; j++) {
            real x = (real)rng_normal(&rng);
            r->x[i][j] = i == BENCH_ROWS - 1 ? x * x : x;
        }
    for (int j = 0; j < r->n; j++)
        r->bfloat16[j] = bfloat16_from_float((float)rng_normal(&rng));
}

void bench_rows_init(struct bench_rows *r, int n)
{
    r->n = n;
    for (int i = 0; i < BENCH_ROWS; i++)
        r->x[i] = memory_new((size_t)n, sizeof *r->x[i]);
    r->bfloat16 = memory_new((size_t)n, sizeof *r->bfloat16);
    fill(r);
}

void bench_rows_copy(struct bench_rows *r, const struct bench_rows *from)
{
    for (int i = 0; i < BENCH_ROWS; i++)
        memcpy(r->x[i], from->x[i], (size_t)r->n * sizeof *r->x[i]);
    memcpy(r->bfloat16, from->bfloat16, (size_t)r->n * sizeof *r->bfloat16);
}

void bench_rows_release(struct bench_rows *r)
{
    for (int i = 0; i < BENCH_ROWS; i++)
        free(r->x[i]);
    free(r->bfloat16);
}
