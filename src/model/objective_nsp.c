/* Next sentence prediction (BERT, section 3.1), on the pooled row p of each sequence:
 *
 *     logits = p Wnᵀ + bn
 *
 * A sequence whose label is -1 has no term. */
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"
#include "lambert/model/objective.h"
#include "linear.h"

enum { WEIGHT, BIAS, PARAMS };
enum { CLASSES = 2 };

static const struct param_form params[PARAMS] = {
    [WEIGHT] = {"cls.seq_relationship.weight", WIDTH_OUTPUTS, WIDTH_HIDDEN, PARAM_NORMAL, false},
    [BIAS] = {"cls.seq_relationship.bias", WIDTH_OUTPUTS, WIDTH_NONE, PARAM_ZEROS, false},
};

static void *plan(const struct objective *objective, struct arena *arena,
                  const struct bert_config *config, const struct bert_capacity *capacity)
{
    (void)objective;
    (void)config;
    return arena_take(arena, (size_t)capacity->sequences * CLASSES, sizeof(real)); /* logits */
}

static int run(const struct objective_pass *pass, struct objective_sums *sums)
{
    const real *bias = pass->params + pass->offsets[BIAS];
    const int N = pass->rows;
    const struct linear classifier = {.rows = N,
                                      .in = pass->config->hidden,
                                      .out = CLASSES,
                                      .weight = pass->params + pass->offsets[WEIGHT],
                                      .compute_type = pass->compute_type,
                                      .ld_y = CLASSES,
                                      .profile = PROFILE_HEADS_GEMM};
    real *logits = pass->scratch;
    int labelled = 0;
    linear_forward(&classifier, pass->x, logits, NULL);
    for (int n = 0; n < N; n++) {
        const int32_t label = pass->batch->next_sentence_label[n];
        real *row = logits + (size_t)CLASSES * (size_t)n;
        bool correct;
        if (label < 0) { /* it gives no gradient */
            row[0] = row[1] = 0;
            continue;
        }
        sums->loss +=
            kernels->cross_entropy(bias, label, (real)pass->scale, row, &correct, CLASSES);
        sums->correct += correct;
        labelled++;
    }
    if (labelled == 0 || !pass->dx)
        return labelled;
    column_sums(logits, N, CLASSES, pass->grads + pass->offsets[BIAS]);
    linear_weight_gradient(&classifier, logits, pass->x, pass->grads + pass->offsets[WEIGHT]);
    linear_input_gradient(&classifier, logits, 0, pass->dx, NULL);
    return labelled;
}

static double count_terms(const struct packed_batch *batch)
{
    int labelled = 0;
    for (int n = 0; n < batch->sequences; n++)
        labelled += batch->next_sentence_label[n] >= 0;
    return labelled;
}

static double count_products(const struct objective *objective, const struct bert_config *config,
                             const struct packed_batch *batch)
{
    (void)objective;
    return (double)batch->sequences * CLASSES * config->hidden;
}

const struct objective objective_nsp = {.name = "nsp",
                                        .rows = OBJECTIVE_POOLED,
                                        .params = params,
                                        .param_count = PARAMS,
                                        .outputs = CLASSES,
                                        .count_terms = count_terms,
                                        .count_products = count_products,
                                        .plan = plan,
                                        .run = run};
