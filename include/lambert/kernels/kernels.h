/* The row kernels: everything of the model that is not a matrix product.
 *
 * Each kernel exists twice. src/kernels/plain.c is the definition, in plain C (and compiled in
 * double as well). src/kernels/row_vector.c is vector code written once and compiled for each
 * instruction set (x86-64-v3, x86-64-v4, the latter with AVX512_BF16; NEON, also with BFMMLA).
 * kernels_select() chooses one table at start from what the CPU has, or the one named by the
 * environment variable LAMBERT_ISA. tests/kernels/trial.h holds every variant against the
 * definition, in double.
 *
 * Each function works on one row of n elements and knows no threads. Pointers need no alignment
 * beyond that of real. Where a parameter is both read and written its comment says so; other
 * parameters must not overlap.
 *
 * Rows that are to be operands of a product are written as it wants them (gemm.h): where a kernel
 * has a parameter `type`, TYPE_FLOAT32 says that these rows are real, TYPE_BFLOAT16 that they are
 * bfloat16, as uint16_t, rounded to nearest, ties to even. Everything else is real.
 *
 * Random choices: dropout is a function of (key, stream, row, column) alone. */
#ifndef LAMBERT_KERNELS_KERNELS_H
#define LAMBERT_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "lambert/base/float16.h"
#include "lambert/base/real.h"

/* Dropout with inverted scaling. Element (row, column) is dropped when its 16 random bits are below
 * `threshold` = round(65536 p); what is kept is multiplied by 65536 / (65536 - threshold), so the
 * expectation is exact for the probability in use, which differs from p by less than 1e-5.
 * The bits: Philox4x32 with 7 rounds (enough for BigCrush: Salmon et al., SC11, table 2), counter
 * {column / 8, row, stream, 0}, key `key`; column % 8 picks one of the eight 16-bit halves of the
 * four words, low half first. */
struct dropout {
    uint64_t key;       /* of the sample */
    uint32_t stream;    /* which place in the model */
    uint32_t threshold; /* 0: nothing is dropped, the scale is 1 */
};
uint32_t dropout_threshold(double probability);

/* What adam_direction() and adam_update() compute with (optim/optimizer.h has the formulas). */
struct adam_numbers {
    real clip;             /* g is to be multiplied by it */
    real beta1, beta2;     /* β1, β2 */
    real rest1, rest2;     /* 1 - β1, 1 - β2 */
    real unbias1, unbias2; /* 1 / (1 - β1^t), 1 / (1 - β2^t), or 1 */
    real epsilon;          /* ε */
    real decay;            /* λ */
};

enum gelu_form { GELU_ERF, GELU_TANH };

struct gemm_engine;
struct tile_kernels;

struct kernels {
    const char *name; /* "plain", "v3", "v4", "v4-bf16", "v4-amx", "neon", "neon-bf16" */

    /* What makes matrix products (gemm.h), and the inner loops that it uses; NULL: cblas makes
     * them. Some cores are faster with wider tiles, which give the same bits; NULL: there are none. */
    const struct gemm_engine *gemm;
    const struct tile_kernels *tile, *wide_tile;

    /* And those for operands in bfloat16; NULL: they are multiplied by the others, as floats. */
    const struct tile_kernels *bfloat16_tile, *wide_bfloat16_tile;

    /* Run `rounds` rounds of nothing but multiplying and adding, of real and of bfloat16, and return
     * the operations made; *result depends on all. The second is NULL where bfloat16_tile is. */
    double (*peak)(long rounds, float *result);
    double (*bfloat16_peak)(long rounds, float *result);

    /* y = x with dropout; x and y may be the same. */
    void (*dropout)(const struct dropout *dropout, uint32_t row, const real *x, real *y, int n);

    /* y = gamma (z - mean) rstd + beta; mean and 1 / sqrt(variance + eps) of the row are stored. */
    void (*layernorm)(const real *gamma, const real *beta, real eps, const real *z, real *y,
                      real *mean, real *rstd, int n);

    /* z = residual + dropout(x + bias), written over x; y = layernorm(z). y may be `residual`. */
    void (*residual_layernorm)(const struct dropout *dropout, uint32_t row, const real *bias,
                               const real *residual, const real *gamma, const real *beta, real eps,
                               real *x, real *y, real *mean, real *rstd, int n);

    /* dz from dy; adds this row's part to dgamma and dbeta. dz may be dy, or z. */
    void (*layernorm_backward)(const real *gamma, const real *z, real mean, real rstd,
                               const real *dy, real *dz, real *dgamma, real *dbeta, int n);

    /* a = x + bias, as it is stored; y = gelu(a). a may begin where x does. a and y are of `type`. */
    void (*bias_gelu)(enum gelu_form form, enum float_type type, const real *bias, const real *x,
                      void *a, void *y, int n);

    /* da = dy gelu'(a), and y = gelu(a) once more; adds da, before it is rounded, to dbias. da may
     * begin where dy does. a, da and y are of `type`. */
    void (*gelu_backward)(enum gelu_form form, enum float_type type, const void *a, const real *dy,
                          void *da, void *y, real *dbias, int n);

    /* y = tanh(x + bias), written over x. */
    void (*bias_tanh)(const real *bias, real *x, int n);

    /* p, of `type`, from a row of attention scores: dropout(exp(scale s - m)), m the largest of
     * scale s; the sum of the exponentials, before dropout and rounding, is returned, and
     * m + log(sum) stored: lse. p may begin where s does. */
    real (*attention_weights)(const struct dropout *dropout, uint32_t row, real scale,
                              enum float_type type, const real *s, void *p, real *lse, int n);

    /* With P = exp(scale s - lse), and dp the gradient of dropout(P): p = dropout(P), and ds, the
     * gradient of s: scale P (dropout(dp) - delta), delta = sum dropout(P) dp. p may begin where s
     * does, ds where dp does. p and ds are of `type`. */
    void (*attention_backward)(const struct dropout *dropout, uint32_t row, real scale, real lse,
                               real delta, enum float_type type, const real *s, const real *dp,
                               void *p, void *ds, int n);

    /* Cross-entropy of softmax(logits + bias) against `label`. Returns the loss, -log p[label];
     * stores whether the label has the (first) largest logit; writes over logits the gradient times
     * gradient_scale: gradient_scale (p - onehot(label)). */
    double (*cross_entropy)(const real *bias, int32_t label, real gradient_scale, real *logits,
                            bool *correct, int n);

    /* y = x, rounded; and y = x, which is exact. The first may write over its input. */
    void (*to_bfloat16)(const real *x, uint16_t *y, size_t n);
    void (*from_bfloat16)(const uint16_t *x, real *y, size_t n);

    /* sum += x */
    void (*accumulate)(const real *x, real *sum, size_t n);

    /* x = alpha x */
    void (*multiply)(real alpha, real *x, size_t n);

    /* y += alpha x */
    void (*axpy)(real alpha, const real *x, real *y, size_t n);

    /* The moments m and v from the gradient g, and over g: u = m̂ / (√v̂ + ε) + λ w. squares: ‖w‖²
     * and ‖u‖², the same bits that sum_squares() gives. */
    void (*adam_direction)(const struct adam_numbers *numbers, const real *restrict w,
                           real *restrict g, real *restrict m, real *restrict v,
                           double *restrict squares /* [2] */, size_t n);

    /* The same moments, and at once w -= step u, where no norm of u is waited for: g is left as it is. The
     * bits are those of adam_direction() and axpy() with -step, in half of their traffic with memory. */
    void (*adam_update)(const struct adam_numbers *numbers, real step, real *restrict w,
                        const real *restrict g, real *restrict m, real *restrict v, size_t n);

    real (*dot)(const real *x, const real *y, int n);

    /* Sum of squares, added up in double. */
    double (*sum_squares)(const real *x, size_t n);
};

/* The tables that this build has and this CPU can run, plain first; NULL-terminated. */
const struct kernels *const *kernels_available(void);

/* The one LAMBERT_ISA names, NULL when there is no such; else the last of them without instructions
 * for bfloat16 of its own. */
const struct kernels *kernels_wanted(void);

/* Chooses that (-1 when there is none), or where LAMBERT_ISA names none and it is clearly faster,
 * by a measurement of a millisecond, the one with the fastest instructions for bfloat16; and what
 * makes products (gemm.h). Tables of one level differ in nothing but products of bfloat16. Called
 * once, before any thread; `kernels` is the plain table until then. */
int kernels_select(struct error *err);

/* Adds how products of bfloat16 are made, and why so: what the chosen instructions come to on one
 * core, measured anew, and those that were not chosen: "AVX512_BF16 (217 GFLOP/s a core, float32
 * 109)". */
void kernels_describe_bfloat16(struct buffer *text);

extern const struct kernels *kernels;

#endif
