#include "heads.h"

#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"
#include "lambert/kernels/profile.h"
#include "linear.h"

void heads_plan(struct heads *heads, struct arena *arena, const struct bert_config *config,
                const struct bert_capacity *capacity)
{
    const size_t H = (size_t)config->hidden, N = (size_t)capacity->sequences;
    int most = 0;
    *heads = (struct heads){.objectives = objective_list_of(config)};
    for (int o = 0; o < heads->objectives.count; o++) {
        const struct objective *objective = heads->objectives.rows[o];
        const int rows = objective_rows_read(objective, capacity->tokens, capacity->sequences,
                                             capacity->labelled);
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

const real *heads_pooled(const struct heads_pass *pass, const real *x)
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
    return heads->pooled;
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
    linear_weight_gradient(&pooler, heads->dpooled, heads->cls, 1,
                           grads + pass->layout->pooler.weight);
    linear_input_gradient(&pooler, heads->dpooled, 0, heads->dcls, NULL);
    rows_scatter_add(N, pass->rows->cls, H, heads->dcls, dx);
}

/* --- each head -------------------------------------------------------------------------------- */

/* Row of the batch that is number r of those that an objective reads. */
static int batch_row(const struct heads_pass *pass, const struct objective *objective, int r)
{
    return objective->rows == OBJECTIVE_ALL        ? r
           : objective->rows == OBJECTIVE_LABELLED ? pass->batch->labelled_rows[r]
                                                   : pass->batch->sequence_start[r];
}

/* x [R, H] with dropout -> y, which may be x: the rows that an objective reads, or their gradient. */
static void drop_rows(const struct heads_pass *pass, const struct objective_pass *own,
                      const real *x, real *y)
{
    const int H = pass->config->hidden;
    const uint32_t threshold = dropout_threshold(pass->config->hidden_dropout);
#pragma omp parallel for schedule(static)
    for (int r = 0; r < own->rows; r++) {
        const int row = batch_row(pass, own->objective, r);
        const struct dropout dropout =
            dropout_at(pass->rows->key[row], DROPOUT_HEAD, 0, 0, threshold);
        kernels->dropout(&dropout, (uint32_t)pass->rows->position[row], x + (size_t)r * (size_t)H,
                         y + (size_t)r * (size_t)H, H);
    }
}

static struct objective_pass objective_pass_of(const struct heads_pass *pass, int o, real *grads)
{
    const struct packed_batch *batch = pass->batch;
    struct heads *heads = pass->heads;
    const struct objective *objective = heads->objectives.rows[o];
    return (struct objective_pass){
        .objective = objective,
        .config = pass->config,
        .batch = batch,
        .rows = objective_rows_read(objective, batch->tokens, batch->sequences, batch->labelled),
        .params = pass->params,
        .offsets = heads->each[o].offsets,
        .word = pass->layout->word,
        .scratch = heads->each[o].scratch,
        .compute_type = pass->compute_type,
        .dropout = pass->scales != NULL,
        .scale = pass->scales ? pass->scales[o] : 0,
        .outputs = pass->outputs ? pass->outputs[o] : (struct objective_outputs){0},
        .dx = grads ? heads->dx : NULL,
        .grads = grads};
}

/* Returns the number of terms. The gradient of the rows is added to dx, or to that of pooled rows. */
static int head_run(const struct heads_pass *pass, int o, const real *x, real *dx, real *grads,
                    struct objective_sums *sums)
{
    struct heads *heads = pass->heads;
    struct objective_pass own = objective_pass_of(pass, o, grads);
    const enum objective_rows rows = own.objective->rows;
    const int H = pass->config->hidden, R = own.rows;
    const bool pooled = rows == OBJECTIVE_POOLED, drops = own.dropout && own.objective->dropout;
    const int32_t *chosen = rows == OBJECTIVE_CLS        ? pass->rows->cls
                            : rows == OBJECTIVE_LABELLED ? pass->rows->labelled
                                                         : NULL;
    if (R == 0)
        return 0;
    own.x = pooled ? heads->pooled : chosen ? heads->x : x;
    if (chosen)
        rows_gather(TYPE_FLOAT32, R, chosen, H, x, heads->x);
    if (drops) {
        drop_rows(pass, &own, own.x, heads->x);
        own.x = heads->x;
    }
    const int terms = own.objective->run(&own, sums);
    sums->terms += terms;
    if (terms == 0 || !dx)
        return terms;
    if (drops)
        drop_rows(pass, &own, heads->dx, heads->dx);
    if (chosen)
        rows_scatter_add(R, chosen, H, heads->dx, dx);
    else
        rows_add(R, H, heads->dx, pooled ? heads->dpooled : dx);
    return terms;
}

void heads_run(const struct heads_pass *pass, const real *x, real *dx, real *grads,
               struct objective_sums *sums)
{
    struct heads *heads = pass->heads;
    const size_t H = (size_t)pass->config->hidden;
    int pooled_terms = 0;
    if (dx)
        memset(dx, 0, (size_t)pass->rows->head.count * H * sizeof *dx);
    if (heads->pooled)
        heads_pooled(pass, x);
    if (heads->pooled && dx)
        memset(heads->dpooled, 0, (size_t)pass->batch->sequences * H * sizeof *heads->dpooled);
    for (int o = 0; o < heads->objectives.count; o++) {
        const int terms = head_run(pass, o, x, dx, grads, &sums[o]);
        pooled_terms += heads->objectives.rows[o]->rows == OBJECTIVE_POOLED ? terms : 0;
    }
    if (pooled_terms > 0 && dx)
        pooler_backward(pass, dx, grads);
}
