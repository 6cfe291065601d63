/* What a block does to rows between its matrix products: bias, GELU, dropout, residual, LayerNorm,
 * forward and backward. Each is a struct that says where things lie, and a function that does a
 * part of the rows, so that it can follow a product while its rows are in the cache (gemm.h, struct
 * gemm_epilogue), or run by itself over all rows.
 *
 * What has no type here is of the pass's compute_type (operand.h). In float32 the product's C is the
 * array that its result is kept in; in bfloat16 it has none, and what is kept is stored from the
 * part of C that the function is given.
 *
 * Sums over rows are made a block of ROW_BLOCK rows at a time, into scratch->partial, and added by
 * column_sums() (parallel.h) when all parts are done. */
#ifndef LAMBERT_MODEL_BLOCK_ROWS_H
#define LAMBERT_MODEL_BLOCK_ROWS_H

#include "block.h"
#include "lambert/kernels/gemm.h"

/* y = c + bias */
struct bias_rows {
    enum float_type type;
    const real *bias; /* [columns]; NULL: none */
    void *y;          /* [rows, columns], rows ld apart */
    int ld;
};
struct gemm_epilogue bias_rows_forward(const struct bias_rows *rows);

/* z = residual + dropout(c + bias), y = LN(z) */
struct norm_rows {
    const struct block_pass *pass;
    enum dropout_site site;
    const struct norm_layout *norm;
    size_t bias;          /* in the flat arrays */
    const real *residual; /* [R, H] */
    real *y;              /* [R, H]; may be residual */
    void *kept_z;         /* [R, H] */
    void *kept_y;         /* [R, H] the operand that y becomes: in float32 y itself */
    real *mean, *rstd;    /* [R] */
};
struct gemm_epilogue norm_rows_forward(const struct norm_rows *rows);

/* dz from dy, dx = dropout'(dz) */
struct norm_gradient_rows {
    const struct block_pass *pass;
    enum dropout_site site;
    const struct norm_layout *norm;
    size_t bias;             /* in the flat arrays */
    const void *z;           /* [R, H] */
    const real *mean, *rstd; /* [R] */
    const real *dy;          /* [R, H] */
    real *dz;                /* [R, H] */
    void *dx;                /* [R, H] */
};
struct gemm_epilogue norm_rows_backward(const struct norm_gradient_rows *rows);
/* After all parts: gradients of LayerNorm's weights and of the bias. */
void norm_rows_sums(const struct norm_gradient_rows *rows, real *grads);

/* a = c + bias, g = gelu(a), into kept->a and scratch->g */
struct gemm_epilogue gelu_rows_forward(const struct block_pass *pass);

/* da from dg = c, into scratch->ffn, and scratch->g = gelu(a) again */
struct gemm_epilogue gelu_rows_backward(const struct block_pass *pass);
void gelu_rows_sums(const struct block_pass *pass, real *grads);

#endif
