/* Matrix products, and the only door to cblas. All matrices are row-major.
 *
 *     GEMM_NT   C [m, n] = alpha A [m, k] B [n, k]ᵀ + beta C     y = x Wᵀ    (W is [out, in])
 *     GEMM_NN   C [m, n] = alpha A [m, k] B [k, n]  + beta C     dx = dy W
 *     GEMM_TN   C [m, n] = alpha A [k, m]ᵀ B [k, n] + beta C     dW = dyᵀ x
 *
 * lda, ldb, ldc are the distances between rows as stored. beta 0 never reads C.
 *
 * gemm() is for the inside of a parallel region: there it runs on the calling thread, elsewhere on
 * as many as the BLAS thinks fit, and results change with their number. gemm_parallel() opens a
 * parallel region of its own and must not be called from inside one: it cuts C into tiles of rows
 * or columns, one-thread BLAS calls, so that no thread waits on a lock of the BLAS and no two
 * threads add into one element. */
#ifndef LAMBERT_KERNELS_GEMM_H
#define LAMBERT_KERNELS_GEMM_H

#include "lambert/base/real.h"

enum gemm_form { GEMM_NT, GEMM_NN, GEMM_TN };

void gemm(enum gemm_form form, int m, int n, int k, real alpha, const real *a, int lda,
          const real *b, int ldb, real beta, real *c, int ldc);

void gemm_parallel(enum gemm_form form, int m, int n, int k, real alpha, const real *a, int lda,
                   const real *b, int ldb, real beta, real *c, int ldc);

#endif
