/* The inner loops of Lambert's own matrix product: tiles of C, MR rows by NR columns, that stay in
 * registers while k runs. tile_vector.c is written once and compiled for each instruction set;
 * gemm_tiles.c cuts matrices into what tiles want (the scheme of Goto and van de Geijn, "Anatomy of
 * high-performance matrix multiplication", ACM TOMS 34, 2008).
 *
 * B comes packed: panels of NR columns, each [k, NR] without gaps, zeros beyond the last column. A
 * is read where it lies, element (i, p) at a[i row_step + p k_step]; one of the steps is 1. */
#ifndef LAMBERT_KERNELS_TILE_H
#define LAMBERT_KERNELS_TILE_H

#include <stdbool.h>
#include <stddef.h>

struct tile_kernels {
    int rows, columns; /* MR, NR */

    /* C [rows, columns] = A times one panel + beta C; rows <= MR, columns <= NR. With beta 0, C is
     * not read. Meanwhile 2 k elements from `ahead` on, which need not be there, are fetched into
     * the second-level cache. */
    void (*multiply)(int rows, int columns, int k, const float *a, int row_step, int k_step,
                     const float *panel, const float *ahead, float beta, float *c, int ldc);

    /* packed [panels, k, NR] from b [k, columns], or where it is transposed from b [columns, k]. */
    void (*pack)(bool transposed, int columns, int k, const float *b, int ldb, float *packed);

    /* Columns of a [k, rows] in groups of MR, each [k, MR] and group_step after the one before. */
    void (*group)(int rows, int k, const float *a, int lda, float *groups, size_t group_step);
};

extern const struct tile_kernels tile_v3, tile_v4;

#endif
