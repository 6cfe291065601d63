#include "lambert/kernels/gemm.h"

#include <stdlib.h>
#include <string.h>

#include "gemm_engine.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"
#include "lambert/kernels/product_counts.h"
#include "tile.h"

/* --- the engine ------------------------------------------------------------------------------- */

/* Chosen once at start, as the kernel table is. */
static bool blas_wanted;

static const struct gemm_engine *engine(void)
{
    return blas_wanted || !kernels->gemm ? &gemm_blas : kernels->gemm;
}

int gemm_select(struct error *err)
{
    const char *wanted = getenv("LAMBERT_GEMM");
    blas_wanted = wanted && strcmp(wanted, "blas") == 0;
    if (wanted && *wanted && !blas_wanted && strcmp(wanted, "lambert") != 0)
        return error_set(err, "LAMBERT_GEMM=%s: blas, lambert, or unset it for the fastest",
                         wanted);
    if (wanted && strcmp(wanted, "lambert") == 0 && !kernels->gemm)
        return error_set(err,
                         "LAMBERT_GEMM=lambert: there are no such kernels for this CPU or with "
                         "LAMBERT_ISA=plain; unset one of the two");
    if (engine()->choose)
        engine()->choose();
    return 0;
}

bool gemm_is_blas(void)
{
    return engine() == &gemm_blas;
}

const char *gemm_maker(enum float_type compute_type)
{
    return engine()->maker(&(struct gemm){.compute_type = compute_type});
}

void gemm_use_blas(bool blas)
{
    blas_wanted = blas;
}

int gemm_widest(void)
{
    return engine()->widest();
}

size_t gemm_memory(int threads)
{
    return engine()->memory(threads);
}

/* --- products --------------------------------------------------------------------------------- */

void gemm_epilogue_alone(const struct gemm_epilogue *epilogue, int m, int n, real *c, int ldc)
{
#pragma omp parallel for schedule(static)
    for (int row = 0; row < m; row += ROW_BLOCK) {
        const struct gemm_part part = {.row = row,
                                       .rows = min_int(m - row, ROW_BLOCK),
                                       .columns = n,
                                       .c = c ? c + (size_t)row * (size_t)ldc : NULL,
                                       .ldc = ldc};
        epilogue->part(epilogue->context, &part);
    }
}

/* A product that is about to be made. */
static void count(const struct gemm *p)
{
    product_counts_add(engine()->maker(p), p->compute_type,
                       (double)p->m * (double)p->n * (double)p->k);
}

/* C = beta C: what is left of a product over nothing. */
static void scale_result(const struct gemm *p)
{
    for (int i = 0; i < p->m && p->n > 0; i++) {
        real *row = p->c + (size_t)i * (size_t)p->ldc;
        if (p->beta == 0)
            memset(row, 0, (size_t)p->n * sizeof *row);
        else
            kernels->multiply(p->beta, row, (size_t)p->n);
    }
}

void gemm_parallel(const struct gemm *gemm)
{
    const struct gemm_epilogue *then = gemm->then;
    if (gemm->m <= 0 || gemm->n <= 0)
        return;
    /* Whether the epilogue can be done to rows as they are finished, or has to come behind. */
    const bool follows = then && gemm->k > 0 && (!then->whole_rows || gemm->n <= gemm_widest());
    require(gemm->c || (follows && gemm->beta == 0));
    if (gemm->k > 0) {
        struct gemm product = *gemm;
        product.then = follows ? then : NULL;
        count(&product);
        engine()->parallel(&product);
    } else {
        scale_result(gemm);
    }
    if (then && !follows)
        gemm_epilogue_alone(then, gemm->m, gemm->n, gemm->c, gemm->ldc);
}

/* As much as tiles want of floats: panels of bfloat16 are half as large. */
size_t gemm_packed_size(int n, int k)
{
    return (size_t)(n + TILE_MOST_COLUMNS - 1) * (size_t)(k + TILE_MOST_K_UNIT - 1);
}

size_t gemm_copy_size(int m, int k)
{
    return (size_t)(m + TILE_MOST_ROWS - 1) * (size_t)(k + TILE_MOST_K_UNIT + TILE_ROW_MARGIN);
}

void gemm_pack(const struct gemm *gemm, void *packed)
{
    if (gemm->n > 0 && gemm->k > 0)
        engine()->pack(gemm, packed);
}

void gemm_packed(const struct gemm *gemm, void *memory)
{
    if (gemm->m <= 0 || gemm->n <= 0 || gemm->k <= 0) {
        scale_result(gemm);
        return;
    }
    count(gemm);
    engine()->packed(gemm, memory);
}
