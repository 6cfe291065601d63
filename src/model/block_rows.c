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

/* --- bias ------------------------------------------------------------------------------------- */

static void bias_part(void *context, const struct gemm_part *part)
{
    const struct bias_rows *at = context;
    double begun = profile_begin();
    for (int r = 0; r < part->rows; r++)
        kernels->accumulate(at->bias + part->column, part->c + (size_t)r * (size_t)part->ldc,
                            (size_t)part->columns);
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
    double begun = profile_begin();
    for (int r = part->row; r < part->row + part->rows; r++) {
        int number = row_set_at(pass->set, r);
        size_t offset = (size_t)r * (size_t)part->columns;
        struct dropout dropout = hidden_dropout(pass, at->site, number);
        kernels->residual_layernorm(&dropout, (uint32_t)pass->rows->position[number],
                                    pass->params + at->bias, at->residual + offset,
                                    pass->params + at->norm->weight, pass->params + at->norm->bias,
                                    (real)pass->config->layer_norm_eps, at->x + offset,
                                    at->y + offset, at->mean + r, at->rstd + r, part->columns);
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
    struct dropout dropout = hidden_dropout(pass, at->site, number);
    kernels->dropout(&dropout, (uint32_t)pass->rows->position[number], at->dz + offset,
                     at->dx + offset, H);
    kernels->accumulate(at->dx + offset, dbias, (size_t)H);
}

static struct norm_backward norm_backward_of(const struct norm_gradient_rows *rows)
{
    const struct block_pass *pass = rows->pass;
    return (struct norm_backward){.rows = pass->set->count,
                                  .n = pass->config->hidden,
                                  .gamma = pass->params + rows->norm->weight,
                                  .z = rows->z,
                                  .mean = rows->mean,
                                  .rstd = rows->rstd,
                                  .dy = rows->dy,
                                  .dz = rows->dz,
                                  .partial = pass->scratch->partial,
                                  .after = drop_gradient,
                                  .context = rows,
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
    const size_t F = (size_t)pass->config->intermediate;
    const real *bias = pass->params + pass->layout->up.bias + part->column;
    double begun = profile_begin();
    for (int r = part->row; r < part->row + part->rows; r++) {
        size_t offset = (size_t)r * F + (size_t)part->column;
        kernels->bias_gelu(pass->config->gelu, TYPE_FLOAT32, bias, pass->kept->a + offset,
                           pass->kept->a + offset, pass->scratch->g + offset, part->columns);
    }
    profile_end(PROFILE_GELU, begun);
}

struct gemm_epilogue gelu_rows_forward(const struct block_pass *pass)
{
    return epilogue_of(gelu_part, pass, false);
}

static void gelu_part_backward(void *context, const struct gemm_part *part)
{
    const struct gelu_gradient_rows *at = context;
    const struct block_pass *pass = at->pass;
    const size_t F = (size_t)pass->config->intermediate, first = (size_t)part->column;
    double begun = profile_begin();
    for (int block = part->row; block < part->row + part->rows; block += ROW_BLOCK) {
        real *dbias = pass->scratch->partial + (size_t)(block / ROW_BLOCK) * F + first;
        const int end = min_int(block + ROW_BLOCK, part->row + part->rows);
        memset(dbias, 0, (size_t)part->columns * sizeof *dbias);
        for (int r = block; r < end; r++) {
            const size_t offset = (size_t)r * F + first;
            kernels->gelu_backward(pass->config->gelu, TYPE_FLOAT32, pass->kept->a + offset,
                                   at->dg + offset, at->dg + offset, pass->scratch->g + offset,
                                   dbias, part->columns);
        }
    }
    profile_end(PROFILE_GELU, begun);
}

struct gemm_epilogue gelu_rows_backward(const struct gelu_gradient_rows *rows)
{
    return epilogue_of(gelu_part_backward, rows, false);
}

void gelu_rows_sums(const struct gelu_gradient_rows *rows, real *grads)
{
    const struct block_pass *pass = rows->pass;
    column_sums(pass->scratch->partial, row_blocks(pass->set->count), pass->config->intermediate,
                grads + pass->layout->up.bias);
}
