/* The model in double precision: losses against a slow, obvious forward pass; the gradient of every
 * tensor against central differences, with dropout on; the whole model's directional derivative; a
 * batch in pieces against the batch as one. */
#include "lib/unit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "random_batch.h"
#include "reference.h"

struct case_shape {
    const char *name;
    struct bert_config config;
    struct sequence_shape sequences[4];
    int count;
};

#define DROPOUT .hidden_dropout = 0.1, .attention_dropout = 0.2
#define SHAPE   .vocab = 37, .positions = 80, .types = 2, .layer_norm_eps = 1e-12, DROPOUT

static const struct case_shape cases[] = {
    {"two layers, erf",
     {.layers = 2, .hidden = 12, .heads = 3, .intermediate = 20, .gelu = GELU_ERF, SHAPE},
     {{9, 2, 0}, {5, 1, 1}, {13, 4, 0}},
     3},
    {"one head, tanh",
     {.layers = 2, .hidden = 7, .heads = 1, .intermediate = 11, .gelu = GELU_TANH, SHAPE},
     {{6, 1, 1}, {17, 3, 0}},
     2},
    {"one layer: the first is the last",
     {.layers = 1, .hidden = 8, .heads = 2, .intermediate = 16, .gelu = GELU_ERF, SHAPE},
     {{8, 2, 1}, {8, 1, 0}},
     2},
    {"nothing masked in one, no next sentence in another",
     {.layers = 3, .hidden = 8, .heads = 4, .intermediate = 8, .gelu = GELU_TANH, SHAPE},
     {{7, 0, 1}, {11, 2, -1}, {5, 1, 0}},
     3},
    {"longer than a block of queries",
     {.layers = 2, .hidden = 8, .heads = 2, .intermediate = 12, .gelu = GELU_ERF, SHAPE},
     {{71, 68, 0}, {66, 3, 1}},
     2},
};

enum { CASES = sizeof cases / sizeof cases[0] };

struct fixture {
    const struct case_shape *shape;
    struct packed_batch batch;
    struct bert *bert;
    const struct param_table *table;
    real *params, *grads;
    double scales[PRETRAINING_OBJECTIVES];
};

static void fixture_init(struct fixture *f, const struct case_shape *shape)
{
    struct error err;
    *f = (struct fixture){.shape = shape};
    random_batch(&f->batch, shape->sequences, shape->count, shape->config.vocab, 7);
    struct bert_options options = options_for(&f->batch);
    assert_int_equal(bert_new(&f->bert, &shape->config, &options, &err), 0);
    f->table = bert_params(f->bert);
    f->params = memory_new(f->table->size, sizeof(real));
    f->grads = memory_new(f->table->size, sizeof(real));
    random_params(f->table, 0.3, 11, f->params);
    f->scales[PRETRAINING_MLM] = 1.0 / f->batch.labelled;
    f->scales[PRETRAINING_NSP] = 0.7 / f->batch.sequences;
}

static void fixture_release(struct fixture *f)
{
    packed_batch_release(&f->batch);
    bert_free(f->bert);
    free(f->params);
    free(f->grads);
}

/* The loss that bert_train() differentiates, dropout included; the gradient goes to grads. */
static double loss(struct fixture *f, real *grads)
{
    struct objective_sums sums[PRETRAINING_OBJECTIVES] = {{0}};
    memset(grads, 0, f->table->size * sizeof *grads);
    bert_train(f->bert, f->params, &f->batch, f->scales, grads, sums);
    return f->scales[PRETRAINING_MLM] * sums[PRETRAINING_MLM].loss +
           f->scales[PRETRAINING_NSP] * sums[PRETRAINING_NSP].loss;
}

/* Central difference of the loss along a direction [table size]. */
static double slope(struct fixture *f, const real *direction, double step)
{
    real *other = memory_new(f->table->size, sizeof(real));
    double ahead, behind;
    for (size_t i = 0; i < f->table->size; i++)
        f->params[i] += step * direction[i];
    ahead = loss(f, other);
    for (size_t i = 0; i < f->table->size; i++)
        f->params[i] -= 2 * step * direction[i];
    behind = loss(f, other);
    for (size_t i = 0; i < f->table->size; i++)
        f->params[i] += step * direction[i];
    free(other);
    return (ahead - behind) / (2 * step);
}

static double inner_product(const struct fixture *f, const real *direction)
{
    double sum = 0;
    for (size_t i = 0; i < f->table->size; i++)
        sum += direction[i] * f->grads[i];
    return sum;
}

static void assert_close(double seen, double wanted, double tolerance, const char *what)
{
    if (!(fabs(seen - wanted) <= tolerance * (fabs(wanted) + 1e-2)))
        fail_msg("%s: %.12g, but %.12g was expected", what, seen, wanted);
}

static void losses_are_those_of_the_reference(void **state)
{
    (void)state;
    for (int c = 0; c < CASES; c++) {
        struct fixture f;
        struct objective_sums seen[PRETRAINING_OBJECTIVES] = {{0}},
                              wanted[PRETRAINING_OBJECTIVES] = {{0}};
        fixture_init(&f, &cases[c]);
        bert_evaluate(f.bert, f.params, &f.batch, seen);
        reference_losses(&cases[c].config, f.table, f.params, &f.batch, false, wanted);
        assert_close(seen[PRETRAINING_MLM].loss, wanted[PRETRAINING_MLM].loss, 1e-11,
                     cases[c].name);
        assert_close(seen[PRETRAINING_NSP].loss, wanted[PRETRAINING_NSP].loss, 1e-11,
                     cases[c].name);
        assert_true(seen[PRETRAINING_MLM].correct == wanted[PRETRAINING_MLM].correct);
        assert_true(seen[PRETRAINING_NSP].correct == wanted[PRETRAINING_NSP].correct);
        assert_true(seen[PRETRAINING_MLM].terms == wanted[PRETRAINING_MLM].terms &&
                    seen[PRETRAINING_NSP].terms == wanted[PRETRAINING_NSP].terms);
        fixture_release(&f);
    }
}

/* Each of the four places drops, with a mask of its own, what the documented bits say. */
static void dropout_strikes_where_it_should(void **state)
{
    (void)state;
    for (int c = 0; c < CASES; c++) {
        struct fixture f;
        struct objective_sums seen[PRETRAINING_OBJECTIVES] = {{0}},
                              wanted[PRETRAINING_OBJECTIVES] = {{0}};
        struct objective_sums plain[PRETRAINING_OBJECTIVES] = {{0}};
        fixture_init(&f, &cases[c]);
        bert_train(f.bert, f.params, &f.batch, f.scales, f.grads, seen);
        reference_losses(&cases[c].config, f.table, f.params, &f.batch, true, wanted);
        reference_losses(&cases[c].config, f.table, f.params, &f.batch, false, plain);
        assert_close(seen[PRETRAINING_MLM].loss, wanted[PRETRAINING_MLM].loss, 1e-11,
                     cases[c].name);
        assert_close(seen[PRETRAINING_NSP].loss, wanted[PRETRAINING_NSP].loss, 1e-11,
                     cases[c].name);
        assert_true(fabs(plain[PRETRAINING_MLM].loss - wanted[PRETRAINING_MLM].loss) > 1e-3);
        fixture_release(&f);
    }
}

/* Along three random directions within each tensor. */
static void gradient_of_every_tensor(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 5);
    for (int c = 0; c < CASES; c++) {
        struct fixture f;
        fixture_init(&f, &cases[c]);
        loss(&f, f.grads);
        real *direction = memory_new(f.table->size, sizeof(real));
        for (int t = 0; t < f.table->count; t++) {
            const struct param_info *info = &f.table->infos[t];
            for (int repeat = 0; repeat < 3; repeat++) {
                char what[256];
                memset(direction, 0, f.table->size * sizeof *direction);
                for (size_t i = 0; i < info->count; i++)
                    direction[info->offset + i] = rng_normal(&rng);
                snprintf(what, sizeof what, "%s: %s", cases[c].name, info->name);
                assert_close(inner_product(&f, direction), slope(&f, direction, 1e-6), 2e-7, what);
            }
        }
        free(direction);
        fixture_release(&f);
    }
}

static void directional_derivative_of_the_model(void **state)
{
    (void)state;
    struct rng rng;
    rng_init(&rng, 6);
    for (int c = 0; c < CASES; c++) {
        struct fixture f;
        fixture_init(&f, &cases[c]);
        loss(&f, f.grads);
        real *direction = memory_new(f.table->size, sizeof(real));
        for (size_t i = 0; i < f.table->size; i++)
            direction[i] = rng_normal(&rng);
        assert_close(inner_product(&f, direction), slope(&f, direction, 1e-6), 1e-6, cases[c].name);
        free(direction);
        fixture_release(&f);
    }
}

static void gaps_between_tensors_get_no_gradient(void **state)
{
    (void)state;
    struct fixture f;
    fixture_init(&f, &cases[1]);
    loss(&f, f.grads);
    size_t end = 0;
    for (int t = 0; t <= f.table->count; t++) {
        size_t begin = t < f.table->count ? f.table->infos[t].offset : f.table->size;
        for (size_t i = end; i < begin; i++)
            assert_true(f.grads[i] == 0);
        if (t < f.table->count)
            end = begin + f.table->infos[t].count;
    }
    fixture_release(&f);
}

/* The same gradient from one sequence at a time: what makes accumulation exact. */
static void pieces_add_up_to_the_batch(void **state)
{
    (void)state;
    for (int c = 0; c < CASES; c++) {
        struct fixture f;
        struct packed_batch piece;
        struct objective_sums sums[PRETRAINING_OBJECTIVES] = {{0}};
        fixture_init(&f, &cases[c]);
        loss(&f, f.grads);
        real *pieces = memory_new(f.table->size, sizeof(real));
        packed_batch_init(&piece);
        for (int n = f.batch.sequences - 1; n >= 0; n--) {
            packed_batch_slice(&f.batch, n, 1, &piece);
            bert_train(f.bert, f.params, &piece, f.scales, pieces, sums);
        }
        for (size_t i = 0; i < f.table->size; i++)
            assert_close(pieces[i], f.grads[i], 1e-11, cases[c].name);
        packed_batch_release(&piece);
        free(pieces);
        fixture_release(&f);
    }
}

/* Whatever lies in the memory of its gradient, between the tensors too. */
static void the_first_piece_overwrites(void **state)
{
    (void)state;
    for (int c = 0; c < CASES; c++) {
        struct fixture f;
        struct objective_sums sums[PRETRAINING_OBJECTIVES] = {{0}};
        fixture_init(&f, &cases[c]);
        loss(&f, f.grads);
        real *first = memory_new(f.table->size, sizeof(real));
        for (size_t i = 0; i < f.table->size; i++)
            first[i] = NAN;
        bert_train_first(f.bert, f.params, &f.batch, f.scales, first, sums);
        for (size_t i = 0; i < f.table->size; i++)
            if (first[i] != f.grads[i])
                fail_msg("%s: element %zu is %g, not %g", cases[c].name, i, first[i], f.grads[i]);
        free(first);
        fixture_release(&f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_those_of_the_reference),
        cmocka_unit_test(dropout_strikes_where_it_should),
        cmocka_unit_test(gradient_of_every_tensor),
        cmocka_unit_test(directional_derivative_of_the_model),
        cmocka_unit_test(gaps_between_tensors_get_no_gradient),
        cmocka_unit_test(pieces_add_up_to_the_batch),
        cmocka_unit_test(the_first_piece_overwrites),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
