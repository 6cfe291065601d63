/* The three products of a linear layer y = x Wᵀ + b, W [out, in] (specs: Hugging Face's layout),
 * for `rows` rows, and sums over rows. All open parallel regions. */
#ifndef LAMBERT_MODEL_LINEAR_H
#define LAMBERT_MODEL_LINEAR_H

#include <stdint.h>

#include "lambert/base/real.h"
#include "lambert/kernels/gemm.h"

/* y = x Wᵀ, no bias; `then` (gemm.h) is done to parts of y while they are in the cache, or NULL */
void linear_forward(int rows, int in, int out, const real *x, const real *weight, real *y, int ld_y,
                    const struct gemm_epilogue *then);

/* dW += dyᵀ x */
void linear_weight_gradient(int rows, int in, int out, const real *dy, int ld_dy, const real *x,
                            real *dweight);

/* dx = dy W + keep dx, keep 0 or 1; `then` is done to parts of dx, or NULL */
void linear_input_gradient(int rows, int in, int out, const real *dy, int ld_dy, const real *weight,
                           real keep, real *dx, const struct gemm_epilogue *then);

/* dbias [n] += sum of the rows of dy; partial [row_blocks(rows), n] is working memory. */
void bias_gradient(int rows, int n, const real *dy, int ld_dy, real *partial, real *dbias);

/* out [R, n] = rows[r] of x, and out[rows[r]] += x [R, n] */
void rows_gather(int count, const int32_t *rows, int n, const real *x, real *out);
void rows_scatter_add(int count, const int32_t *rows, int n, const real *x, real *out);

/* out [count, n] += x */
void rows_add(int count, int n, const real *x, real *out);

#endif
