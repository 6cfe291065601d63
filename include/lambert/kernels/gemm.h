/* Matrix products, and the only door to cblas. All matrices are row-major.
 *
 *     GEMM_NT   C [m, n] = alpha A [m, k] B [n, k]ᵀ + beta C     y = x Wᵀ    (W is [out, in])
 *     GEMM_NN   C [m, n] = alpha A [m, k] B [k, n]  + beta C     dx = dy W
 *     GEMM_TN   C [m, n] = alpha A [k, m]ᵀ B [k, n] + beta C     dW = dyᵀ x
 *
 * lda, ldb, ldc are the distances between rows as stored. beta 0 never reads C. Where m or n is 0
 * there is no C, and nothing is done; where k is 0 the product is nothing, and C = beta C.
 *
 * There are two ways to make them. Lambert's own tiles (tile.h), where the CPU has x86-64-v3 or v4:
 * faster than OpenBLAS on these shapes, and what follows a product can be done to its rows while they
 * are in the cache. The cblas that is linked: in double, on other machines, with LAMBERT_ISA=plain, or
 * with LAMBERT_GEMM=blas. Either gives the same bits for any number of threads; the two differ in
 * rounding. */
#ifndef LAMBERT_KERNELS_GEMM_H
#define LAMBERT_KERNELS_GEMM_H

#include <stdbool.h>
#include <stddef.h>

#include "lambert/base/error.h"
#include "lambert/base/real.h"

enum gemm_form { GEMM_NT, GEMM_NN, GEMM_TN };

/* Called by one thread for each part of C that is finished, rows [row, row + rows) and columns
 * [column, column + columns): together they are all of C. row is a multiple of ROW_BLOCK
 * (parallel.h). whole_rows: columns are always all n; of rows that are too wide to be finished in
 * one go (over 5,440 elements) this is done to all of C at the end. */
struct gemm_epilogue {
    void (*part)(void *context, int row, int rows, int column, int columns);
    void *context;
    bool whole_rows;
};

/* Opens a parallel region of its own; not to be called from inside one. `then` may be NULL. */
void gemm_parallel_then(enum gemm_form form, int m, int n, int k, real alpha, const real *a,
                        int lda, const real *b, int ldb, real beta, real *c, int ldc,
                        const struct gemm_epilogue *then);

static inline void gemm_parallel(enum gemm_form form, int m, int n, int k, real alpha,
                                 const real *a, int lda, const real *b, int ldb, real beta, real *c,
                                 int ldc)
{
    gemm_parallel_then(form, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, NULL);
}

/* The epilogue by itself, for all of a C [m, n] that is there. Opens a parallel region of its own. */
void gemm_epilogue_alone(const struct gemm_epilogue *epilogue, int m, int n);

/* For the inside of a parallel region, on the calling thread: B is packed once and then serves
 * several products.
 *
 *     gemm_pack(transposed, n, k, b, ldb, packed)      b [k, n], or transposed: [n, k]
 *     gemm_packed(false, m, n, k, alpha, a, ...)       C = alpha A [m, k] B + beta C
 *     gemm_packed(true, m, n, k, alpha, a, ...)        C = alpha A [k, m]ᵀ B + beta C */
size_t gemm_packed_size(int n, int k); /* elements; as much as any way needs */
void gemm_pack(bool transposed, int n, int k, const real *b, int ldb, real *packed);
void gemm_packed(bool transposed, int m, int n, int k, real alpha, const real *a, int lda,
                 const real *packed, real beta, real *c, int ldc);

/* Chooses by LAMBERT_GEMM (lambert, blas; not set: lambert where it can). kernels_select() calls it.
 */
int gemm_select(struct error *err);
bool gemm_is_blas(void);
void gemm_use_blas(bool blas); /* for a benchmark or a test that compares the two */

/* Bytes of working memory that products on so many threads take, once, when they first need it. */
size_t gemm_memory(int threads);

#endif
