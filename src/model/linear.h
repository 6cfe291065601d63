/* The three products of a linear layer y = x Wᵀ + b, W [out, in] (Hugging Face's layout), and what
 * is done to rows besides. All open parallel regions. */
#ifndef LAMBERT_MODEL_LINEAR_H
#define LAMBERT_MODEL_LINEAR_H

#include <stdint.h>

#include "lambert/base/real.h"
#include "lambert/kernels/gemm.h"

/* A layer at work on so many rows. x and dx are [rows, in] without gaps; y and dy are [rows, out],
 * their rows ld_y apart. The operands x and dy are of operand_type, all else is real. */
struct linear {
    int rows, in, out;
    const real *weight;           /* [out, in] */
    enum float_type compute_type; /* of its products */
    enum float_type operand_type;
    int ld_y;
    enum profile_part profile; /* what its products count as */
};

/* y = x Wᵀ, no bias; `then` (gemm.h) is done to parts of y while they are in the cache, or NULL. y
 * is NULL where only `then` wants it. */
void linear_forward(const struct linear *linear, const void *x, real *y,
                    const struct gemm_epilogue *then);

/* dW = dyᵀ x + keep dW, keep 0 or 1 */
void linear_weight_gradient(const struct linear *linear, const void *dy, const void *x, real keep,
                            real *dweight);

/* dx = dy W + keep dx, keep 0 or 1; `then` is done to parts of dx, or NULL. dx is NULL where only
 * `then` wants it. */
void linear_input_gradient(const struct linear *linear, const void *dy, real keep, real *dx,
                           const struct gemm_epilogue *then);

/* dbias [n] += sum of the rows of dy, of a type; partial [row_blocks(rows), n] is working memory. */
void bias_gradient(enum float_type type, int rows, int n, const void *dy, int ld_dy, real *partial,
                   real *dbias);

/* out [R, n] = rows[r] of x, both of a type. */
void rows_gather(enum float_type type, int count, const int32_t *rows, int n, const void *x,
                 void *out);

/* out[rows[r]] += x [R, n] */
void rows_scatter_add(int count, const int32_t *rows, int n, const real *x, real *out);

/* out [count, n] += x */
void rows_add(int count, int n, const real *x, real *out);

#endif
