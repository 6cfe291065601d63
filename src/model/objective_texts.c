/* The heads for whole sequences (BERT, section 4.1), on the pooled row p of each after dropout:
 *
 *     z = p Wcᵀ + bc
 *
 * a class of several, a value, or labels of which each is there or not. */
#include <math.h>

#include "classifier.h"
#include "lambert/model/task_objectives.h"

static double count_labels(const struct packed_batch *batch)
{
    return labels_count(batch->labels, (size_t)batch->sequences * (size_t)batch->label_width);
}

static const struct objective on_pooled_rows = {.rows = OBJECTIVE_POOLED,
                                                .dropout = true,
                                                .params = classifier_forms,
                                                .param_count = CLASSIFIER_PARAMS,
                                                .count_terms = count_labels,
                                                .count_products = classifier_products,
                                                .plan = classifier_plan};

/* --- a class ---------------------------------------------------------------------------------- */

static int run_classes(const struct objective_pass *pass, struct objective_sums *sums)
{
    const struct packed_batch *batch = pass->batch;
    return classifier_run(pass, batch->label_width > 0 ? batch->labels : NULL, sums);
}

struct objective objective_classes(int classes)
{
    struct objective objective = on_pooled_rows;
    objective.name = "classes";
    objective.outputs = classes;
    objective.run = run_classes;
    return objective;
}

/* --- a value ---------------------------------------------------------------------------------- */

/* (z - value)², and its gradient over z. */
static struct term value_term(float value, double scale, real *z)
{
    const double apart = (double)*z - (double)value;
    const bool there = !isnan(value);
    *z = there ? (real)(2 * scale * apart) : 0;
    return (struct term){.there = there, .loss = there ? apart * apart : 0};
}

static int run_value(const struct objective_pass *pass, struct objective_sums *sums)
{
    const struct classifier *s = pass->scratch;
    classifier_forward(pass);
    for (int n = 0; n < pass->rows; n++)
        s->terms[n] = value_term(pass->batch->values[n], pass->scale, s->z + n);
    return classifier_backward(pass, pass->rows, sums);
}

static double count_values(const struct packed_batch *batch)
{
    double values = 0;
    for (int n = 0; n < batch->sequences; n++)
        values += !isnan(batch->values[n]);
    return values;
}

struct objective objective_value(void)
{
    struct objective objective = on_pooled_rows;
    objective.name = "value";
    objective.is_distance = true;
    objective.outputs = 1;
    objective.count_terms = count_values;
    objective.run = run_value;
    return objective;
}

/* --- labels ----------------------------------------------------------------------------------- */

/* With y for the label, 0 or 1: -y log σ(z) - (1 - y) log(1 - σ(z)) = max(z, 0) - z y + log(1 + e^-|z|),
 * where nothing overflows; and over z the gradient, σ(z) - y. */
static struct term binary_term(int32_t label, double scale, real *logit)
{
    const double z = (double)*logit, y = label, small = exp(-fabs(z));
    const double probability = (z < 0 ? small : 1) / (1 + small);
    *logit = label < 0 ? 0 : (real)(scale * (probability - y));
    return (struct term){.there = label >= 0,
                         .loss = fmax(z, 0) - z * y + log1p(small),
                         .correct = (z > 0) == (label > 0)};
}

static int run_labels(const struct objective_pass *pass, struct objective_sums *sums)
{
    const struct classifier *s = pass->scratch;
    const int N = pass->rows, K = pass->objective->outputs;
    classifier_forward(pass);
    for (int i = 0; i < N * K; i++)
        s->terms[i] =
            binary_term(packed_batch_label(pass->batch, i / K, i % K), pass->scale, s->z + i);
    return classifier_backward(pass, N * K, sums);
}

static void *plan_labels(const struct objective *objective, struct arena *arena,
                         const struct bert_config *config, const struct bert_capacity *capacity)
{
    const int rows = capacity->sequences, labels = objective->outputs;
    (void)config;
    struct classifier *kept = arena_take(arena, 1, sizeof *kept);
    const struct classifier taken = classifier_take(arena, rows, labels, rows * labels);
    if (kept)
        *kept = taken;
    return kept;
}

struct objective objective_labels(int labels)
{
    struct objective objective = on_pooled_rows;
    objective.name = "labels";
    objective.outputs = labels;
    objective.plan = plan_labels;
    objective.run = run_labels;
    return objective;
}
