#include <cblas.h>
#include <limits.h>
#include <stdlib.h>

#include "gemm_engine.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"

#ifdef LAMBERT_DOUBLE
#define CBLAS_GEMM cblas_dgemm
#else
#define CBLAS_GEMM cblas_sgemm
#endif

/* --- operands --------------------------------------------------------------------------------- */

/* Element i as the product is to see it. */
static real element(enum float_type compute_type, enum float_type type, const void *x, size_t i)
{
    if (type == TYPE_BFLOAT16)
        return (real)bfloat16_to_float(((const uint16_t *)x)[i]);
    const real value = ((const real *)x)[i];
    if (compute_type == TYPE_FLOAT32)
        return value;
    return (real)bfloat16_to_float(bfloat16_from_float((float)value));
}

/* A matrix that cblas can read: itself, or where it is to be rounded or expanded, a copy without
 * gaps, which is the caller's to free. */
struct readable {
    const real *x;
    int ld;
    real *copy; /* NULL: none was needed */
};

static struct readable readable_of(enum float_type compute_type, enum float_type type, int rows,
                                   int columns, const void *x, int ld)
{
    if (type == TYPE_FLOAT32 && compute_type == TYPE_FLOAT32)
        return (struct readable){.x = x, .ld = ld};
    const size_t n = (size_t)columns;
    real *copy = memory_new((size_t)rows * n, sizeof *copy);
    for (size_t i = 0; i < (size_t)rows; i++)
        for (size_t j = 0; j < n; j++)
            copy[i * n + j] = element(compute_type, type, x, i * (size_t)ld + j);
    return (struct readable){.x = copy, .ld = columns, .copy = copy};
}

static struct readable readable_a(const struct gemm *p)
{
    const bool transposed = p->form == GEMM_TN;
    return readable_of(p->compute_type, p->a_type, transposed ? p->k : p->m,
                       transposed ? p->m : p->k, p->a, p->lda);
}

static struct readable readable_b(const struct gemm *p)
{
    const bool transposed = p->form == GEMM_NT;
    return readable_of(p->compute_type, p->b_type, transposed ? p->n : p->k,
                       transposed ? p->k : p->n, p->b, p->ldb);
}

/* --- products --------------------------------------------------------------------------------- */

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

static void multiply_strips(const struct gemm *whole)
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
            then->part(then->context, &(struct gemm_part){.row = by_rows ? first : 0,
                                                          .rows = part.m,
                                                          .column = by_rows ? 0 : first,
                                                          .columns = part.n,
                                                          .c = part.c,
                                                          .ldc = part.ldc});
    }
}

static void parallel(const struct gemm *gemm)
{
    const struct readable a = readable_a(gemm), b = readable_b(gemm);
    real *c = gemm->c ? NULL : memory_new((size_t)gemm->m * (size_t)gemm->n, sizeof *c);
    struct gemm product = *gemm;
    product.a = a.x;
    product.lda = a.ld;
    product.b = b.x;
    product.ldb = b.ld;
    if (c) {
        product.c = c;
        product.ldc = gemm->n;
    }
    multiply_strips(&product);
    free(a.copy);
    free(b.copy);
    free(c);
}

/* [k, n] without gaps. */
static void pack(const struct gemm *p, void *packed)
{
    const size_t row =
        p->form == GEMM_NT ? 1 : (size_t)p->ldb; /* from one place of k to the next */
    const size_t column = p->form == GEMM_NT ? (size_t)p->ldb : 1;
    real *to = packed;
    for (size_t i = 0; i < (size_t)p->k; i++)
        for (size_t j = 0; j < (size_t)p->n; j++)
            *to++ = element(p->compute_type, p->b_type, p->b, i * row + j * column);
}

static void multiply_packed(const struct gemm *p, void *memory)
{
    const struct readable a = readable_a(p);
    struct gemm product = *p;
    (void)memory; /* cblas copies for itself */
    product.form = p->form == GEMM_TN ? GEMM_TN : GEMM_NN;
    product.a = a.x;
    product.lda = a.ld;
    product.ldb = p->n;
    multiply(&product);
    free(a.copy);
}

static const char *maker(const struct gemm *gemm)
{
    (void)gemm;
    return "BLAS";
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
                                      .maker = maker,
                                      .widest = widest,
                                      .memory = memory};
