#include "lambert/kernels/gemm.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"
#include "lambert/kernels/profile.h"

#ifdef LAMBERT_DOUBLE
#define CBLAS_GEMM cblas_dgemm
#define OWN        0
#else
#define CBLAS_GEMM cblas_sgemm
#define OWN        1
#include "gemm_tiles.h"
#endif

static bool blas_wanted;

int gemm_select(struct error *err)
{
    const char *wanted = getenv("LAMBERT_GEMM");
    blas_wanted = wanted && strcmp(wanted, "blas") == 0;
    if (wanted && *wanted && !blas_wanted && strcmp(wanted, "lambert") != 0)
        return error_set(err, "LAMBERT_GEMM=%s: blas, lambert, or unset it for the fastest",
                         wanted);
    if (wanted && strcmp(wanted, "lambert") == 0 && !kernels->tile)
        return error_set(err,
                         "LAMBERT_GEMM=lambert: there are no such kernels for this CPU or with "
                         "LAMBERT_ISA=plain; unset one of the two");
    return 0;
}

bool gemm_is_blas(void)
{
    return !OWN || blas_wanted || !kernels->tile;
}

void gemm_use_blas(bool blas)
{
    blas_wanted = blas;
}

/* --- by cblas --------------------------------------------------------------------------------- */

static void blas(enum gemm_form form, int m, int n, int k, real alpha, const real *a, int lda,
                 const real *b, int ldb, real beta, real *c, int ldc)
{
    CBLAS_GEMM(CblasRowMajor, form == GEMM_TN ? CblasTrans : CblasNoTrans,
               form == GEMM_NT ? CblasTrans : CblasNoTrans, m, n, k, alpha, a, lda, b, ldb, beta, c,
               ldc);
}

/* C is cut along its longer side into pieces whose size depends on the side alone, so that the
 * number of threads changes no result: an eighth of it, a multiple of 64, between 64 and 512. Each
 * is a one-thread BLAS call: no thread waits on a lock of the BLAS. */
enum { PIECES = 8, PIECE_STEP = 64, PIECE_MOST = 512 };

static int piece_of(int side)
{
    int piece = (side + PIECES * PIECE_STEP - 1) / (PIECES * PIECE_STEP) * PIECE_STEP;
    return piece > PIECE_MOST ? PIECE_MOST : piece;
}

static void blas_parallel(enum gemm_form form, int m, int n, int k, real alpha, const real *a,
                          int lda, const real *b, int ldb, real beta, real *c, int ldc,
                          const struct gemm_epilogue *then)
{
    bool rows = m >= n || (then && then->whole_rows);
    int side = rows ? m : n, piece = piece_of(side);
    /* Distance, in elements, from one row (or column) of C's operand to the next. */
    size_t step_a = form == GEMM_TN ? 1 : (size_t)lda, step_b = form == GEMM_NT ? (size_t)ldb : 1;
#pragma omp parallel for schedule(static)
    for (int first = 0; first < side; first += piece) {
        int count = side - first < piece ? side - first : piece;
        size_t at = (size_t)first;
        double begun = profile_begin();
        if (rows)
            blas(form, count, n, k, alpha, a + at * step_a, lda, b, ldb, beta, c + at * (size_t)ldc,
                 ldc);
        else
            blas(form, m, count, k, alpha, a, lda, b + at * step_b, ldb, beta, c + at, ldc);
        profile_end(profile_gemm, begun);
        if (then)
            then->part(then->context, rows ? first : 0, rows ? count : m, rows ? 0 : first,
                       rows ? n : count);
    }
}

/* [k, n] without gaps. */
static void blas_pack(bool transposed, int n, int k, const real *b, int ldb, real *packed)
{
    for (int p = 0; p < k; p++)
        for (int j = 0; j < n; j++)
            packed[(size_t)p * (size_t)n + (size_t)j] =
                transposed ? b[(size_t)j * (size_t)ldb + (size_t)p]
                           : b[(size_t)p * (size_t)ldb + (size_t)j];
}

/* --- either way ------------------------------------------------------------------------------- */

void gemm_epilogue_alone(const struct gemm_epilogue *epilogue, int m, int n)
{
#pragma omp parallel for schedule(static)
    for (int row = 0; row < m; row += ROW_BLOCK)
        epilogue->part(epilogue->context, row, m - row < ROW_BLOCK ? m - row : ROW_BLOCK, 0, n);
}

/* C = beta C: what is left of a product over nothing. */
static void scale(int m, int n, real beta, real *c, int ldc)
{
    for (int i = 0; i < m; i++, c += ldc)
        if (beta == 0)
            memset(c, 0, (size_t)n * sizeof *c);
        else
            kernels->multiply(beta, c, (size_t)n);
}

static void multiply_parallel(enum gemm_form form, int m, int n, int k, real alpha, const real *a,
                              int lda, const real *b, int ldb, real beta, real *c, int ldc,
                              const struct gemm_epilogue *then)
{
#if OWN
    if (!gemm_is_blas()) {
        const struct product product = {form, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, then};
        gemm_tiles_parallel(kernels->tile, &product);
        return;
    }
#endif
    blas_parallel(form, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, then);
}

/* Whether the epilogue can be done to rows as they are finished. */
static bool follows(const struct gemm_epilogue *then, int n)
{
#if OWN
    if (!gemm_is_blas())
        return !then->whole_rows || n <= gemm_tiles_widest(kernels->tile);
#endif
    (void)n;
    (void)then;
    return true;
}

void gemm_parallel_then(enum gemm_form form, int m, int n, int k, real alpha, const real *a,
                        int lda, const real *b, int ldb, real beta, real *c, int ldc,
                        const struct gemm_epilogue *then)
{
    const bool follow = then && k > 0 && follows(then, n);
    if (m <= 0 || n <= 0)
        return;
    if (k > 0)
        multiply_parallel(form, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc, follow ? then : NULL);
    else
        scale(m, n, beta, c, ldc);
    if (then && !follow)
        gemm_epilogue_alone(then, m, n);
}

enum { WIDEST_TILE = 32 };

size_t gemm_packed_size(int n, int k)
{
    return (size_t)(n + WIDEST_TILE - 1) / WIDEST_TILE * WIDEST_TILE * (size_t)k;
}

void gemm_pack(bool transposed, int n, int k, const real *b, int ldb, real *packed)
{
#if OWN
    if (!gemm_is_blas()) {
        gemm_tiles_pack(kernels->tile, transposed, n, k, b, ldb, packed);
        return;
    }
#endif
    blas_pack(transposed, n, k, b, ldb, packed);
}

void gemm_packed(bool transposed, int m, int n, int k, real alpha, const real *a, int lda,
                 const real *packed, real beta, real *c, int ldc)
{
    const enum gemm_form form = transposed ? GEMM_TN : GEMM_NN;
    if (m <= 0 || n <= 0 || k <= 0) {
        scale(m, n, beta, c, ldc);
        return;
    }
#if OWN
    if (!gemm_is_blas()) {
        const struct product product = {form,   m, n,    k, alpha, a,   lda,
                                        packed, 0, beta, c, ldc,   NULL};
        gemm_tiles_packed(kernels->tile, &product);
        return;
    }
#endif
    blas(form, m, n, k, alpha, a, lda, packed, n, beta, c, ldc);
}

size_t gemm_memory(int threads)
{
#if OWN
    if (!gemm_is_blas())
        return gemm_tiles_memory(threads);
#endif
    (void)threads;
    return 0;
}
