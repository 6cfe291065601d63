/* Rows over threads, so that results do not depend on how many threads there are.
 *
 * Work on T rows is cut into blocks of ROW_BLOCK rows whatever the number of threads. A sum over
 * rows (the gradient of a bias or of LayerNorm's gamma) is first made per block, into a row of
 * `partial`, and then the blocks are added in order, each thread taking its own columns. */
#ifndef LAMBERT_KERNELS_PARALLEL_H
#define LAMBERT_KERNELS_PARALLEL_H

#include <stddef.h>

#include "lambert/base/real.h"

enum { ROW_BLOCK = 32 };

static inline int row_blocks(int rows)
{
    return (rows + ROW_BLOCK - 1) / ROW_BLOCK;
}

/* sum [n] += the rows of partial [blocks, n], in order. Opens a parallel region. */
void column_sums(const real *partial, int blocks, int n, real *sum);

/* x [n] = 0, each thread a run of it. */
void array_clear(real *x, size_t n);

#endif
