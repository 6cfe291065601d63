#include "linear.h"

#include <string.h>

#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"

void linear_forward(int rows, int in, int out, const real *x, const real *weight, real *y, int ld_y,
                    const struct gemm_epilogue *then)
{
    gemm_parallel_then(GEMM_NT, rows, out, in, 1, x, in, weight, in, 0, y, ld_y, then);
}

void linear_weight_gradient(int rows, int in, int out, const real *dy, int ld_dy, const real *x,
                            real *dweight)
{
    gemm_parallel(GEMM_TN, out, in, rows, 1, dy, ld_dy, x, in, 1, dweight, in);
}

void linear_input_gradient(int rows, int in, int out, const real *dy, int ld_dy, const real *weight,
                           real keep, real *dx, const struct gemm_epilogue *then)
{
    gemm_parallel_then(GEMM_NN, rows, in, out, 1, dy, ld_dy, weight, in, keep, dx, in, then);
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
