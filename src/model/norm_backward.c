#include "norm_backward.h"

#include <string.h>

#include "lambert/base/minmax.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"

enum { GAMMA, BETA, BIAS };

/* One sum of all blocks of rows, [row_blocks, n]; the three lie one behind the other. */
static real *partial_of(const struct norm_backward *norm, int sum)
{
    return norm->partial + (size_t)sum * (size_t)row_blocks(norm->rows) * (size_t)norm->n;
}

void norm_backward_rows(const struct norm_backward *norm, int row, int rows)
{
    const size_t n = (size_t)norm->n;
    real *memory = norm->memory ? row_of_thread(norm->memory) : NULL;
    double begun = profile_begin();
    for (int first = row; first < row + rows; first += ROW_BLOCK) {
        const int end = min_int(first + ROW_BLOCK, row + rows);
        const size_t block = (size_t)(first / ROW_BLOCK) * n;
        real *dgamma = partial_of(norm, GAMMA) + block, *dbeta = partial_of(norm, BETA) + block;
        real *dbias = norm->after ? partial_of(norm, BIAS) + block : NULL;
        memset(dgamma, 0, n * sizeof *dgamma);
        memset(dbeta, 0, n * sizeof *dbeta);
        if (dbias)
            memset(dbias, 0, n * sizeof *dbias);
        for (int r = first; r < end; r++) {
            const size_t at = (size_t)r * n;
            if (norm->before)
                norm->before(norm->context, r);
            const real *z =
                operand_read(norm->z_type, operand_at(norm->z_type, norm->z, at), memory, n);
            kernels->layernorm_backward(norm->gamma, z, norm->mean[r], norm->rstd[r], norm->dy + at,
                                        norm->dz + at, dgamma, dbeta, norm->n);
            if (norm->after)
                norm->after(norm->context, r, dbias);
        }
    }
    profile_end(norm->profile, begun);
}

void norm_backward_all(const struct norm_backward *norm)
{
#pragma omp parallel for schedule(static)
    for (int row = 0; row < norm->rows; row += ROW_BLOCK)
        norm_backward_rows(norm, row, min_int(ROW_BLOCK, norm->rows - row));
}

void norm_backward_sums(const struct norm_backward *norm, real *dgamma, real *dbeta, real *dbias)
{
    const int blocks = row_blocks(norm->rows);
    column_sums(partial_of(norm, GAMMA), blocks, norm->n, dgamma);
    column_sums(partial_of(norm, BETA), blocks, norm->n, dbeta);
    if (norm->after)
        column_sums(partial_of(norm, BIAS), blocks, norm->n, dbias);
}
