#include "linear.h"

#include <string.h>

#include "lambert/base/minmax.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"
#include "operand.h"

void linear_forward(const struct linear *linear, const void *x, real *y,
                    const struct gemm_epilogue *then)
{
    gemm_parallel(&(struct gemm){.form = GEMM_NT,
                                 .m = linear->rows,
                                 .n = linear->out,
                                 .k = linear->in,
                                 .compute_type = linear->compute_type,
                                 .a_type = linear->operand_type,
                                 .a = x,
                                 .lda = linear->in,
                                 .b = linear->weight,
                                 .ldb = linear->in,
                                 .c = y,
                                 .ldc = linear->ld_y,
                                 .then = then,
                                 .profile = linear->profile});
}

void linear_weight_gradient(const struct linear *linear, const void *dy, const void *x, real keep,
                            real *dweight)
{
    gemm_parallel(&(struct gemm){.form = GEMM_TN,
                                 .m = linear->out,
                                 .n = linear->in,
                                 .k = linear->rows,
                                 .compute_type = linear->compute_type,
                                 .a_type = linear->operand_type,
                                 .b_type = linear->operand_type,
                                 .a = dy,
                                 .lda = linear->ld_y,
                                 .b = x,
                                 .ldb = linear->in,
                                 .beta = keep,
                                 .c = dweight,
                                 .ldc = linear->in,
                                 .profile = linear->profile});
}

void linear_input_gradient(const struct linear *linear, const void *dy, real keep, real *dx,
                           const struct gemm_epilogue *then)
{
    gemm_parallel(&(struct gemm){.form = GEMM_NN,
                                 .m = linear->rows,
                                 .n = linear->in,
                                 .k = linear->out,
                                 .compute_type = linear->compute_type,
                                 .a_type = linear->operand_type,
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

/* sum [n] += a row of a type. Rows that are not real are expanded a piece at a time. */
static void add_row(enum float_type type, const void *row, int n, real *sum)
{
    enum { PIECE = 512 };
    real piece[PIECE];
    if (type == TYPE_FLOAT32) {
        kernels->accumulate(row, sum, (size_t)n);
        return;
    }
    for (int at = 0; at < n; at += PIECE) {
        const size_t count = (size_t)min_int(n - at, PIECE);
        kernels->from_bfloat16(operand_at(type, row, (size_t)at), piece, count);
        kernels->accumulate(piece, sum + at, count);
    }
}

void bias_gradient(enum float_type type, int rows, int n, const void *dy, int ld_dy, real *partial,
                   real *dbias)
{
    int blocks = row_blocks(rows);
#pragma omp parallel for schedule(static)
    for (int b = 0; b < blocks; b++) {
        real *sum = partial + (size_t)b * (size_t)n;
        int end = (b + 1) * ROW_BLOCK < rows ? (b + 1) * ROW_BLOCK : rows;
        memset(sum, 0, (size_t)n * sizeof *sum);
        for (int r = b * ROW_BLOCK; r < end; r++)
            add_row(type, operand_at(type, dy, (size_t)r * (size_t)ld_dy), n, sum);
    }
    column_sums(partial, blocks, n, dbias);
}

void rows_gather(enum float_type type, int count, const int32_t *rows, int n, const void *x,
                 void *out)
{
#pragma omp parallel for schedule(static)
    for (int r = 0; r < count; r++)
        memcpy(operand_at(type, out, (size_t)r * (size_t)n),
               operand_at(type, x, (size_t)rows[r] * (size_t)n),
               (size_t)n * gemm_operand_size(type));
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
