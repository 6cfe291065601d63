/* What a block does to rows between its matrix products: bias, GELU, dropout, residual, LayerNorm,
 * forward and backward. Each is a struct that says where things lie, and a function that does a
 * part of the rows, so that it can follow a product while its rows are in the cache (gemm.h, struct
 * gemm_epilogue), or run by itself over all rows.
 *
 * Sums over rows are made a block of ROW_BLOCK rows at a time, into scratch->partial, and added by
 * column_sums() (parallel.h) when all parts are done. */
#ifndef LAMBERT_MODEL_BLOCK_ROWS_H
#define LAMBERT_MODEL_BLOCK_ROWS_H

#include "block.h"
#include "lambert/kernels/gemm.h"

/* y += bias */
struct bias_rows {
    const real *bias; /* [columns] */
    real *y;          /* [rows, columns], rows ld apart */
    int ld;
};
struct gemm_epilogue bias_rows_forward(const struct bias_rows *rows);

/* z = residual + dropout(x + bias) over x, y = LN(z) */
struct norm_rows {
    const struct block_pass *pass;
    enum dropout_site site;
    const struct norm_layout *norm;
    size_t bias;          /* in the flat arrays */
    const real *residual; /* [R, H] */
    real *x, *y;          /* [R, H] */
    real *mean, *rstd;    /* [R] */
};
struct gemm_epilogue norm_rows_forward(const struct norm_rows *rows);

/* dz from dy, dx = dropout'(dz) */
struct norm_gradient_rows {
    const struct block_pass *pass;
    enum dropout_site site;
    const struct norm_layout *norm;
    size_t bias;             /* in the flat arrays */
    const real *z;           /* [R, H] */
    const real *mean, *rstd; /* [R] */
    const real *dy;          /* [R, H] */
    real *dz, *dx;           /* [R, H] */
};
struct gemm_epilogue norm_rows_backward(const struct norm_gradient_rows *rows);
/* After all parts: gradients of LayerNorm's weights and of the bias. */
void norm_rows_sums(const struct norm_gradient_rows *rows, real *grads);

/* a += bias in place, g = gelu(a), of kept->a and scratch->g */
struct gemm_epilogue gelu_rows_forward(const struct block_pass *pass);

/* dg -> da in place, and scratch->g = gelu(a) again */
struct gelu_gradient_rows {
    const struct block_pass *pass;
    real *dg; /* [R, F] */
};
struct gemm_epilogue gelu_rows_backward(const struct gelu_gradient_rows *rows);
void gelu_rows_sums(const struct gelu_gradient_rows *rows, real *grads);

#endif
