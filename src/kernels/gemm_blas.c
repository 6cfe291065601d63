#include <cblas.h>
#include <limits.h>

#include "gemm_engine.h"
#include "lambert/base/minmax.h"

#ifdef LAMBERT_DOUBLE
#define CBLAS_GEMM cblas_dgemm
#else
#define CBLAS_GEMM cblas_sgemm
#endif

static void multiply(const struct gemm *p)
{
    CBLAS_GEMM(CblasRowMajor, p->form == GEMM_TN ? CblasTrans : CblasNoTrans,
               p->form == GEMM_NT ? CblasTrans : CblasNoTrans, p->m, p->n, p->k, 1, p->a, p->lda,
               p->b, p->ldb, p->beta, p->c, p->ldc);
}

/* C is cut along its longer side into strips whose size depends on the side alone, so that the
 * number of threads changes no result: an eighth of it, a multiple of 64, between 64 and 512. Each
 * is a one-thread BLAS call: no thread waits on a lock of the BLAS. */
enum { STRIPS = 8, STRIP_STEP = 64, STRIP_MOST = 512 };

static int strip_of(int side)
{
    return min_int((side + STRIPS * STRIP_STEP - 1) / (STRIPS * STRIP_STEP) * STRIP_STEP,
                   STRIP_MOST);
}

static void parallel(const struct gemm *whole)
{
    const struct gemm_epilogue *then = whole->then;
    const bool by_rows = whole->m >= whole->n || (then && then->whole_rows);
    const int side = by_rows ? whole->m : whole->n, strip = strip_of(side);
    /* Elements from one row of C, or column, to the next, in the operand that it is made of. */
    const size_t step_a = whole->form == GEMM_TN ? 1 : (size_t)whole->lda;
    const size_t step_b = whole->form == GEMM_NT ? (size_t)whole->ldb : 1;
#pragma omp parallel for schedule(static)
    for (int first = 0; first < side; first += strip) {
        const int count = min_int(side - first, strip);
        const size_t at = (size_t)first;
        struct gemm part = *whole;
        if (by_rows) {
            part.m = count;
            part.a = (const real *)whole->a + at * step_a;
            part.c = whole->c + at * (size_t)whole->ldc;
        } else {
            part.n = count;
            part.b = (const real *)whole->b + at * step_b;
            part.c = whole->c + at;
        }
        double begun = profile_begin();
        multiply(&part);
        profile_end(whole->profile, begun);
        if (then)
            then->part(then->context, by_rows ? first : 0, part.m, by_rows ? 0 : first, part.n);
    }
}

/* [k, n] without gaps. */
static void pack(const struct gemm *p, void *packed)
{
    const size_t row =
        p->form == GEMM_NT ? 1 : (size_t)p->ldb; /* from one place of k to the next */
    const size_t column = p->form == GEMM_NT ? (size_t)p->ldb : 1;
    const real *b = p->b;
    real *to = packed;
    for (size_t i = 0; i < (size_t)p->k; i++)
        for (size_t j = 0; j < (size_t)p->n; j++)
            *to++ = b[i * row + j * column];
}

static void multiply_packed(const struct gemm *p)
{
    struct gemm product = *p;
    product.form = p->form == GEMM_TN ? GEMM_TN : GEMM_NN;
    product.ldb = p->n;
    multiply(&product);
}

static int widest(void)
{
    return INT_MAX;
}

static size_t memory(int threads)
{
    (void)threads;
    return 0;
}

const struct gemm_engine gemm_blas = {.parallel = parallel,
                                      .pack = pack,
                                      .packed = multiply_packed,
                                      .widest = widest,
                                      .memory = memory};
