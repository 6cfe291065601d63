/* Backward that computes layers again from the inputs of segments: the same bits as if everything
 * had been kept, in both types, for segments that divide the layers and others, whatever rows the
 * heads read; and what it saves. */
#include "lib/unit.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "random_batch.h"
#include "ways.h"

enum { LAYERS = 5 };

static const struct bert_config config = {.layers = LAYERS,
                                          .hidden = 45,
                                          .heads = 3,
                                          .intermediate = 65,
                                          .vocab = 151,
                                          .positions = 128,
                                          .types = 2,
                                          .layer_norm_eps = 1e-12,
                                          .hidden_dropout = 0.1,
                                          .attention_dropout = 0.1};

static const struct sequence_shape sequences[] = {{33, 5, 0}, {70, 9, 1}, {1, 0, 1}, {7, 2, 1}};
static const struct sequence_shape others[] = {{64, 3, 1}, {12, 1, 0}};

static const double scales[PRETRAINING_OBJECTIVES] = {0.02, 0.2};

/* What two micro-batches and an evaluation come to. */
struct outcome {
    size_t size;
    real *grads;
    struct objective_sums sums[OBJECTIVE_MOST];
};

static struct outcome outcome_of(const struct bert_config *model, enum float_type type,
                                 int recompute)
{
    struct outcome outcome = {0};
    struct packed_batch batch, other;
    struct bert *bert;
    struct error err;
    random_batch(&batch, sequences, sizeof sequences / sizeof *sequences, model->vocab, 3);
    random_batch(&other, others, sizeof others / sizeof *others, model->vocab, 4);
    struct bert_options options = options_for(&batch);
    options.compute_type = type;
    options.recompute = recompute;
    assert_int_equal(bert_new(&bert, model, &options, &err), 0);
    outcome.size = bert_params(bert)->size;
    outcome.grads = memory_new(outcome.size, sizeof *outcome.grads);
    real *params = memory_new(outcome.size, sizeof *params);
    random_params(bert_params(bert), 0.1, 4, params);
    memset(outcome.grads, 0x7f, outcome.size * sizeof *outcome.grads);
    bert_train_first(bert, params, &batch, scales, outcome.grads, outcome.sums);
    bert_evaluate(bert, params, &batch, outcome.sums);
    bert_train(bert, params, &other, scales, outcome.grads, outcome.sums);
    free(params);
    bert_free(bert);
    packed_batch_release(&batch);
    packed_batch_release(&other);
    return outcome;
}

static void check_outcomes(const struct bert_config *model, int most)
{
    for (enum float_type type = TYPE_FLOAT32; type <= TYPE_BFLOAT16; type++) {
        struct outcome kept = outcome_of(model, type, 0);
        for (int recompute = 1; recompute <= most; recompute++) {
            struct outcome made = outcome_of(model, type, recompute);
            assert_memory_equal(made.grads, kept.grads, kept.size * sizeof *kept.grads);
            assert_memory_equal(made.sums, kept.sums, sizeof kept.sums);
            free(made.grads);
        }
        free(kept.grads);
    }
}

/* Up to more than there are layers. */
static void check_default(void)
{
    check_outcomes(&config, LAYERS + 1);
}

static void no_bit_depends_on_it(void **state)
{
    (void)state;
    omp_set_num_threads(2);
    for_each_way(check_default);
}

/* An objective that reads all rows has the last block compute them all. */
static int sum_of_rows(const struct objective_pass *pass, struct objective_sums *sums)
{
    const size_t size = (size_t)pass->rows * (size_t)pass->config->hidden;
    for (size_t i = 0; i < size; i++) {
        const real weight = (real)(i % 7) - 3;
        sums->loss += (double)(weight * pass->x[i]);
        if (pass->dx)
            pass->dx[i] = (real)pass->scale * weight;
    }
    return pass->rows;
}

static void *plan_nothing(const struct objective *objective, struct arena *arena,
                          const struct bert_config *model, const struct bert_capacity *capacity)
{
    (void)objective;
    (void)arena;
    (void)model;
    (void)capacity;
    return NULL;
}

static void all_rows_of_the_last_block(void **state)
{
    (void)state;
    static const struct objective objective = {
        .name = "sum", .rows = OBJECTIVE_ALL, .plan = plan_nothing, .run = sum_of_rows};
    static const struct objective *const alone[] = {&objective};
    for (int layers = 1; layers <= 4; layers++) {
        struct bert_config model = config;
        model.layers = layers;
        model.objectives = alone;
        model.objective_count = 1;
        check_outcomes(&model, layers);
    }
}

/* --- memory ----------------------------------------------------------------------------------- */

enum { LARGE = 24, TOKENS = 4096, HIDDEN = 1024 };

static size_t large_memory(enum float_type type, int recompute)
{
    const struct bert_config model = {.layers = LARGE,
                                      .hidden = HIDDEN,
                                      .heads = 16,
                                      .intermediate = 4 * HIDDEN,
                                      .vocab = 30522,
                                      .positions = 512,
                                      .types = 2};
    const struct bert_options options = {
        .capacity = {.tokens = TOKENS, .sequences = 819, .labelled = 1434, .longest = 512},
        .compute_type = type,
        .recompute = recompute};
    return bert_memory(&model, &options);
}

/* Kept are n layers, of 12 H elements a token, and real inputs of all segments but one: that is how
 * the memory of two n differs, but for log-sum-exps and the like. */
static void memory_is_that_of_a_segment_and_inputs(void **state)
{
    (void)state;
    const size_t row = (size_t)TOKENS * HIDDEN;
    for (enum float_type type = TYPE_FLOAT32; type <= TYPE_BFLOAT16; type++) {
        const size_t layer = 12 * row * (type == TYPE_FLOAT32 ? sizeof(real) : sizeof(uint16_t));
        const size_t input = row * sizeof(real), one = large_memory(type, 1);
        assert_int_equal(large_memory(type, LARGE), large_memory(type, 0));
        assert_true(one < large_memory(type, 0) - 18 * layer);
        for (int n = 2; n < LARGE; n++) {
            const size_t seen = large_memory(type, n) + 23 * input;
            const size_t inputs = (size_t)((LARGE - 1) / n) * input;
            const size_t wanted = one + (size_t)(n - 1) * layer + inputs;
            assert_true(seen >= wanted && seen - wanted < (size_t)n * layer / 100);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_bit_depends_on_it),
        cmocka_unit_test(all_rows_of_the_last_block),
        cmocka_unit_test(memory_is_that_of_a_segment_and_inputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
