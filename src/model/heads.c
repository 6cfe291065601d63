#include "heads.h"

#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"
#include "lambert/kernels/profile.h"
#include "linear.h"

/* Rows that a head reads of a batch of so many tokens, sequences and labelled rows. */
static int rows_read(const struct objective *objective, int tokens, int sequences, int labelled)
{
    const int counts[] = {[OBJECTIVE_CLS] = sequences,
                          [OBJECTIVE_POOLED] = sequences,
                          [OBJECTIVE_LABELLED] = labelled,
                          [OBJECTIVE_ALL] = tokens};
    return counts[objective->rows];
}

void heads_plan(struct heads *heads, struct arena *arena, const struct bert_config *config,
                const struct bert_capacity *capacity)
{
    const size_t H = (size_t)config->hidden, N = (size_t)capacity->sequences;
    int most = 0;
    *heads = (struct heads){.objectives = objective_list_of(config)};
    for (int o = 0; o < heads->objectives.count; o++) {
        const struct objective *objective = heads->objectives.rows[o];
        const int rows =
            rows_read(objective, capacity->tokens, capacity->sequences, capacity->labelled);
        most = max_int(most, rows);
        heads->each[o].scratch = objective->plan(objective, arena, config, capacity);
    }
    heads->x = arena_take(arena, (size_t)most * H, sizeof(real));
    heads->dx = arena_take(arena, (size_t)most * H, sizeof(real));
    if (!objective_list_reads(&heads->objectives, OBJECTIVE_POOLED))
        return;
    heads->cls = arena_take(arena, N * H, sizeof(real));
    heads->pooled = arena_take(arena, N * H, sizeof(real));
    heads->dpooled = arena_take(arena, N * H, sizeof(real));
    heads->dcls = arena_take(arena, N * H, sizeof(real));
    heads->partial = arena_take(arena, (size_t)row_blocks((int)N) * H, sizeof(real));
}

void heads_find_params(struct heads *heads, const struct param_table *table)
{
    for (int o = 0; o < heads->objectives.count; o++) {
        const struct objective *objective = heads->objectives.rows[o];
        require(objective->param_count <= OBJECTIVE_MOST_PARAMS);
        for (int p = 0; p < objective->param_count; p++) {
            int number = param_table_find(table, objective->params[p].name);
            require(number >= 0);
            heads->each[o].offsets[p] = table->infos[number].offset;
        }
    }
}

/* --- the pooler ------------------------------------------------------------------------------- */

static struct linear pooler_of(const struct heads_pass *pass)
{
    const int H = pass->config->hidden;
    return (struct linear){.rows = pass->batch->sequences,
                           .in = H,
                           .out = H,
                           .weight = pass->params + pass->layout->pooler.weight,
                           .compute_type = pass->compute_type,
                           .ld_y = H,
                           .profile = PROFILE_HEADS_GEMM};
}

static void pooler_forward(const struct heads_pass *pass, const real *x)
{
    struct heads *heads = pass->heads;
    const struct linear pooler = pooler_of(pass);
    const real *bias = pass->params + pass->layout->pooler.bias;
    const int H = pass->config->hidden, N = pass->batch->sequences;
    rows_gather(TYPE_FLOAT32, N, pass->rows->cls, H, x, heads->cls);
    linear_forward(&pooler, heads->cls, heads->pooled, NULL);
#pragma omp parallel for schedule(static)
    for (int n = 0; n < N; n++)
        kernels->bias_tanh(bias, heads->pooled + (size_t)n * (size_t)H, H);
}

/* dpooled is used up; tanh' = 1 - tanh². */
static void pooler_backward(const struct heads_pass *pass, real *dx, real *grads)
{
    struct heads *heads = pass->heads;
    const struct linear pooler = pooler_of(pass);
    const int H = pass->config->hidden, N = pass->batch->sequences;
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < (size_t)N * (size_t)H; i++)
        heads->dpooled[i] *= 1 - heads->pooled[i] * heads->pooled[i];
    bias_gradient(TYPE_FLOAT32, N, H, heads->dpooled, H, heads->partial,
                  grads + pass->layout->pooler.bias);
    linear_weight_gradient(&pooler, heads->dpooled, heads->cls,
                           grads + pass->layout->pooler.weight);
    linear_input_gradient(&pooler, heads->dpooled, 0, heads->dcls, NULL);
    rows_scatter_add(N, pass->rows->cls, H, heads->dcls, dx);
}

/* --- each head -------------------------------------------------------------------------------- */

void heads_run(const struct heads_pass *pass, const real *x, real *dx, real *grads,
               struct objective_sums *sums)
{
    struct heads *heads = pass->heads;
    const struct packed_batch *batch = pass->batch;
    const int H = pass->config->hidden;
    const size_t pooled_size = (size_t)batch->sequences * (size_t)H;
    int pooled_terms = 0;
    if (dx)
        memset(dx, 0, (size_t)pass->rows->head.count * (size_t)H * sizeof *dx);
    if (heads->pooled)
        pooler_forward(pass, x);
    if (heads->pooled && dx)
        memset(heads->dpooled, 0, pooled_size * sizeof *heads->dpooled);

    for (int o = 0; o < heads->objectives.count; o++) {
        const struct objective *objective = heads->objectives.rows[o];
        const bool pooled = objective->rows == OBJECTIVE_POOLED;
        const int32_t *chosen = objective->rows == OBJECTIVE_CLS        ? pass->rows->cls
                                : objective->rows == OBJECTIVE_LABELLED ? pass->rows->labelled
                                                                        : NULL;
        struct objective_pass own = {
            .objective = objective,
            .config = pass->config,
            .batch = batch,
            .rows = rows_read(objective, batch->tokens, batch->sequences, batch->labelled),
            .params = pass->params,
            .offsets = heads->each[o].offsets,
            .word = pass->layout->word,
            .scratch = heads->each[o].scratch,
            .compute_type = pass->compute_type,
            .dropout = pass->scales != NULL,
            .scale = pass->scales ? pass->scales[o] : 0,
            .x = pooled   ? heads->pooled
                 : chosen ? heads->x
                          : x,
            .dx = dx ? heads->dx : NULL,
            .grads = grads};
        if (own.rows == 0)
            continue;
        if (chosen)
            rows_gather(TYPE_FLOAT32, own.rows, chosen, H, x, heads->x);
        const int terms = objective->run(&own, &sums[o]);
        sums[o].terms += terms;
        if (terms == 0 || !dx)
            continue;
        if (chosen)
            rows_scatter_add(own.rows, chosen, H, heads->dx, dx);
        else
            rows_add(own.rows, H, heads->dx, pooled ? heads->dpooled : dx);
        pooled_terms += pooled ? terms : 0;
    }
    if (pooled_terms > 0 && dx)
        pooler_backward(pass, dx, grads);
}
