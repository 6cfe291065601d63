#include "lambert/kernels/gemm.h"

#include <cblas.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef LAMBERT_DOUBLE
#define CBLAS_GEMM cblas_dgemm
#else
#define CBLAS_GEMM cblas_sgemm
#endif

void gemm(enum gemm_form form, int m, int n, int k, real alpha, const real *a, int lda,
          const real *b, int ldb, real beta, real *c, int ldc)
{
    CBLAS_GEMM(CblasRowMajor, form == GEMM_TN ? CblasTrans : CblasNoTrans,
               form == GEMM_NT ? CblasTrans : CblasNoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c,
               ldc);
}

/* C is cut along its longer side into pieces whose size depends on the side alone, so that the
 * number of threads changes no result: an eighth of it, a multiple of 64, between 64 and 512. */
enum { PIECES = 8, PIECE_STEP = 64, PIECE_MOST = 512 };

static int piece_of(int side)
{
    int piece = (side + PIECES * PIECE_STEP - 1) / (PIECES * PIECE_STEP) * PIECE_STEP;
    return piece > PIECE_MOST ? PIECE_MOST : piece;
}

void gemm_parallel(enum gemm_form form, int m, int n, int k, real alpha, const real *a, int lda,
                   const real *b, int ldb, real beta, real *c, int ldc)
{
    bool rows = m >= n;
    int side = rows ? m : n, piece = piece_of(side);
    /* Distance, in elements, from one row (or column) of C's operand to the next. */
    size_t step_a = form == GEMM_TN ? 1 : (size_t)lda, step_b = form == GEMM_NT ? (size_t)ldb : 1;
#pragma omp parallel for schedule(static)
    for (int first = 0; first < side; first += piece) {
        int count = side - first < piece ? side - first : piece;
        size_t at = (size_t)first;
        if (rows)
            gemm(form, count, n, k, alpha, a + at * step_a, lda, b, ldb, beta, c + at * (size_t)ldc,
                 ldc);
        else
            gemm(form, m, count, k, alpha, a, lda, b + at * step_b, ldb, beta, c + at, ldc);
    }
}
