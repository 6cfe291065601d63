#include "classifier.h"

#include <string.h>

#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"
#include "lambert/kernels/profile.h"
#include "linear.h"

const struct param_form classifier_forms[CLASSIFIER_PARAMS] = CLASSIFIER_FORMS("classifier");

struct classifier classifier_take(struct arena *arena, int rows, int outputs, int terms)
{
    const size_t R = (size_t)rows, K = (size_t)outputs;
    return (struct classifier){.z = arena_take(arena, R * K, sizeof(real)),
                               .terms = arena_take(arena, (size_t)terms, sizeof(struct term)),
                               .zeros = arena_take(arena, K, sizeof(real))};
}

void *classifier_plan(const struct objective *objective, struct arena *arena,
                      const struct bert_config *config, const struct bert_capacity *capacity)
{
    const int rows =
        objective_rows_read(objective, capacity->tokens, capacity->sequences, capacity->labelled);
    (void)config;
    struct classifier *kept = arena_take(arena, 1, sizeof *kept);
    const struct classifier taken = classifier_take(arena, rows, objective->outputs, rows);
    if (kept)
        *kept = taken;
    return kept;
}

double classifier_products(const struct objective *objective, const struct bert_config *config,
                           const struct packed_batch *batch)
{
    return (double)objective_rows_read(objective, batch->tokens, batch->sequences,
                                       batch->labelled) *
           objective->outputs * config->hidden;
}

static struct linear layer_of(const struct objective_pass *pass)
{
    const int K = pass->objective->outputs;
    return (struct linear){.rows = pass->rows,
                           .in = pass->config->hidden,
                           .out = K,
                           .weight = pass->params + pass->offsets[CLASSIFIER_WEIGHT],
                           .compute_type = pass->compute_type,
                           .ld_y = K,
                           .profile = PROFILE_HEADS_GEMM};
}

void classifier_forward(const struct objective_pass *pass)
{
    const struct classifier *s = pass->scratch;
    const struct linear layer = layer_of(pass);
    const real *bias = pass->params + pass->offsets[CLASSIFIER_BIAS];
    const size_t K = (size_t)layer.out;
    linear_forward(&layer, pass->x, s->z, NULL);
#pragma omp parallel for schedule(static)
    for (int r = 0; r < pass->rows; r++) {
        real *z = s->z + (size_t)r * K;
        kernels->accumulate(bias, z, K);
        if (pass->outputs.logits)
            memcpy(pass->outputs.logits + (size_t)r * K, z, K * sizeof *z);
    }
}

int classifier_backward(const struct objective_pass *pass, int count, struct objective_sums *sums)
{
    const struct classifier *s = pass->scratch;
    const struct linear layer = layer_of(pass);
    const int terms = terms_add(s->terms, count, pass->outputs.losses, sums);
    if (terms == 0 || !pass->dx)
        return terms;
    column_sums(s->z, layer.rows, layer.out, pass->grads + pass->offsets[CLASSIFIER_BIAS]);
    linear_weight_gradient(&layer, s->z, pass->x, 1,
                           pass->grads + pass->offsets[CLASSIFIER_WEIGHT]);
    linear_input_gradient(&layer, s->z, 0, pass->dx, NULL);
    return terms;
}

int classifier_run(const struct objective_pass *pass, const int32_t *labels,
                   struct objective_sums *sums)
{
    const struct classifier *s = pass->scratch;
    const int K = pass->objective->outputs;
    classifier_forward(pass);
#pragma omp parallel for schedule(static)
    for (int r = 0; r < pass->rows; r++)
        s->terms[r] = label_term(s->zeros, labels ? labels[r] : -1, pass->scale,
                                 s->z + (size_t)r * (size_t)K, K);
    return classifier_backward(pass, pass->rows, sums);
}
