#include "embedding.h"

#include <string.h>

#include "lambert/base/minmax.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"
#include "lambert/kernels/profile.h"
#include "norm_backward.h"

void embedding_plan(struct embedding_activations *kept, struct arena *arena,
                    const struct bert_config *config, const struct bert_options *options)
{
    const enum float_type type = options->compute_type;
    const int tokens = options->capacity.tokens;
    const size_t H = (size_t)config->hidden, T = (size_t)tokens;
    *kept = (struct embedding_activations){
        .z = operand_take(type, arena, T * H),
        .x = operand_take(type, arena, T * H),
        .mean = arena_take(arena, T, sizeof(real)),
        .rstd = arena_take(arena, T, sizeof(real)),
        .partial = arena_take(arena, (size_t)row_blocks(tokens) * 2 * H, sizeof(real)),
    };
}

static struct dropout dropout_of(const struct embedding_pass *pass, int row)
{
    uint32_t threshold = pass->dropout ? dropout_threshold(pass->config->hidden_dropout) : 0;
    return dropout_at(pass->rows->key[row], DROPOUT_EMBEDDING, 0, 0, threshold);
}

/* Where the vectors of a row lie: position and type in the flat arrays; the word there as well, or,
 * of embedding rows that are kept apart, among these. */
static size_t position_offset(const struct embedding_pass *pass, int row)
{
    return pass->layout->position +
           (size_t)pass->rows->position[row] * (size_t)pass->config->hidden;
}

static size_t type_offset(const struct embedding_pass *pass, int row)
{
    return pass->layout->type +
           (size_t)pass->batch->token_type_ids[row] * (size_t)pass->config->hidden;
}

static size_t word_offset(const struct embedding_pass *pass, int row)
{
    return pass->layout->word + (size_t)pass->batch->input_ids[row] * (size_t)pass->config->hidden;
}

static size_t slot_offset(const struct embedding_pass *pass, int row)
{
    return (size_t)pass->embedding_rows.slots[row] * (size_t)pass->config->hidden;
}

static const real *word_vector(const struct embedding_pass *pass, int row)
{
    return pass->embedding_rows.values ? pass->embedding_rows.values + slot_offset(pass, row)
                                       : pass->params + word_offset(pass, row);
}

static real *word_gradient(const struct embedding_pass *pass, int row, real *grads)
{
    return pass->embedding_rows.gradients ? pass->embedding_rows.gradients + slot_offset(pass, row)
                                          : grads + word_offset(pass, row);
}

void embedding_forward(const struct embedding_pass *pass)
{
    const struct norm_layout *norm = &pass->layout->embedding_norm;
    const real *params = pass->params;
    const enum float_type type = pass->compute_type;
    int H = pass->config->hidden;
#pragma omp parallel for schedule(static)
    for (int row = 0; row < pass->batch->tokens; row++) {
        double begun = profile_begin();
        const size_t offset = (size_t)row * (size_t)H;
        void *kept_z = operand_at(type, pass->kept->z, offset);
        real *z = operand_place(type, kept_z, row_of_thread(pass->memory));
        real *x = pass->x + offset;
        memcpy(z, word_vector(pass, row), (size_t)H * sizeof *z);
        kernels->accumulate(params + position_offset(pass, row), z, (size_t)H);
        kernels->accumulate(params + type_offset(pass, row), z, (size_t)H);
        kernels->layernorm(params + norm->weight, params + norm->bias,
                           (real)pass->config->layer_norm_eps, z, x, pass->kept->mean + row,
                           pass->kept->rstd + row, H);
        struct dropout dropout = dropout_of(pass, row);
        if (dropout.threshold > 0)
            kernels->dropout(&dropout, (uint32_t)pass->rows->position[row], x, x, H);
        operand_store(type, z, kept_z, (size_t)H);
        operand_store(type, x, operand_at(type, pass->kept->x, offset), (size_t)H);
        profile_end(PROFILE_EMBEDDING, begun);
    }
}

/* What a row of the backward pass needs before LayerNorm's: dropout's. */
struct embedding_gradient {
    const struct embedding_pass *pass;
    real *dx; /* [T, H] */
};

static void drop_gradient(const void *context, int row)
{
    const struct embedding_gradient *at = context;
    const int H = at->pass->config->hidden;
    real *dx = at->dx + (size_t)row * (size_t)H;
    struct dropout dropout = dropout_of(at->pass, row);
    kernels->dropout(&dropout, (uint32_t)at->pass->rows->position[row], dx, dx, H);
}

/* Columns that a thread takes at a time. Several tokens add to one row of a table, so rows cannot
 * be shared out among threads without locks or a changing order of sums; columns can. */
enum { COLUMN_BLOCK = 64 };

void embedding_backward(const struct embedding_pass *pass, real *dx, real *grads)
{
    const int H = pass->config->hidden, T = pass->batch->tokens;
    const struct norm_layout *layout = &pass->layout->embedding_norm;
    const struct embedding_gradient gradient = {.pass = pass, .dx = dx};
    const struct norm_backward norm = {.rows = T,
                                       .n = H,
                                       .gamma = pass->params + layout->weight,
                                       .z_type = pass->compute_type,
                                       .z = pass->kept->z,
                                       .mean = pass->kept->mean,
                                       .rstd = pass->kept->rstd,
                                       .dy = dx,
                                       .dz = dx,
                                       .partial = pass->kept->partial,
                                       .before = drop_gradient,
                                       .context = &gradient,
                                       .memory = pass->memory,
                                       .profile = PROFILE_EMBEDDING};
    norm_backward_all(&norm);
    norm_backward_sums(&norm, grads + layout->weight, grads + layout->bias, NULL);
    if (pass->embedding_rows.gradients)
        array_clear(pass->embedding_rows.gradients, (size_t)pass->embedding_rows.count * (size_t)H);
#pragma omp parallel for schedule(static)
    for (int column = 0; column < H; column += COLUMN_BLOCK) {
        double begun = profile_begin();
        size_t width = (size_t)min_int(H - column, COLUMN_BLOCK);
        for (int row = 0; row < T; row++) {
            const real *dz = dx + (size_t)row * (size_t)H + column;
            kernels->accumulate(dz, word_gradient(pass, row, grads) + column, width);
            kernels->accumulate(dz, grads + position_offset(pass, row) + column, width);
            kernels->accumulate(dz, grads + type_offset(pass, row) + column, width);
        }
        profile_end(PROFILE_EMBEDDING, begun);
    }
}
