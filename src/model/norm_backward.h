/* LayerNorm's backward pass over rows, and what is done to a row on the way, while it is in the
 * cache: dz from dy, and the gradients of gamma, beta and of a bias, which are sums over rows.
 *
 *     norm_backward_rows(&norm, row, rows)          parts of the rows, by whatever threads
 *     norm_backward_sums(&norm, ...)                when all are done
 *
 * The sums are made for each block of ROW_BLOCK rows by itself and then added in order
 * (parallel.h): so they do not depend on threads. docs/numerics.md, section 3. */
#ifndef LAMBERT_MODEL_NORM_BACKWARD_H
#define LAMBERT_MODEL_NORM_BACKWARD_H

#include "lambert/base/real.h"
#include "lambert/kernels/profile.h"
#include "operand.h"

struct norm_backward {
    int rows, n;
    const real *gamma; /* [n] */
    enum float_type z_type;
    const void *z;           /* [rows, n] what LayerNorm was given */
    const real *mean, *rstd; /* [rows] */
    const real *dy;          /* [rows, n] */
    real *dz;                /* [rows, n]; may be dy */
    real *partial;           /* [2, row_blocks(rows), n]; with `after` 3 of them */

    /* Done to a row before its dy is read; and when its dz is there, which adds the row's part of
     * the bias's gradient to dbias [n]. Either may be NULL. */
    void (*before)(const void *context, int row);
    void (*after)(const void *context, int row, real *dbias);
    const void *context;

    /* A row of n for each thread, where z is read; `after` may use it. NULL where z is real. */
    const struct row_memory *memory;
    enum profile_part profile;
};

/* Rows [row, row + rows), on this thread; row is a multiple of ROW_BLOCK. */
void norm_backward_rows(const struct norm_backward *norm, int row, int rows);

/* All rows. Opens a parallel region of its own, as does the next one. */
void norm_backward_all(const struct norm_backward *norm);

/* Adds the sums to the gradients, each [n]; dbias NULL without `after`. */
void norm_backward_sums(const struct norm_backward *norm, real *dgamma, real *dbeta, real *dbias);

#endif
