#include "bench_rows.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/progress.h"
#include "lambert/base/rng.h"
#include "lambert/kernels/kernels.h"

enum { ROWS = 7, CALLS = 16, TRIES = 300 };

static const struct dropout tenth = {0x0123456789abcdef, 7, 6554};

struct rows {
    real *x[ROWS]; /* [n] each */
    int n;
};

static void dropout(const struct kernels *k, const struct rows *r)
{
    k->dropout(&tenth, 1, r->x[0], r->x[1], r->n);
}

static void layernorm(const struct kernels *k, const struct rows *r)
{
    real mean, rstd;
    k->layernorm(r->x[0], r->x[1], (real)1e-12, r->x[2], r->x[3], &mean, &rstd, r->n);
}

static void residual_layernorm(const struct kernels *k, const struct rows *r)
{
    real mean, rstd;
    k->residual_layernorm(&tenth, 1, r->x[0], r->x[1], r->x[2], r->x[3], (real)1e-12, r->x[4],
                          r->x[5], &mean, &rstd, r->n);
}

static void layernorm_backward(const struct kernels *k, const struct rows *r)
{
    k->layernorm_backward(r->x[0], r->x[1], 0, 1, r->x[2], r->x[3], r->x[4], r->x[5], r->n);
}

static void bias_gelu(const struct kernels *k, const struct rows *r)
{
    k->bias_gelu(GELU_ERF, r->x[0], r->x[1], r->x[2], r->n);
}

static void bias_gelu_tanh(const struct kernels *k, const struct rows *r)
{
    k->bias_gelu(GELU_TANH, r->x[0], r->x[1], r->x[2], r->n);
}

static void gelu_backward(const struct kernels *k, const struct rows *r)
{
    k->gelu_backward(GELU_ERF, r->x[0], r->x[1], r->x[2], r->x[3], r->x[4], r->n);
}

static void gelu_backward_tanh(const struct kernels *k, const struct rows *r)
{
    k->gelu_backward(GELU_TANH, r->x[0], r->x[1], r->x[2], r->x[3], r->x[4], r->n);
}

static void bias_tanh(const struct kernels *k, const struct rows *r)
{
    k->bias_tanh(r->x[0], r->x[1], r->n);
}

static void attention_weights(const struct kernels *k, const struct rows *r)
{
    real lse;
    k->attention_weights(&tenth, 1, (real)0.125, r->x[0], &lse, r->n);
}

static void attention_backward(const struct kernels *k, const struct rows *r)
{
    const real lse = (real)log(r->n), delta = (real)0.3;
    k->attention_backward(&tenth, 1, (real)0.125, lse, delta, r->x[0], r->x[1], r->n);
}

static void cross_entropy(const struct kernels *k, const struct rows *r)
{
    bool correct;
    k->cross_entropy(r->x[0], r->n / 2, 1, r->x[1], &correct, r->n);
}

static void accumulate(const struct kernels *k, const struct rows *r)
{
    k->accumulate(r->x[0], r->x[1], (size_t)r->n);
}

static void multiply(const struct kernels *k, const struct rows *r)
{
    k->multiply((real)1.01, r->x[0], (size_t)r->n);
}

static void axpy(const struct kernels *k, const struct rows *r)
{
    k->axpy((real)0.3, r->x[0], r->x[1], (size_t)r->n);
}

static void adam_direction(const struct kernels *k, const struct rows *r)
{
    const struct adam_numbers numbers = {1, (real)0.9, (real)0.999, (real)0.1, (real)0.001,
                                         1, 1,         (real)1e-6,  (real)0.01};
    k->adam_direction(&numbers, r->x[0], r->x[1], r->x[2], r->x[ROWS - 1], (size_t)r->n);
}

static real dot_kept; /* a use of what dot() and sum_squares() return */

static void dot(const struct kernels *k, const struct rows *r)
{
    dot_kept += k->dot(r->x[0], r->x[1], r->n);
}

static void sum_squares(const struct kernels *k, const struct rows *r)
{
    dot_kept += (real)k->sum_squares(r->x[0], (size_t)r->n);
}

static const struct {
    const char *name;
    void (*call)(const struct kernels *k, const struct rows *r);
} calls[] = {
    {"dropout", dropout},
    {"layernorm", layernorm},
    {"residual_layernorm", residual_layernorm},
    {"layernorm_backward", layernorm_backward},
    {"bias_gelu", bias_gelu},
    {"bias_gelu, tanh", bias_gelu_tanh},
    {"gelu_backward", gelu_backward},
    {"gelu_backward, tanh", gelu_backward_tanh},
    {"bias_tanh", bias_tanh},
    {"attention_weights", attention_weights},
    {"attention_backward", attention_backward},
    {"cross_entropy", cross_entropy},
    {"accumulate", accumulate},
    {"multiply", multiply},
    {"axpy", axpy},
    {"adam_direction", adam_direction},
    {"dot", dot},
    {"sum_squares", sum_squares},
};

/* Normal numbers; in the last row, of second moments, their squares. */
static void rows_fill(struct rows *r, uint64_t seed)
{
    struct rng rng;
    rng_init(&rng, rng_key(seed, RNG_TEST, 0, 0));
    for (int i = 0; i < ROWS; i++)
        for (int j = 0; j < r->n; j++) {
            real x = (real)rng_normal(&rng);
            r->x[i][j] = i == ROWS - 1 ? x * x : x;
        }
}

static void rows_init(struct rows *r, int n)
{
    r->n = n;
    for (int i = 0; i < ROWS; i++)
        r->x[i] = memory_new((size_t)n, sizeof *r->x[i]);
    rows_fill(r, 6);
}

static void rows_release(struct rows *r)
{
    for (int i = 0; i < ROWS; i++)
        free(r->x[i]);
}

/* Kernels that work in place would run away from usual numbers: after a few calls rows are as they
 * were. */
static double best_nanoseconds(const struct kernels *k, const struct rows *fresh, struct rows *r,
                               int which)
{
    double best = INFINITY;
    for (int t = 0; t < TRIES; t++) {
        for (int i = 0; i < ROWS; i++)
            memcpy(r->x[i], fresh->x[i], (size_t)r->n * sizeof *r->x[i]);
        double started = clock_seconds();
        for (int c = 0; c < CALLS; c++)
            calls[which].call(k, r);
        best = fmin(best, (clock_seconds() - started) / CALLS);
    }
    return 1e9 * best;
}

int bench_rows(int n)
{
    const struct kernels *const *tables = kernels_available();
    struct rows fresh, rows;
    if (n < 1 || n > LONGEST_BENCH_ROW) {
        fprintf(stderr, "--bench N: wanted 1 to %d elements\n", LONGEST_BENCH_ROW);
        return 2;
    }
    rows_init(&fresh, n);
    rows_init(&rows, n);
    printf("%-24s", "ns a row");
    for (int t = 0; tables[t]; t++)
        printf("%12s", tables[t]->name);
    printf("    of %d elements\n", n);
    for (int c = 0; c < (int)(sizeof calls / sizeof *calls); c++) {
        printf("%-24s", calls[c].name);
        for (int t = 0; tables[t]; t++)
            printf("%12.1f", best_nanoseconds(tables[t], &fresh, &rows, c));
        printf("\n");
    }
    rows_release(&fresh);
    rows_release(&rows);
    return 0;
}
