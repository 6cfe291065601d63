/* What the heads of pre-training say, in double precision: logits and the loss of each term against the slow
 * reference; labelled rows without a label, which have logits and no loss. */
#include "lib/unit.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "random_batch.h"
#include "reference_parts.h"

static const struct bert_config shape = {.layers = 1,
                                         .hidden = 6,
                                         .heads = 2,
                                         .intermediate = 8,
                                         .vocab = 11,
                                         .positions = 160,
                                         .types = 2,
                                         .layer_norm_eps = 1e-12,
                                         .hidden_dropout = 0.1,
                                         .attention_dropout = 0.1};

/* More labelled rows than the MLM head makes logits of at a time, 1,024. */
static const struct sequence_shape sequences[] = {
    {150, 149, 0}, {150, 149, 1}, {150, 149, -1}, {7, 0, 1},     {150, 149, 0},
    {150, 149, 1}, {150, 149, 0}, {150, 149, 1},  {150, 149, 0}, {3, 2, 1}};

enum { SEQUENCES = sizeof sequences / sizeof *sequences };

struct fixture {
    struct packed_batch batch;
    struct bert *bert;
    const struct param_table *table;
    real *params;
    struct objective_sums sums[PRETRAINING_OBJECTIVES];
    struct objective_outputs said[PRETRAINING_OBJECTIVES];
};

static void fixture_init(struct fixture *f)
{
    struct error err;
    *f = (struct fixture){.bert = NULL};
    random_batch(&f->batch, sequences, SEQUENCES, shape.vocab, 7);
    const struct bert_options options = options_for(&f->batch);
    assert_int_equal(bert_new(&f->bert, &shape, &options, &err), 0);
    f->table = bert_params(f->bert);
    f->params = memory_new(f->table->size, sizeof *f->params);
    random_params(f->table, 0.3, 11, f->params);
    const size_t M = (size_t)f->batch.labelled, V = (size_t)shape.vocab;
    f->said[PRETRAINING_MLM] = (struct objective_outputs){.logits = memory_new(M * V, sizeof(real)),
                                                          .losses = memory_new(M, sizeof(double))};
    f->said[PRETRAINING_NSP] =
        (struct objective_outputs){.logits = memory_new(SEQUENCES * 2, sizeof(real)),
                                   .losses = memory_new(SEQUENCES, sizeof(double))};
    assert_true(M > 1024);
}

static void fixture_release(struct fixture *f)
{
    for (int o = 0; o < PRETRAINING_OBJECTIVES; o++) {
        free(f->said[o].logits);
        free(f->said[o].losses);
    }
    packed_batch_release(&f->batch);
    bert_free(f->bert);
    free(f->params);
}

static void expect_row(const real *seen, const double *wanted, int count)
{
    for (int i = 0; i < count; i++)
        assert_true(fabs((double)seen[i] - wanted[i]) < 1e-11);
}

/* -log p of the label, by the logits; not a number without one. */
static void expect_loss(double seen, const double *logits, int count, int label)
{
    double correct = 0;
    if (label < 0)
        assert_true(isnan(seen));
    else
        assert_true(fabs(seen - reference_cross_entropy(logits, count, label, &correct)) < 1e-11);
}

static void expect_said(const struct fixture *f)
{
    struct reference_model model = {.config = &shape, .table = f->table, .params = f->params};
    const struct objective_outputs *mlm = &f->said[PRETRAINING_MLM],
                                   *nsp = &f->said[PRETRAINING_NSP];
    for (int n = 0, m = 0; n < SEQUENCES; n++) {
        const int begin = f->batch.sequence_start[n], label = f->batch.next_sentence_label[n];
        double *x = reference_encode(&model, &f->batch, n, shape.layers);
        double *logits = reference_sentence_logits(&model, x);
        expect_row(nsp->logits + 2 * n, logits, 2);
        expect_loss(nsp->losses[n], logits, 2, label);
        free(logits);
        for (; m < f->batch.labelled && f->batch.labelled_rows[m] < f->batch.sequence_start[n + 1];
             m++) {
            logits = reference_masked_logits(&model, x + (f->batch.labelled_rows[m] - begin) *
                                                             shape.hidden);
            expect_row(mlm->logits + m * shape.vocab, logits, shape.vocab);
            expect_loss(mlm->losses[m], logits, shape.vocab, f->batch.row_labels[m]);
            free(logits);
        }
        free(x);
    }
}

static double sum_of(const double *losses, int count, double *terms)
{
    double sum = 0;
    *terms = 0;
    for (int i = 0; i < count; i++)
        if (!isnan(losses[i])) {
            sum += losses[i];
            ++*terms;
        }
    return sum;
}

static void logits_and_losses_are_those_of_the_reference(void **state)
{
    (void)state;
    struct fixture f;
    double terms[PRETRAINING_OBJECTIVES], counted[PRETRAINING_OBJECTIVES];
    fixture_init(&f);
    for (int m = 0; m < f.batch.labelled; m += 3)
        f.batch.row_labels[m] = -1;
    bert_count_terms(f.bert, &f.batch, counted);
    bert_predict(f.bert, f.params, &f.batch, f.said, f.sums);
    expect_said(&f);
    const int counts[] = {[PRETRAINING_MLM] = f.batch.labelled, [PRETRAINING_NSP] = SEQUENCES};
    for (int o = 0; o < PRETRAINING_OBJECTIVES; o++) {
        assert_true(f.sums[o].loss == sum_of(f.said[o].losses, counts[o], &terms[o]));
        assert_true(f.sums[o].terms == terms[o] && terms[o] == counted[o]);
    }
    assert_true(terms[PRETRAINING_MLM] == f.batch.labelled - (f.batch.labelled + 2) / 3);
    fixture_release(&f);
}

/* What is not wanted is not written; the sums are those of an evaluation. */
static void outputs_may_be_left_out(void **state)
{
    (void)state;
    struct fixture f;
    struct objective_sums evaluated[PRETRAINING_OBJECTIVES] = {{0}};
    fixture_init(&f);
    const struct objective_outputs some[PRETRAINING_OBJECTIVES] = {
        [PRETRAINING_MLM] = {.losses = f.said[PRETRAINING_MLM].losses},
        [PRETRAINING_NSP] = {.logits = f.said[PRETRAINING_NSP].logits}};
    bert_predict(f.bert, f.params, &f.batch, some, f.sums);
    bert_evaluate(f.bert, f.params, &f.batch, evaluated);
    assert_memory_equal(evaluated, f.sums, sizeof evaluated);
    double terms;
    assert_true(sum_of(some[PRETRAINING_MLM].losses, f.batch.labelled, &terms) ==
                evaluated[PRETRAINING_MLM].loss);
    fixture_release(&f);
}

/* The gradient of a batch is that of the same one without the labelled rows that have no label. */
static void rows_without_a_label_have_no_gradient(void **state)
{
    (void)state;
    const double scales[PRETRAINING_OBJECTIVES] = {0.01, 0.1};
    struct fixture f;
    struct objective_sums sums[PRETRAINING_OBJECTIVES] = {{0}};
    fixture_init(&f);
    real *seen = memory_new(f.table->size, sizeof *seen);
    real *wanted = memory_new(f.table->size, sizeof *wanted);
    for (int m = 0; m < f.batch.labelled; m++)
        if (m % 4 != 1)
            f.batch.row_labels[m] = -1;
    bert_train(f.bert, f.params, &f.batch, scales, seen, f.sums);
    int kept = 0;
    for (int m = 1; m < f.batch.labelled; m += 4, kept++) {
        f.batch.labelled_rows[kept] = f.batch.labelled_rows[m];
        f.batch.row_labels[kept] = f.batch.row_labels[m];
    }
    f.batch.labelled = kept;
    bert_train(f.bert, f.params, &f.batch, scales, wanted, sums);
    for (size_t i = 0; i < f.table->size; i++)
        assert_true(fabs((double)seen[i] - (double)wanted[i]) < 1e-12);
    free(seen);
    free(wanted);
    fixture_release(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logits_and_losses_are_those_of_the_reference),
        cmocka_unit_test(outputs_may_be_left_out),
        cmocka_unit_test(rows_without_a_label_have_no_gradient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
