/* The heads of fine-tuning in double precision: what each says, its losses and what it counts as right
 * against a slow, obvious one; gradients of every tensor against central differences, with dropout on; what
 * has no label leaves no trace; a batch in pieces against the batch as one. */
#include "lib/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "reference_tasks.h"
#include "task_models.h"
#include "two_types.h"

static void for_each_model(void (*check)(struct task_model *model))
{
    for (int number = 0; number < TASK_MODELS; number++) {
        struct task_model model;
        task_model_init(&model, number);
        check(&model);
        task_model_release(&model);
    }
}

static void assert_close(double seen, double wanted, double tolerance, const char *what)
{
    if (!(fabs(seen - wanted) <= tolerance * (fabs(wanted) + 1e-2)))
        fail_msg("%s: %.12g, but %.12g was expected", what, seen, wanted);
}

/* --- what is said ----------------------------------------------------------------------------- */

static size_t rows_of(const struct task_model *model)
{
    const struct packed_batch *batch = &model->batch;
    return (size_t)objective_rows_read(&model->objective, batch->tokens, batch->sequences,
                                       batch->labelled);
}

/* Numbers that are not there in both: not a number. */
static void expect_numbers(const double *seen, const double *wanted, size_t count, const char *what)
{
    for (size_t i = 0; i < count; i++)
        if (!isnan(seen[i]) || !isnan(wanted[i]))
            assert_close(seen[i], wanted[i], 1e-11, what);
}

static void expect_sums(const struct objective_sums *seen, const struct objective_sums *wanted,
                        const char *what)
{
    assert_close(seen->loss, wanted->loss, 1e-11, what);
    assert_true(seen->correct == wanted->correct);
    assert_true(seen->terms == wanted->terms);
}

static void check_outputs(struct task_model *model)
{
    const char *name = model->objective.name;
    const size_t count = rows_of(model) * (size_t)model->objective.outputs;
    double *arrays[4]; /* logits and losses, seen and wanted */
    struct objective_sums seen = {0}, wanted = {0};
    for (int i = 0; i < 4; i++) {
        arrays[i] = memory_new(count, sizeof *arrays[i]);
        for (size_t k = 0; k < count; k++)
            arrays[i][k] = NAN;
    }
    const struct objective_outputs outputs = {.logits = (real *)arrays[0], .losses = arrays[1]};
    const struct reference_said said = {.logits = arrays[2], .losses = arrays[3]};
    bert_predict(model->bert, model->params, &model->batch, &outputs, &seen);
    reference_task(&model->config, model->table, model->params, &model->batch, false, &wanted,
                   &said);
    expect_sums(&seen, &wanted, name);
    expect_numbers(arrays[0], arrays[2], count, name);
    expect_numbers(arrays[1], arrays[3], count, name);
    assert_true(wanted.terms > 2 && wanted.terms < (double)count);
    for (int i = 0; i < 4; i++)
        free(arrays[i]);
}

static void what_is_said_is_the_reference(void **state)
{
    (void)state;
    for_each_model(check_outputs);
}

/* Labels become what the model guesses. */
static void take_guesses(const struct task_model *model, const real *logits, int32_t *labels)
{
    const int K = model->objective.outputs, count = (int)rows_of(model) * K;
    const struct packed_batch *batch = &model->batch;
    if (model->objective.rows == OBJECTIVE_ALL) {
        for (int i = 0; i < 2 * batch->sequences; i++) {
            const real *z = logits + 2 * batch->sequence_start[i / 2] + i % 2;
            const int rows = batch->sequence_start[i / 2 + 1] - batch->sequence_start[i / 2];
            labels[i] = 0;
            for (int r = 0; r < rows; r++)
                if (z[2 * r] > z[2 * labels[i]])
                    labels[i] = r;
        }
    } else if (strcmp(model->objective.name, "labels") == 0) {
        for (int i = 0; i < count; i++)
            labels[i] = logits[i] > 0;
    } else {
        for (int r = 0; r < count / K; r++)
            for (int k = labels[r] = 0; k < K; k++)
                if (logits[r * K + k] > logits[r * K + labels[r]])
                    labels[r] = k;
    }
}

/* Terms that are guessed right are rare with random weights; here they all are, and then none is. */
static void check_correct(struct task_model *model)
{
    struct packed_batch *batch = &model->batch;
    const bool labels = strcmp(model->objective.name, "labels") == 0;
    const int K = model->objective.outputs, count = (int)rows_of(model) * K;
    real *logits = memory_new((size_t)count, sizeof *logits);
    int32_t *guesses =
        model->objective.rows == OBJECTIVE_LABELLED ? batch->row_labels : batch->labels;
    struct objective_sums random = {0}, right = {0}, wrong = {0};
    const struct objective_outputs outputs = {.logits = logits};
    bert_predict(model->bert, model->params, batch, &outputs, &random);
    if (strcmp(model->objective.name, "value") == 0) {
        assert_true(random.terms > 0 && random.correct == 0);
        free(logits);
        return;
    }
    take_guesses(model, logits, guesses);
    bert_evaluate(model->bert, model->params, batch, &right);
    assert_true(right.terms > random.terms && right.correct == right.terms);
    if (model->objective.rows != OBJECTIVE_ALL) {
        for (int i = 0; i < (labels ? count : count / K); i++)
            guesses[i] = labels ? !guesses[i] : (guesses[i] + 1) % K;
        bert_evaluate(model->bert, model->params, batch, &wrong);
        assert_true(wrong.terms == right.terms && wrong.correct == 0);
    }
    free(logits);
}

static void the_likeliest_is_what_is_guessed(void **state)
{
    (void)state;
    for_each_model(check_correct);
}

/* A span of which one end is right is wrong. */
static void both_ends_of_a_span_count(void **state)
{
    (void)state;
    struct task_model model;
    struct objective_sums sums = {0};
    task_model_init(&model, TASK_MODELS - 1);
    check_correct(&model);
    for (int n = 0; n < model.batch.sequences; n++) {
        const int rows = model.batch.sequence_start[n + 1] - model.batch.sequence_start[n];
        int32_t *end = model.batch.labels + 2 * n + n % 2;
        *end = (*end + 1) % rows;
    }
    bert_evaluate(model.bert, model.params, &model.batch, &sums);
    assert_true(sums.correct == 1); /* the sequence of one row */
    task_model_release(&model);
}

/* --- dropout ---------------------------------------------------------------------------------- */

/* The rows that a head reads are dropped as the documented bits say, and those of a span are not. */
static void check_dropout(struct task_model *model)
{
    const size_t count = rows_of(model) * (size_t)model->objective.outputs;
    const struct reference_said said = {.logits = memory_new(count, sizeof(double)),
                                        .losses = memory_new(count, sizeof(double))};
    struct objective_sums seen = {0}, wanted = {0}, plain = {0};
    bert_train(model->bert, model->params, &model->batch, &model->scale, model->grads, &seen);
    reference_task(&model->config, model->table, model->params, &model->batch, true, &wanted,
                   &said);
    reference_task(&model->config, model->table, model->params, &model->batch, false, &plain,
                   &said);
    expect_sums(&seen, &wanted, model->objective.name);
    assert_true(fabs(plain.loss - wanted.loss) > 1e-3);
    free(said.logits);
    free(said.losses);
}

static void dropout_strikes_before_the_head(void **state)
{
    (void)state;
    for_each_model(check_dropout);
}

/* --- gradients -------------------------------------------------------------------------------- */

static struct rng rng;

/* Central difference of the loss along a random direction within the tensor, against the gradient. */
static void check_tensor(struct task_model *model, const struct param_info *tensor)
{
    const real step = 1e-6;
    real *direction = memory_new(tensor->count, sizeof *direction);
    real *other = memory_new(model->table->size, sizeof *other);
    real *at = model->params + tensor->offset;
    double wanted = 0, seen;
    for (size_t i = 0; i < tensor->count; i++) {
        direction[i] = (real)rng_normal(&rng);
        wanted += (double)direction[i] * (double)model->grads[tensor->offset + i];
        at[i] += step * direction[i];
    }
    seen = task_model_loss(model, other);
    for (size_t i = 0; i < tensor->count; i++)
        at[i] -= 2 * step * direction[i];
    seen = (seen - task_model_loss(model, other)) / (2 * (double)step);
    for (size_t i = 0; i < tensor->count; i++)
        at[i] += step * direction[i];
    if (!(fabs(seen - wanted) <= 3e-7 * (fabs(wanted) + 0.1)))
        fail_msg("%s, %s: %.12g, but %.12g was expected", model->objective.name, tensor->name,
                 wanted, seen);
    free(direction);
    free(other);
}

static void check_gradients(struct task_model *model)
{
    task_model_loss(model, model->grads);
    for (int t = 0; t < model->table->count; t++)
        for (int repeat = 0; repeat < 2; repeat++)
            check_tensor(model, &model->table->infos[t]);
}

static void gradients_are_those_of_the_losses(void **state)
{
    (void)state;
    rng_init(&rng, 5);
    for_each_model(check_gradients);
}

static void check_pieces(struct task_model *model)
{
    struct packed_batch piece;
    struct objective_sums sums = {0};
    real *pieces = memory_new(model->table->size, sizeof *pieces);
    const double loss = task_model_loss(model, model->grads);
    packed_batch_init(&piece);
    for (int n = model->batch.sequences - 1; n >= 0; n--) {
        packed_batch_slice(&model->batch, n, 1, &piece);
        bert_train(model->bert, model->params, &piece, &model->scale, pieces, &sums);
    }
    assert_close(model->scale * sums.loss, loss, 1e-11, model->objective.name);
    for (size_t i = 0; i < model->table->size; i++)
        assert_close((double)pieces[i], (double)model->grads[i], 1e-11, model->objective.name);
    packed_batch_release(&piece);
    free(pieces);
}

static void pieces_add_up_to_the_batch(void **state)
{
    (void)state;
    for_each_model(check_pieces);
}

static void check_types(struct task_model *model)
{
    expect_types_agree(model->objective.name, &model->config, &model->batch, &model->scale);
}

/* With exact sums: what differs is the rounding that is meant. */
static void heads_compute_in_bfloat16_too(void **state)
{
    (void)state;
    for_each_model(check_types);
}

/* --- no label --------------------------------------------------------------------------------- */

static void remove_labels(struct packed_batch *batch)
{
    for (int n = 0; n < batch->sequences; n++) {
        batch->values[n] = (float)NAN;
        for (int i = 0; i < batch->label_width; i++)
            batch->labels[n * batch->label_width + i] = -1;
    }
    for (int m = 0; m < batch->labelled; m++)
        batch->row_labels[m] = -1;
}

static void expect_nothing(struct task_model *model)
{
    struct objective_sums trained = {0}, evaluated = {0};
    double terms;
    memset(model->grads, 0, model->table->size * sizeof *model->grads);
    bert_count_terms(model->bert, &model->batch, &terms);
    bert_train(model->bert, model->params, &model->batch, &model->scale, model->grads, &trained);
    bert_evaluate(model->bert, model->params, &model->batch, &evaluated);
    assert_true(terms == 0 && trained.terms == 0 && evaluated.terms == 0);
    assert_true(trained.loss == 0 && trained.correct == 0 && evaluated.loss == 0);
    for (size_t i = 0; i < model->table->size; i++)
        assert_true(model->grads[i] == 0);
}

/* A batch whose sequences have no labels at all is one to predict. */
static void check_unlabelled(struct task_model *model)
{
    const size_t count = rows_of(model) * (size_t)model->objective.outputs;
    real *labelled = memory_new(count, sizeof *labelled), *bare = memory_new(count, sizeof *bare);
    struct objective_sums sums = {0};
    bert_predict(model->bert, model->params, &model->batch,
                 &(struct objective_outputs){.logits = labelled}, &sums);
    assert_true(sums.terms * model->scale == 1);
    remove_labels(&model->batch);
    expect_nothing(model);
    model->batch.label_width = 0;
    expect_nothing(model);
    bert_predict(model->bert, model->params, &model->batch,
                 &(struct objective_outputs){.logits = bare}, &sums);
    assert_memory_equal(labelled, bare, count * sizeof *bare);
    free(labelled);
    free(bare);
}

static void what_has_no_label_leaves_no_trace(void **state)
{
    (void)state;
    for_each_model(check_unlabelled);
}

/* Large logits: nothing overflows, and the loss of a certain mistake is its distance. */
static void labels_far_away_have_finite_losses(void **state)
{
    (void)state;
    struct task_model model;
    task_model_init(&model, 3);
    const int bias = param_table_find(model.table, "classifier.bias");
    double losses[32];
    for (int sign = -1; sign <= 1; sign += 2) {
        struct objective_sums sums = {0};
        assert_true(model.batch.sequences <= 32);
        model.params[model.table->infos[bias].offset] = sign * (real)1e6;
        for (int n = 0; n < model.batch.sequences; n++)
            model.batch.labels[n] = sign < 0;
        bert_predict(model.bert, model.params, &model.batch,
                     &(struct objective_outputs){.losses = losses}, &sums);
        for (int n = 0; n < model.batch.sequences; n++)
            assert_true(fabs(losses[n] - 1e6) < 100);
        task_model_loss(&model, model.grads);
        for (size_t i = 0; i < model.table->size; i++)
            assert_true(isfinite(model.grads[i]));
    }
    task_model_release(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_said_is_the_reference),
        cmocka_unit_test(the_likeliest_is_what_is_guessed),
        cmocka_unit_test(both_ends_of_a_span_count),
        cmocka_unit_test(dropout_strikes_before_the_head),
        cmocka_unit_test(gradients_are_those_of_the_losses),
        cmocka_unit_test(pieces_add_up_to_the_batch),
        cmocka_unit_test(heads_compute_in_bfloat16_too),
        cmocka_unit_test(what_has_no_label_leaves_no_trace),
        cmocka_unit_test(labels_far_away_have_finite_losses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
