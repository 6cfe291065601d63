/* The model in single precision, as it runs, with each table of row kernels and each way to make
 * matrix products: against the slow reference, with any number of threads, gradients against those
 * of the plain table with cblas; and the count of operations. */
#include "lib/unit.h"

#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"
#include "random_batch.h"
#include "reference.h"
#include "ways.h"

static const struct bert_config shape = {.layers = 3,
                                         .hidden = 48,
                                         .heads = 3,
                                         .intermediate = 100,
                                         .vocab = 301,
                                         .positions = 128,
                                         .types = 2,
                                         .gelu = GELU_ERF,
                                         .layer_norm_eps = 1e-12,
                                         .hidden_dropout = 0.1,
                                         .attention_dropout = 0.1};

static const struct sequence_shape sequences[] = {
    {33, 5, 0}, {128, 19, 1}, {5, 1, 1}, {70, 10, 0}, {99, 15, 1}};

static const double scales[PRETRAINING_OBJECTIVES] = {0.02, 0.2};

enum { SEQUENCES = sizeof sequences / sizeof sequences[0] };

static void check_losses(void)
{
    struct packed_batch batch;
    struct bert *bert;
    struct error err;
    struct objective_sums seen[PRETRAINING_OBJECTIVES] = {{0}},
                          wanted[PRETRAINING_OBJECTIVES] = {{0}};
    random_batch(&batch, sequences, SEQUENCES, shape.vocab, 3);
    struct bert_options options = options_for(&batch);
    assert_int_equal(bert_new(&bert, &shape, &options, &err), 0);
    const struct param_table *table = bert_params(bert);
    real *params = memory_new(table->size, sizeof *params);
    random_params(table, 0.1, 4, params);
    bert_evaluate(bert, params, &batch, seen);
    reference_losses(&shape, table, params, &batch, false, wanted);
    assert_true(fabs(seen[PRETRAINING_MLM].loss / wanted[PRETRAINING_MLM].loss - 1) < 1e-5);
    assert_true(fabs(seen[PRETRAINING_NSP].loss / wanted[PRETRAINING_NSP].loss - 1) < 1e-5);
    free(params);
    bert_free(bert);
    packed_batch_release(&batch);
}

static void losses_are_those_of_the_reference(void **state)
{
    (void)state;
    for_each_way(check_losses);
}

/* Gradient of the batch with this many threads. */
static real *gradient(const struct packed_batch *batch, int threads, size_t *size)
{
    struct bert *bert;
    struct error err;
    struct objective_sums sums[PRETRAINING_OBJECTIVES] = {{0}};
    struct bert_options options = options_for(batch);
    omp_set_num_threads(threads);
    assert_int_equal(bert_new(&bert, &shape, &options, &err), 0);
    const struct param_table *table = bert_params(bert);
    real *params = memory_new(table->size, sizeof *params);
    real *grads = memory_new(table->size, sizeof *grads);
    random_params(table, 0.1, 4, params);
    bert_train(bert, params, batch, scales, grads, sums);
    *size = table->size;
    free(params);
    bert_free(bert);
    return grads;
}

static void check_bits(void)
{
    struct packed_batch batch;
    size_t size;
    random_batch(&batch, sequences, SEQUENCES, shape.vocab, 3);
    real *one = gradient(&batch, 1, &size);
    for (int threads = 2; threads <= 5; threads++) {
        real *several = gradient(&batch, threads, &size);
        assert_memory_equal(one, several, size * sizeof *one);
        free(several);
    }
    free(one);
    packed_batch_release(&batch);
}

static double norm(const real *x, size_t n)
{
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += (double)x[i] * (double)x[i];
    return sqrt(squares);
}

/* Tensor by tensor. That of the keys' bias is 0 but for rounding: hence the whole one's norm. */
static void expect_close(const struct param_table *table, real *got, const real *wanted)
{
    const double whole = norm(wanted, table->size);
    for (int t = 0; t < table->count; t++) {
        const struct param_info *tensor = &table->infos[t];
        const size_t begin = tensor->offset, count = tensor->count;
        for (size_t i = begin; i < begin + count; i++)
            got[i] -= wanted[i];
        double apart = norm(got + begin, count), length = norm(wanted + begin, count);
        if (!(apart <= 1e-5 * length + 1e-7 * whole))
            fail_msg("%s kernels, %s: the gradient of %s, %g long, is off by %g", kernels->name,
                     gemm_is_blas() ? "cblas" : "tiles", tensor->name, length, apart);
    }
}

/* What a hooks saw: gradients as they were when they were said to be complete, and weights, which
 * are not there before they were asked for. */
struct sighting {
    const real *grads, *weights;
    real *seen, *params;           /* [size] */
    size_t size, complete, needed; /* elements in all */
    int pauses;
    bool backward;
};

static void see_need(void *who, size_t begin, size_t end)
{
    struct sighting *sighting = who;
    assert_false(sighting->backward);
    assert_true(begin < end && end <= sighting->size);
    for (size_t i = begin; i < end; i++) {
        assert_true(isnan(sighting->params[i]));
        sighting->params[i] = sighting->weights[i];
    }
    sighting->needed += end - begin;
}

static void see_complete(void *who, size_t begin, size_t end)
{
    struct sighting *sighting = who;
    assert_true(begin < end && end <= sighting->size);
    memcpy(sighting->seen + begin, sighting->grads + begin, (end - begin) * sizeof(real));
    sighting->complete += end - begin;
    sighting->backward = true;
}

static void see_pause(void *who)
{
    ((struct sighting *)who)->pauses++;
    assert_int_equal(omp_get_thread_num(), 0);
}

/* A training pass that is watched, with embedding_rows or NULL; returns the gradient. */
static real *watched_gradient(const struct packed_batch *batch, int recompute,
                              const struct bert_embedding_rows *embedding_rows)
{
    struct bert *bert;
    struct error err;
    struct objective_sums sums[PRETRAINING_OBJECTIVES] = {{0}};
    struct bert_options options = options_for(batch);
    options.recompute = recompute;
    assert_int_equal(bert_new(&bert, &shape, &options, &err), 0);
    size_t size = bert_params(bert)->size;
    real *weights = memory_new(size, sizeof *weights), *params = memory_new(size, sizeof *params);
    real *grads = memory_new(size, sizeof *grads), *seen = memory_new(size, sizeof *seen);
    struct sighting sighting = {
        .grads = grads, .weights = weights, .seen = seen, .params = params, .size = size};
    struct bert_hooks hooks = {.needs = see_need,
                               .complete = see_complete,
                               .pause = see_pause,
                               .who = &sighting,
                               .embedding_rows = embedding_rows};
    random_params(bert_params(bert), 0.1, 4, weights);
    for (size_t i = 0; i < size; i++)
        params[i] = (real)NAN;
    bert_set_hooks(bert, &hooks);
    bert_train(bert, params, batch, scales, grads, sums);
    assert_int_equal(sighting.needed, size);
    assert_int_equal(sighting.complete, size);
    assert_true(sighting.pauses >= 5 * shape.layers);
    assert_memory_equal(seen, grads, size * sizeof *grads);
    bert_set_hooks(bert, NULL);
    bert_train(bert, params, batch, scales, seen, sums); /* would trip over `backward` */
    free(weights);
    free(params);
    free(seen);
    bert_free(bert);
    return grads;
}

static void a_watch_is_told_the_truth(void **state)
{
    (void)state;
    struct packed_batch batch;
    random_batch(&batch, sequences, SEQUENCES, shape.vocab, 3);
    for (int recompute = 0; recompute < shape.layers; recompute++)
        free(watched_gradient(&batch, recompute, NULL));
    packed_batch_release(&batch);
}

/* A row for each token, in the reverse order of ids: the rows' order is the caller's. */
static void take_lookups(const struct packed_batch *batch, const real *weights, int32_t *slots,
                         real *vectors)
{
    size_t H = (size_t)shape.hidden;
    for (int t = 0; t < batch->tokens; t++)
        slots[t] = shape.vocab - 1 - batch->input_ids[t];
    for (int v = 0; v < shape.vocab; v++)
        memcpy(vectors + (size_t)(shape.vocab - 1 - v) * H, weights + (size_t)v * H,
               H * sizeof *vectors);
}

/* Values that came by themselves, gradients that leave by themselves, or both: the same sum. */
static void lookups_go_apart(void **state)
{
    (void)state;
    struct packed_batch batch;
    struct param_table table;
    size_t V = (size_t)shape.vocab, H = (size_t)shape.hidden;
    random_batch(&batch, sequences, SEQUENCES, shape.vocab, 3);
    param_table_init(&table, &shape);
    real *weights = memory_new(table.size, sizeof *weights);
    real *vectors = memory_new(V * H, sizeof *vectors);
    int32_t *slots = memory_new((size_t)batch.tokens, sizeof *slots);
    real *together = watched_gradient(&batch, 0, NULL);
    random_params(&table, 0.1, 4, weights);
    for (int way = 1; way <= 3; way++) {
        take_lookups(&batch, weights, slots, vectors);
        struct bert_embedding_rows embedding_rows = {.slots = slots,
                                                     .count = shape.vocab,
                                                     .values = way & 1 ? vectors : NULL,
                                                     .gradients = way & 2 ? vectors : NULL};
        real *apart = watched_gradient(&batch, 0, &embedding_rows);
        if (embedding_rows.gradients) {
            assert_memory_not_equal(apart, together, V * H * sizeof *apart);
            for (size_t v = 0; v < V; v++)
                kernels->accumulate(vectors + (V - 1 - v) * H, apart + v * H, H);
        }
        expect_close(&table, apart, together);
        free(apart);
    }
    free(weights);
    free(vectors);
    free(slots);
    free(together);
    param_table_release(&table);
    packed_batch_release(&batch);
}

static void threads_change_no_bit(void **state)
{
    (void)state;
    for_each_way(check_bits);
}

/* --- two models in one process ---------------------------------------------------------------- */

/* Larger and smaller than `shape`, so that whatever they share has to grow, and with another head. */
static const struct objective *const mlm_alone[] = {&objective_mlm};
static const struct bert_config other_shape = {.layers = 2,
                                               .hidden = 80,
                                               .heads = 2,
                                               .intermediate = 72,
                                               .vocab = 97,
                                               .positions = 128,
                                               .types = 2,
                                               .gelu = GELU_TANH,
                                               .layer_norm_eps = 1e-12,
                                               .hidden_dropout = 0.2,
                                               .attention_dropout = 0.1,
                                               .objectives = mlm_alone,
                                               .objective_count = 1};

struct model {
    struct packed_batch batch;
    struct bert *bert;
    size_t size;
    real *params, *grads;
    struct objective_sums sums[OBJECTIVE_MOST];
    struct bert_hooks hooks;
    int pauses;
};

static void count_pause(void *who)
{
    ((struct model *)who)->pauses++;
}

static void model_init(struct model *model, const struct bert_config *config)
{
    struct error err;
    *model = (struct model){.pauses = 0};
    random_batch(&model->batch, sequences, SEQUENCES, config->vocab, 3);
    struct bert_options options = options_for(&model->batch);
    assert_int_equal(bert_new(&model->bert, config, &options, &err), 0);
    model->size = bert_params(model->bert)->size;
    model->params = memory_new(model->size, sizeof *model->params);
    model->grads = memory_new(model->size, sizeof *model->grads);
    random_params(bert_params(model->bert), 0.1, 4, model->params);
    model->hooks = (struct bert_hooks){.pause = count_pause, .who = model};
    if (config == &shape)
        bert_set_hooks(model->bert, &model->hooks);
}

static void model_release(struct model *model)
{
    packed_batch_release(&model->batch);
    bert_free(model->bert);
    free(model->params);
    free(model->grads);
}

/* A small step along the gradient, which a later pass then sees. */
static void model_step(struct model *model)
{
    bert_train(model->bert, model->params, &model->batch, scales, model->grads, model->sums);
    bert_evaluate(model->bert, model->params, &model->batch, model->sums);
    kernels->axpy(-(real)0.01, model->grads, model->params, model->size);
}

static void same_model(const struct model *one, const struct model *other)
{
    assert_int_equal(one->size, other->size);
    assert_memory_equal(one->params, other->params, one->size * sizeof *one->params);
    assert_memory_equal(one->grads, other->grads, one->size * sizeof *one->grads);
    assert_memory_equal(one->sums, other->sums, sizeof one->sums);
}

static void check_turns(void)
{
    enum { STEPS = 3 };
    struct model alone[2], together[2];
    int pauses[2];
    for (int m = 0; m < 2; m++) {
        model_init(&alone[m], m == 0 ? &shape : &other_shape);
        for (int step = 0; step < STEPS; step++)
            model_step(&alone[m]);
        pauses[m] = alone[m].pauses;
    }
    for (int m = 0; m < 2; m++)
        model_init(&together[m], m == 0 ? &shape : &other_shape);
    for (int step = 0; step < STEPS; step++)
        for (int m = 0; m < 2; m++)
            model_step(&together[m]);
    for (int m = 0; m < 2; m++) {
        same_model(&alone[m], &together[m]);
        assert_int_equal(together[m].pauses, pauses[m]);
        model_release(&alone[m]);
        model_release(&together[m]);
    }
}

/* What products and tasks keep for the process shows in neither of them; nor do the hooks of the one
 * that has some while the other works. */
static void two_models_take_turns(void **state)
{
    (void)state;
    omp_set_num_threads(1); /* with more of them the number of pauses is chance */
    for_each_way(check_turns);
}

static struct packed_batch shared_batch;
static real *plain_gradient;

static void check_gradient(void)
{
    size_t size;
    struct bert *bert;
    struct error err;
    struct bert_options options = options_for(&shared_batch);
    real *got = gradient(&shared_batch, 2, &size);
    if (!plain_gradient) {
        plain_gradient = got;
        return;
    }
    assert_int_equal(bert_new(&bert, &shape, &options, &err), 0);
    expect_close(bert_params(bert), got, plain_gradient);
    bert_free(bert);
    free(got);
}

static void gradients_are_those_of_the_plain_kernels(void **state)
{
    (void)state;
    random_batch(&shared_batch, sequences, SEQUENCES, shape.vocab, 3);
    for_each_way(check_gradient);
    free(plain_gradient);
    packed_batch_release(&shared_batch);
}

/* Counted by hand for one layer, where all but keys and values is for head rows only. */
static void operations_are_the_useful_ones(void **state)
{
    (void)state;
    const struct bert_config config = {
        .layers = 1, .hidden = 4, .heads = 1, .intermediate = 8, .vocab = 10};
    const struct sequence_shape two[] = {{6, 1, 0}, {8, 2, 1}};
    struct packed_batch batch;
    random_batch(&batch, two, 2, config.vocab, 1);
    double keys_values = 14 * 2 * 16, rows = 5 * (2 * 16 + 2 * 32);
    double attention = 2 * (2 * 6 + 3 * 8) * 4, heads = 3 * (16 + 40) + 2 * (16 + 8);
    assert_true(bert_operations(&config, &batch) == 6 * (keys_values + rows + attention + heads));
    packed_batch_release(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(losses_are_those_of_the_reference),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(gradients_are_those_of_the_plain_kernels),
        cmocka_unit_test(a_watch_is_told_the_truth),
        cmocka_unit_test(lookups_go_apart),
        cmocka_unit_test(two_models_take_turns),
        cmocka_unit_test(operations_are_the_useful_ones),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
