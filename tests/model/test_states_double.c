/* States of each layer and pooled rows, in double, against the slow reference; which tensors a model has
 * that is made for them; what it does beside. */
#include "lib/unit.h"

#include <math.h>
#include <stdlib.h>

#include "kept_states.h"
#include "lambert/base/memory.h"
#include "random_batch.h"
#include "reference_parts.h"

static const struct bert_config shape = {.layers = 3,
                                         .hidden = 12,
                                         .heads = 3,
                                         .intermediate = 20,
                                         .vocab = 37,
                                         .positions = 80,
                                         .types = 2,
                                         .layer_norm_eps = 1e-12,
                                         .hidden_dropout = 0.1,
                                         .attention_dropout = 0.2};
static const struct sequence_shape sequences[] = {{9, 2, 0}, {1, 0, 1}, {71, 4, 0}, {14, 0, -1}};
enum { SEQUENCES = sizeof sequences / sizeof *sequences };

static const struct objective *const states_and_pooled[] = {&objective_states, &objective_pooled};

static struct bert_config config_of(int count)
{
    struct bert_config config = shape;
    config.objectives = states_and_pooled;
    config.objective_count = count;
    return config;
}

static void expect_rows(const real *seen, const double *wanted, int count)
{
    for (int i = 0; i < count; i++)
        if (!(fabs((double)seen[i] - wanted[i]) < 1e-11))
            fail_msg("%.12g, but %.12g was expected", (double)seen[i], wanted[i]);
}

static void states_are_those_of_the_reference(void **state)
{
    (void)state;
    const int H = shape.hidden;
    struct packed_batch batch;
    struct kept_states kept;
    struct param_table table;
    const struct bert_config config = config_of(2);
    random_batch(&batch, sequences, SEQUENCES, shape.vocab, 3);
    const struct bert_options options = options_for(&batch);
    kept_states_init(&kept, &shape, &options, &batch, true);
    param_table_init(&table, &config);
    real *params = memory_new(table.size, sizeof *params);
    random_params(&table, 0.1, 4, params);
    const struct reference_model model = {.config = &shape, .table = &table, .params = params};
    for (int n = 0; n < SEQUENCES; n++)
        for (int layer = 0; layer <= shape.layers; layer++) {
            const int row = layer * batch.tokens + batch.sequence_start[n];
            double *x = reference_encode(&model, &batch, n, layer);
            expect_rows(kept.rows + row * H, x, sequences[n].tokens * H);
            double *pooled = reference_pooled(&model, x);
            if (layer == shape.layers)
                expect_rows(kept.pooled + n * H, pooled, H);
            free(pooled);
            free(x);
        }
    free(params);
    param_table_release(&table);
    kept_states_release(&kept);
    packed_batch_release(&batch);
}

/* A pooler where it is read, and no head. */
static void the_table_ends_with_what_is_read(void **state)
{
    (void)state;
    for (int count = 1; count <= 2; count++) {
        struct param_table table;
        const struct bert_config config = config_of(count);
        param_table_init(&table, &config);
        assert_int_equal(table.count, 5 + 16 * shape.layers + (count == 2 ? 2 : 0));
        assert_true((param_table_find(&table, "bert.pooler.dense.weight") >= 0) == (count == 2));
        param_table_release(&table);
    }
}

/* Pooled rows alone, of a model whose last block computes no other. */
static void keep_nothing_else(void *who, const real *rows)
{
    real *pooled = who;
    for (int i = 0; i < SEQUENCES * shape.hidden; i++)
        pooled[i] = rows[i];
}

static void pooled_rows_need_no_others(void **state)
{
    (void)state;
    struct packed_batch batch;
    struct kept_states kept;
    struct bert *bert;
    struct error err;
    struct bert_config config = config_of(1);
    config.objectives = states_and_pooled + 1;
    random_batch(&batch, sequences, SEQUENCES, shape.vocab, 3);
    const struct bert_options options = options_for(&batch);
    kept_states_init(&kept, &shape, &options, &batch, true);
    assert_int_equal(bert_new(&bert, &config, &options, &err), 0);
    real *params = memory_new(bert_params(bert)->size, sizeof *params);
    real *pooled = memory_new((size_t)(SEQUENCES * shape.hidden), sizeof *pooled);
    random_params(bert_params(bert), 0.1, 4, params);
    bert_states(bert, params, &batch,
                &(struct state_visitor){.pooled = keep_nothing_else, .who = pooled});
    for (int i = 0; i < SEQUENCES * shape.hidden; i++)
        assert_true(fabs((double)(pooled[i] - kept.pooled[i])) < 1e-12);
    free(params);
    free(pooled);
    bert_free(bert);
    kept_states_release(&kept);
    packed_batch_release(&batch);
}

/* Such a model has no terms, and evaluates to nothing. */
static void states_have_no_loss(void **state)
{
    (void)state;
    struct packed_batch batch;
    struct bert *bert;
    struct error err;
    struct objective_sums sums[2] = {{0}};
    double terms[2];
    const struct bert_config config = config_of(2);
    random_batch(&batch, sequences, SEQUENCES, shape.vocab, 3);
    const struct bert_options options = options_for(&batch);
    assert_int_equal(bert_new(&bert, &config, &options, &err), 0);
    real *params = memory_new(bert_params(bert)->size, sizeof *params);
    random_params(bert_params(bert), 0.1, 4, params);
    bert_count_terms(bert, &batch, terms);
    bert_evaluate(bert, params, &batch, sums);
    for (int o = 0; o < 2; o++)
        assert_true(terms[o] == 0 && sums[o].terms == 0 && sums[o].loss == 0);
    free(params);
    bert_free(bert);
    packed_batch_release(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states_are_those_of_the_reference),
        cmocka_unit_test(the_table_ends_with_what_is_read),
        cmocka_unit_test(pooled_rows_need_no_others),
        cmocka_unit_test(states_have_no_loss),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
