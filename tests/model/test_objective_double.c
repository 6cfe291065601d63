/* The table of objectives carries others than the two of pre-training: small ones of this test, a
 * class of each sequence from [CLS] or from the pooled row, a number of each sequence, a class of
 * each token, by themselves and together with MLM and NSP. Gradients of every tensor against central
 * differences with dropout on; parameters, rows, terms and operations follow from the list. */
#include "lib/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "lambert/kernels/parallel.h"
#include "lambert/model/objective.h"
#include "model/linear.h"
#include "random_batch.h"
#include "two_types.h"

/* --- the objectives --------------------------------------------------------------------------- */

/* One layer on the rows, whatever they are. Labels are made from what the batch holds anyhow. */
enum { WEIGHT, BIAS, PARAMS };

#define FORMS(prefix)                                                                              \
    {                                                                                              \
        [WEIGHT] = {prefix ".weight", WIDTH_OUTPUTS, WIDTH_HIDDEN, PARAM_NORMAL, false},           \
        [BIAS] = {prefix ".bias", WIDTH_OUTPUTS, WIDTH_NONE, PARAM_ZEROS, false},                  \
    }

static const struct param_form classifier_forms[PARAMS] = FORMS("classifier");
static const struct param_form regression_forms[PARAMS] = FORMS("regression");
static const struct param_form tagger_forms[PARAMS] = FORMS("tagger");

static void *plan(const struct objective *objective, struct arena *arena,
                  const struct bert_config *config, const struct bert_capacity *capacity)
{
    const int rows = objective->rows == OBJECTIVE_ALL ? capacity->tokens : capacity->sequences;
    (void)config;
    return arena_take(arena, (size_t)rows * (size_t)objective->outputs, sizeof(real));
}

static struct linear layer_of(const struct objective_pass *pass)
{
    const int outputs = pass->objective->outputs;
    return (struct linear){.rows = pass->rows,
                           .in = pass->config->hidden,
                           .out = outputs,
                           .weight = pass->params + pass->offsets[WEIGHT],
                           .compute_type = pass->compute_type,
                           .ld_y = outputs};
}

static void forward(const struct objective_pass *pass)
{
    const struct linear layer = layer_of(pass);
    linear_forward(&layer, pass->x, pass->scratch, NULL);
}

/* The gradient of the outputs lies in scratch. */
static void backward(const struct objective_pass *pass)
{
    const struct linear layer = layer_of(pass);
    if (!pass->dx)
        return;
    column_sums(pass->scratch, pass->rows, layer.out, pass->grads + pass->offsets[BIAS]);
    linear_weight_gradient(&layer, pass->scratch, pass->x, 1, pass->grads + pass->offsets[WEIGHT]);
    linear_input_gradient(&layer, pass->scratch, 0, pass->dx, NULL);
}

static int row_label(const struct objective *objective, const struct packed_batch *batch, int row)
{
    return objective->rows == OBJECTIVE_ALL ? batch->token_type_ids[row]
                                            : (int)(batch->sample_index[row] % 3);
}

static int classify(const struct objective_pass *pass, struct objective_sums *sums)
{
    const int K = pass->objective->outputs;
    real *logits = pass->scratch;
    forward(pass);
    for (int r = 0; r < pass->rows; r++) {
        bool correct;
        sums->loss += kernels->cross_entropy(pass->params + pass->offsets[BIAS],
                                             row_label(pass->objective, pass->batch, r),
                                             (real)pass->scale, logits + r * K, &correct, K);
        sums->correct += correct;
    }
    backward(pass);
    return pass->rows;
}

/* (y - number of tokens / 10)²; sequences of an odd number have no term. */
static int regress(const struct objective_pass *pass, struct objective_sums *sums)
{
    real *y = pass->scratch;
    int terms = 0;
    forward(pass);
    for (int n = 0; n < pass->rows; n++) {
        const int tokens = pass->batch->sequence_start[n + 1] - pass->batch->sequence_start[n];
        const double apart =
            (double)y[n] + (double)pass->params[pass->offsets[BIAS]] - tokens / 10.0;
        y[n] = 0;
        if (tokens % 2 != 0)
            continue;
        sums->loss += apart * apart;
        y[n] = (real)(pass->scale * 2 * apart);
        terms++;
    }
    if (terms > 0)
        backward(pass);
    return terms;
}

static double count_sequences(const struct packed_batch *batch)
{
    return batch->sequences;
}

static double count_tokens(const struct packed_batch *batch)
{
    return batch->tokens;
}

static double count_even(const struct packed_batch *batch)
{
    int even = 0;
    for (int n = 0; n < batch->sequences; n++)
        even += (batch->sequence_start[n + 1] - batch->sequence_start[n]) % 2 == 0;
    return even;
}

static double count_products(const struct objective *objective, const struct bert_config *config,
                             const struct packed_batch *batch)
{
    const double rows = objective->rows == OBJECTIVE_ALL ? batch->tokens : batch->sequences;
    return rows * config->hidden * objective->outputs;
}

#define COMMON .param_count = PARAMS, .count_products = count_products, .plan = plan

static const struct objective pooled_class = {.name = "class",
                                              .rows = OBJECTIVE_POOLED,
                                              .params = classifier_forms,
                                              .outputs = 3,
                                              .count_terms = count_sequences,
                                              .run = classify,
                                              COMMON};
static const struct objective cls_number = {.name = "number",
                                            .rows = OBJECTIVE_CLS,
                                            .params = regression_forms,
                                            .outputs = 1,
                                            .count_terms = count_even,
                                            .run = regress,
                                            COMMON};
static const struct objective token_class = {.name = "tag",
                                             .rows = OBJECTIVE_ALL,
                                             .params = tagger_forms,
                                             .outputs = 4,
                                             .count_terms = count_tokens,
                                             .run = classify,
                                             COMMON};

/* --- lists of them ---------------------------------------------------------------------------- */

static const struct list {
    const char *name;
    const struct objective *objectives[OBJECTIVE_MOST];
    int count;
    int tensors; /* behind the layers */
} lists[] = {
    {"a class from the pooled row", {&pooled_class}, 1, 4},
    {"a number from [CLS]", {&cls_number}, 1, 2},
    {"a class of each token", {&token_class}, 1, 2},
    {"MLM alone", {&objective_mlm}, 1, 5},
    {"two that are pooled", {&pooled_class, &objective_nsp}, 2, 6},
    {"all rows and chosen ones", {&objective_mlm, &token_class, &cls_number}, 3, 9},
    {"as many as there may be",
     {&objective_nsp, &cls_number, &pooled_class, &objective_mlm},
     4,
     13},
};

enum { LISTS = sizeof lists / sizeof *lists };

/* One sequence has nothing masked and one no pair: each objective has rows without a term. */
static const struct sequence_shape sequences[] = {{9, 2, 0}, {8, 0, 1}, {14, 4, -1}};

struct fixture {
    const char *name;
    struct bert_config config;
    struct packed_batch batch;
    struct bert *bert;
    const struct param_table *table;
    double scales[OBJECTIVE_MOST];
    real *params, *grads;
};

static struct bert_config config_for(const struct list *list)
{
    return (struct bert_config){.layers = 2,
                                .hidden = 12,
                                .heads = 3,
                                .intermediate = 20,
                                .vocab = 37,
                                .positions = 80,
                                .types = 2,
                                .layer_norm_eps = 1e-12,
                                .hidden_dropout = 0.1,
                                .attention_dropout = 0.2,
                                .objectives = list->objectives,
                                .objective_count = list->count};
}

static void fixture_init(struct fixture *f, const struct list *list)
{
    struct error err;
    *f = (struct fixture){.name = list->name, .config = config_for(list)};
    random_batch(&f->batch, sequences, 3, f->config.vocab, 7);
    struct bert_options options = options_for(&f->batch);
    options.capacity.longest = options.capacity.tokens;
    assert_int_equal(bert_new(&f->bert, &f->config, &options, &err), 0);
    f->table = bert_params(f->bert);
    f->params = memory_new(f->table->size, sizeof(real));
    f->grads = memory_new(f->table->size, sizeof(real));
    random_params(f->table, 0.3, 11, f->params);
    bert_count_terms(f->bert, &f->batch, f->scales);
    for (int o = 0; o < list->count; o++)
        f->scales[o] = (1 + 0.3 * o) / f->scales[o];
}

static void fixture_release(struct fixture *f)
{
    packed_batch_release(&f->batch);
    bert_free(f->bert);
    free(f->params);
    free(f->grads);
}

static double loss(struct fixture *f, real *grads)
{
    struct objective_sums sums[OBJECTIVE_MOST] = {{0}};
    double all = 0;
    memset(grads, 0, f->table->size * sizeof *grads);
    bert_train(f->bert, f->params, &f->batch, f->scales, grads, sums);
    for (int o = 0; o < f->config.objective_count; o++)
        all += f->scales[o] * sums[o].loss;
    return all;
}

/* Central difference of the loss along a random direction within the tensor, against the gradient. The
 * losses are of the size of 10, which leaves a difference eight digits behind the point. */
static void check_tensor(struct fixture *f, const struct param_info *tensor, struct rng *rng)
{
    const double step = 1e-6;
    real *direction = memory_new(tensor->count, sizeof *direction),
         *at = f->params + tensor->offset;
    real *other = memory_new(f->table->size, sizeof *other);
    double wanted = 0, seen;
    for (size_t i = 0; i < tensor->count; i++) {
        direction[i] = (real)rng_normal(rng);
        wanted += (double)direction[i] * (double)f->grads[tensor->offset + i];
        at[i] += (real)step * direction[i];
    }
    seen = loss(f, other);
    for (size_t i = 0; i < tensor->count; i++)
        at[i] -= 2 * (real)step * direction[i];
    seen = (seen - loss(f, other)) / (2 * step);
    for (size_t i = 0; i < tensor->count; i++)
        at[i] += (real)step * direction[i];
    if (!(fabs(seen - wanted) <= 3e-7 * (fabs(wanted) + 0.1)))
        fail_msg("%s, %s: %.12g, but %.12g was expected", f->name, tensor->name, wanted, seen);
    free(direction);
    free(other);
}

/* Trains on another batch, which leaves its numbers wherever the model works. */
static void soil(struct fixture *f)
{
    static const struct sequence_shape other[] = {{31, 6, 0}};
    struct objective_sums sums[OBJECTIVE_MOST] = {{0}};
    struct packed_batch batch;
    random_batch(&batch, other, 1, f->config.vocab, 8);
    bert_train(f->bert, f->params, &batch, f->scales, f->grads, sums);
    packed_batch_release(&batch);
}

static void gradients_are_those_of_the_losses(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 5);
    for (int l = 0; l < LISTS; l++) {
        struct fixture f;
        fixture_init(&f, &lists[l]);
        soil(&f);
        loss(&f, f.grads);
        for (int t = 0; t < f.table->count; t++)
            check_tensor(&f, &f.table->infos[t], &rng);
        fixture_release(&f);
    }
}

/* Whatever the heads read, chosen rows or all. */
static void heads_compute_in_bfloat16_too(void **state)
{
    (void)state;
    for (int l = 0; l < LISTS; l++) {
        struct fixture f;
        fixture_init(&f, &lists[l]);
        expect_types_agree(f.name, &f.config, &f.batch, f.scales);
        fixture_release(&f);
    }
}

/* Each tensor of the list has a gradient, in its order, behind a pooler where one is read. */
static void the_table_has_the_tensors_of_the_list(void **state)
{
    (void)state;
    for (int l = 0; l < LISTS; l++) {
        struct fixture f;
        fixture_init(&f, &lists[l]);
        const bool pooled = param_table_find(f.table, "bert.pooler.dense.weight") >= 0;
        int number = 5 + 2 * 16 + 2 * pooled;
        assert_int_equal(f.table->count, 5 + 2 * 16 + lists[l].tensors);
        for (int o = 0; o < lists[l].count; o++)
            for (int p = 0; p < lists[l].objectives[o]->param_count; p++)
                assert_string_equal(f.table->infos[number++].name,
                                    lists[l].objectives[o]->params[p].name);
        assert_int_equal(number, f.table->count);
        fixture_release(&f);
    }
}

/* Terms that are counted beforehand are those that are met; an evaluation meets as many. */
static void terms_are_counted_beforehand(void **state)
{
    (void)state;
    for (int l = 0; l < LISTS; l++) {
        struct fixture f;
        struct objective_sums trained[OBJECTIVE_MOST] = {{0}}, evaluated[OBJECTIVE_MOST] = {{0}};
        double terms[OBJECTIVE_MOST];
        fixture_init(&f, &lists[l]);
        bert_count_terms(f.bert, &f.batch, terms);
        bert_train(f.bert, f.params, &f.batch, f.scales, f.grads, trained);
        bert_evaluate(f.bert, f.params, &f.batch, evaluated);
        for (int o = 0; o < lists[l].count; o++) {
            assert_true(terms[o] > 0);
            assert_true(trained[o].terms == terms[o] && evaluated[o].terms == terms[o]);
            assert_true(trained[o].loss > 0 && trained[o].loss != evaluated[o].loss);
        }
        fixture_release(&f);
    }
}

/* A list is not what a loss depends on: without dropout MLM's is the same by itself and in company. */
static void objectives_do_not_disturb_each_other(void **state)
{
    (void)state;
    const struct list alone = {"", {&objective_mlm}, 1, 5};
    const struct list company = {"", {&objective_mlm, &token_class}, 2, 7};
    struct objective_sums one[OBJECTIVE_MOST] = {{0}}, two[OBJECTIVE_MOST] = {{0}};
    struct fixture a, b;
    fixture_init(&a, &alone);
    fixture_init(&b, &company);
    memcpy(b.params, a.params, a.table->size * sizeof(real)); /* the tagger's come behind */
    bert_evaluate(a.bert, a.params, &a.batch, one);
    bert_evaluate(b.bert, b.params, &b.batch, two);
    assert_true(fabs(one[0].loss - two[0].loss) < 1e-11 * one[0].loss);
    assert_true(one[0].correct == two[0].correct);
    fixture_release(&a);
    fixture_release(&b);
}

/* By hand: with all rows read, the last block is as dear as any other. */
static void operations_follow_from_the_rows(void **state)
{
    (void)state;
    struct fixture f;
    const double H = 12, F = 20, T = 31, N = 3, pairs = 9 * 9 + 8 * 8 + 14 * 14, cls_pairs = T;
    const double block = T * (4 * H * H + 2 * H * F) + 2 * pairs * H;
    const double cls_block = T * 2 * H * H + N * (2 * H * H + 2 * H * F) + 2 * cls_pairs * H;
    fixture_init(&f, &lists[2]);
    assert_true(bert_operations(&f.config, &f.batch) == 6 * (2 * block + T * H * 4));
    fixture_release(&f);
    fixture_init(&f, &lists[1]);
    assert_true(bert_operations(&f.config, &f.batch) == 6 * (block + cls_block + N * H));
    fixture_release(&f);
    fixture_init(&f, &lists[0]);
    assert_true(bert_operations(&f.config, &f.batch) ==
                6 * (block + cls_block + N * H * H + 3 * N * H));
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gradients_are_those_of_the_losses),
        cmocka_unit_test(heads_compute_in_bfloat16_too),
        cmocka_unit_test(the_table_has_the_tensors_of_the_list),
        cmocka_unit_test(terms_are_counted_beforehand),
        cmocka_unit_test(objectives_do_not_disturb_each_other),
        cmocka_unit_test(operations_follow_from_the_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
