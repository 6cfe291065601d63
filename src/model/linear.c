#include "linear.h"

#include <string.h>

#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"

void linear_forward(const struct linear *linear, const real *x, real *y,
                    const struct gemm_epilogue *then)
{
    gemm_parallel(&(struct gemm){.form = GEMM_NT,
                                 .m = linear->rows,
                                 .n = linear->out,
                                 .k = linear->in,
                                 .compute_type = linear->compute_type,
                                 .a = x,
                                 .lda = linear->in,
                                 .b = linear->weight,
                                 .ldb = linear->in,
                                 .c = y,
                                 .ldc = linear->ld_y,
                                 .then = then,
                                 .profile = linear->profile});
}

void linear_weight_gradient(const struct linear *linear, const real *dy, const real *x,
                            real *dweight)
{
    gemm_parallel(&(struct gemm){.form = GEMM_TN,
                                 .m = linear->out,
                                 .n = linear->in,
                                 .k = linear->rows,
                                 .compute_type = linear->compute_type,
                                 .a = dy,
                                 .lda = linear->ld_y,
                                 .b = x,
                                 .ldb = linear->in,
                                 .beta = 1,
                                 .c = dweight,
                                 .ldc = linear->in,
                                 .profile = linear->profile});
}

void linear_input_gradient(const struct linear *linear, const real *dy, real keep, real *dx,
                           const struct gemm_epilogue *then)
{
    gemm_parallel(&(struct gemm){.form = GEMM_NN,
                                 .m = linear->rows,
                                 .n = linear->in,
                                 .k = linear->out,
                                 .compute_type = linear->compute_type,
                                 .a = dy,
                                 .lda = linear->ld_y,
                                 .b = linear->weight,
                                 .ldb = linear->in,
                                 .beta = keep,
                                 .c = dx,
                                 .ldc = linear->in,
                                 .then = then,
                                 .profile = linear->profile});
}

void bias_gradient(int rows, int n, const real *dy, int ld_dy, real *partial, real *dbias)
{
    int blocks = row_blocks(rows);
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++) {
        real *sum = partial + (size_t)b * (size_t)n;
        int end = (b + 1) * ROW_BLOCK < rows ? (b + 1) * ROW_BLOCK : rows;
        memset(sum, 0, (size_t)n * sizeof *sum);
        for (int r = b * ROW_BLOCK; r < end; r++)
            kernels->accumulate(dy + (size_t)r * (size_t)ld_dy, sum, (size_t)n);
    }
    column_sums(partial, blocks, n, dbias);
}

void rows_gather(int count, const int32_t *rows, int n, const real *x, real *out)
{
#pragma omp parallel for schedule(static)
    for (int r = 0; r < count; r++)
        memcpy(out + (size_t)r * (size_t)n, x + (size_t)rows[r] * (size_t)n,
               (size_t)n * sizeof *out);
}

void rows_scatter_add(int count, const int32_t *rows, int n, const real *x, real *out)
{
#pragma omp parallel for schedule(static)
    for (int r = 0; r < count; r++)
        kernels->accumulate(x + (size_t)r * (size_t)n, out + (size_t)rows[r] * (size_t)n,
                            (size_t)n);
}

void rows_add(int count, int n, const real *x, real *out)
{
#pragma omp parallel for schedule(static)
    for (int r = 0; r < count; r++)
        kernels->accumulate(x + (size_t)r * (size_t)n, out + (size_t)r * (size_t)n, (size_t)n);
}
