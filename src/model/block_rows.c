#include "block_rows.h"

#include <string.h>

#include "lambert/base/minmax.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"
#include "lambert/kernels/profile.h"
#include "norm_backward.h"

static struct gemm_epilogue epilogue_of(void (*part)(void *, const struct gemm_part *),
                                        const void *context, bool whole_rows)
{
    return (struct gemm_epilogue){
        .part = part, .context = (void *)context, .whole_rows = whole_rows};
}

static real *row_of_part(const struct gemm_part *part, int r)
{
    return part->c + (size_t)r * (size_t)part->ldc;
}

/* --- bias ------------------------------------------------------------------------------------- */

static void bias_part(void *context, const struct gemm_part *part)
{
    const struct bias_rows *at = context;
    const size_t columns = (size_t)part->columns;
    double begun = profile_begin();
    for (int r = 0; r < part->rows; r++) {
        const size_t offset = (size_t)(part->row + r) * (size_t)at->ld + (size_t)part->column;
        real *c = row_of_part(part, r);
        if (at->bias)
            kernels->accumulate(at->bias + part->column, c, columns);
        operand_store(at->type, c, operand_at(at->type, at->y, offset), columns);
    }
    profile_end(PROFILE_BIAS, begun);
}

struct gemm_epilogue bias_rows_forward(const struct bias_rows *rows)
{
    return epilogue_of(bias_part, rows, false);
}

/* --- residual and LayerNorm ------------------------------------------------------------------- */

static struct dropout hidden_dropout(const struct block_pass *pass, enum dropout_site site, int row)
{
    uint32_t threshold = pass->dropout ? dropout_threshold(pass->config->hidden_dropout) : 0;
    return dropout_at(pass->rows->key[row], site, pass->layer, 0, threshold);
}

static void norm_part(void *context, const struct gemm_part *part)
{
    const struct norm_rows *at = context;
    const struct block_pass *pass = at->pass;
    const enum float_type type = pass->compute_type;
    const size_t n = (size_t)part->columns;
    double begun = profile_begin();
    for (int r = part->row; r < part->row + part->rows; r++) {
        const int number = row_set_at(pass->set, r);
        const size_t offset = (size_t)r * n;
        real *z = row_of_part(part, r - part->row);
        struct dropout dropout = hidden_dropout(pass, at->site, number);
        kernels->residual_layernorm(&dropout, (uint32_t)pass->rows->position[number],
                                    pass->params + at->bias, at->residual + offset,
                                    pass->params + at->norm->weight, pass->params + at->norm->bias,
                                    (real)pass->config->layer_norm_eps, z, at->y + offset,
                                    at->mean + r, at->rstd + r, part->columns);
        operand_store(type, z, operand_at(type, at->kept_z, offset), n);
        operand_store(type, at->y + offset, operand_at(type, at->kept_y, offset), n);
    }
    profile_end(PROFILE_NORM, begun);
}

struct gemm_epilogue norm_rows_forward(const struct norm_rows *rows)
{
    return epilogue_of(norm_part, rows, true);
}

/* dx = dropout'(dz), whose sum is the bias's gradient. */
static void drop_gradient(const void *context, int row, real *dbias)
{
    const struct norm_gradient_rows *at = context;
    const struct block_pass *pass = at->pass;
    const int number = row_set_at(pass->set, row), H = pass->config->hidden;
    const size_t offset = (size_t)row * (size_t)H;
    void *to = operand_at(pass->compute_type, at->dx, offset);
    real *dx = operand_place(pass->compute_type, to, row_of_thread(&pass->scratch->memory));
    struct dropout dropout = hidden_dropout(pass, at->site, number);
    kernels->dropout(&dropout, (uint32_t)pass->rows->position[number], at->dz + offset, dx, H);
    kernels->accumulate(dx, dbias, (size_t)H);
    operand_store(pass->compute_type, dx, to, (size_t)H);
}

static struct norm_backward norm_backward_of(const struct norm_gradient_rows *rows)
{
    const struct block_pass *pass = rows->pass;
    return (struct norm_backward){.rows = pass->set->count,
                                  .n = pass->config->hidden,
                                  .gamma = pass->params + rows->norm->weight,
                                  .z_type = pass->compute_type,
                                  .z = rows->z,
                                  .mean = rows->mean,
                                  .rstd = rows->rstd,
                                  .dy = rows->dy,
                                  .dz = rows->dz,
                                  .partial = pass->scratch->partial,
                                  .after = drop_gradient,
                                  .context = rows,
                                  .memory = &pass->scratch->memory,
                                  .profile = PROFILE_NORM};
}

static void norm_part_backward(void *context, const struct gemm_part *part)
{
    const struct norm_backward norm = norm_backward_of(context);
    norm_backward_rows(&norm, part->row, part->rows);
}

struct gemm_epilogue norm_rows_backward(const struct norm_gradient_rows *rows)
{
    return epilogue_of(norm_part_backward, rows, true);
}

void norm_rows_sums(const struct norm_gradient_rows *rows, real *grads)
{
    const struct norm_backward norm = norm_backward_of(rows);
    norm_backward_sums(&norm, grads + rows->norm->weight, grads + rows->norm->bias,
                       grads + rows->bias);
}

/* --- GELU ------------------------------------------------------------------------------------- */

static void gelu_part(void *context, const struct gemm_part *part)
{
    const struct block_pass *pass = context;
    const enum float_type type = pass->compute_type;
    const size_t F = (size_t)pass->config->intermediate;
    const real *bias = pass->params + pass->layout->up.bias + part->column;
    double begun = profile_begin();
    for (int r = part->row; r < part->row + part->rows; r++) {
        const size_t offset = (size_t)r * F + (size_t)part->column;
        kernels->bias_gelu(pass->config->gelu, type, bias, row_of_part(part, r - part->row),
                           operand_at(type, pass->kept->a, offset),
                           operand_at(type, pass->scratch->g, offset), part->columns);
    }
    profile_end(PROFILE_GELU, begun);
}

struct gemm_epilogue gelu_rows_forward(const struct block_pass *pass)
{
    return epilogue_of(gelu_part, pass, false);
}

static void gelu_part_backward(void *context, const struct gemm_part *part)
{
    const struct block_pass *pass = context;
    const enum float_type type = pass->compute_type;
    const size_t F = (size_t)pass->config->intermediate, first = (size_t)part->column;
    double begun = profile_begin();
    for (int block = part->row; block < part->row + part->rows; block += ROW_BLOCK) {
        real *dbias = pass->scratch->partial + (size_t)(block / ROW_BLOCK) * F + first;
        const int end = min_int(block + ROW_BLOCK, part->row + part->rows);
        memset(dbias, 0, (size_t)part->columns * sizeof *dbias);
        for (int r = block; r < end; r++) {
            const size_t offset = (size_t)r * F + first;
            kernels->gelu_backward(
                pass->config->gelu, type, operand_at(type, pass->kept->a, offset),
                row_of_part(part, r - part->row), operand_at(type, pass->scratch->ffn, offset),
                operand_at(type, pass->scratch->g, offset), dbias, part->columns);
        }
    }
    profile_end(PROFILE_GELU, begun);
}

struct gemm_epilogue gelu_rows_backward(const struct block_pass *pass)
{
    return epilogue_of(gelu_part_backward, pass, false);
}

void gelu_rows_sums(const struct block_pass *pass, real *grads)
{
    column_sums(pass->scratch->partial, row_blocks(pass->set->count), pass->config->intermediate,
                grads + pass->layout->up.bias);
}
