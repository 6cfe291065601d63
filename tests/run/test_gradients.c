/* ranks: 1 2 */
/* The gradient of a global batch against that of its samples, one micro-batch after the other. */
#include "lambert/run/gradients.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist/ranks.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/run/options.h"
#include "lambert/store/safetensors.h"
#include "small_run.h"
#include "store/sample.h"

enum { BATCH = 3, GLOBAL_BATCH = 4, SEED = 5 };

/* What gradients_write() is to find. */
struct expected {
    struct bert *bert;
    struct objective_sums sums[PRETRAINING_OBJECTIVES];
    double tokens;
    real *gradient; /* [table size] */
};

/* The samples of the global batch in one packed batch, of any capacity. */
static void fill_batch(const struct config *config, const struct corpus *corpus,
                       struct packed_batch *batch)
{
    const struct sampler_options options = sampler_options_of(config, 0);
    struct sampler *sampler;
    struct error err;
    assert_int_equal(sampler_new(&sampler, corpus_store(corpus, CORPUS_TRAIN),
                                 corpus_vocabulary(corpus), &options, &err),
                     0);
    packed_batch_init(batch);
    for (uint64_t i = 0; i < GLOBAL_BATCH; i++) {
        struct sample_plan plan;
        sampler_plan(sampler, BATCH * GLOBAL_BATCH + i, &plan, NULL);
        assert_int_equal(sampler_fill(sampler, &plan, batch, &err), 0);
    }
    sampler_free(sampler);
}

static void expect(struct expected *expected, const struct config *config)
{
    struct corpus *corpus;
    struct packed_batch batch;
    struct error err;
    double scales[OBJECTIVE_MOST];
    *expected = (struct expected){0};
    assert_int_equal(corpus_open(&corpus, config->data.corpus, &err), 0);
    fill_batch(config, corpus, &batch);
    const struct bert_config model =
        bert_config_of(config, vocabulary_size(corpus_vocabulary(corpus)));
    const struct bert_options options = bert_options_of(config);
    assert_true(batch.tokens <= options.capacity.tokens);
    assert_int_equal(bert_new(&expected->bert, &model, &options, &err), 0);
    const struct param_table *table = bert_params(expected->bert);
    real *params = memory_new(table->size, sizeof *params);
    expected->gradient = memory_new(table->size, sizeof *expected->gradient);
    param_table_initialise(table, model.initializer_range, SEED, params);
    bert_count_terms(expected->bert, &batch, scales);
    for (int o = 0; o < PRETRAINING_OBJECTIVES; o++)
        scales[o] = 1 / scales[o];
    bert_train(expected->bert, params, &batch, scales, expected->gradient, expected->sums);
    expected->tokens = batch.tokens;
    free(params);
    packed_batch_release(&batch);
    corpus_close(corpus);
}

static void assert_near(double found, double wanted)
{
    if (!(fabs(found - wanted) <= 1e-5 * fabs(wanted)))
        fail_msg("%.9g is not %.9g", found, wanted);
}

/* Every parameter is in the file, by its name. */
static void check_file(const struct expected *expected, const char *path, double norm)
{
    const struct param_table *table = bert_params(expected->bert);
    struct safetensors file;
    struct error err;
    double distance = 0, squares = 0;
    if (safetensors_open(&file, path, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(file.count, table->count);
    for (int t = 0; t < table->count; t++) {
        const struct param_info *info = &table->infos[t];
        const struct safetensors_tensor *tensor = safetensors_find(&file, info->name);
        assert_non_null(tensor);
        assert_int_equal(tensor->elements, info->count);
        float *values = memory_new(info->count, sizeof *values);
        safetensors_floats(tensor, values);
        for (size_t i = 0; i < info->count; i++) {
            distance += pow((double)values[i] - (double)expected->gradient[info->offset + i], 2);
            squares += pow((double)values[i], 2);
        }
        free(values);
    }
    assert_true(sqrt(distance / squares) < 1e-5);
    assert_near(norm, sqrt(squares));
    safetensors_close(&file);
}

static void a_global_batch_has_the_gradient_of_its_samples(void **state)
{
    (void)state;
    struct config config;
    struct expected expected;
    struct gradients_summary summary;
    struct error err;
    scratch_open(ranks);
    if (dist_rank(ranks) == 0)
        small_corpus_make("corpus", &(struct small_corpus){0});
    dist_barrier(ranks);
    log_set_level(LOG_ERROR);
    small_config(&config, "corpus", "run", "run.seed=5", "run.threads=1", NULL);
    assert_int_equal(config.phases[0].global_batch, GLOBAL_BATCH);
    const struct gradients_request request = {.config = &config, .batch = BATCH};
    if (gradients_write(ranks, &request, scratch_path("gradient"), &summary, &err) < 0)
        fail_msg("%s", err.text);
    expect(&expected, &config);
    const struct objective_sums *sums = expected.sums;
    assert_int_equal(summary.sequences, GLOBAL_BATCH);
    assert_true((double)summary.tokens == expected.tokens);
    assert_int_equal(summary.loss_count, PRETRAINING_OBJECTIVES);
    for (int o = 0; o < PRETRAINING_OBJECTIVES; o++) {
        assert_true(summary.losses[o].terms == sums[o].terms);
        assert_near(summary.losses[o].mean, sums[o].loss / sums[o].terms);
    }
    assert_string_equal(summary.losses[PRETRAINING_NSP].name, "nsp");
    check_file(&expected, scratch_path("gradient"), summary.gradient_norm);

    /* All ranks hear that rank 0 cannot write. */
    assert_int_equal(
        gradients_write(ranks, &request, scratch_path("none/gradient"), &summary, &err), -1);
    assert_non_null(strstr(err.text, "none/gradient"));
    log_set_level(LOG_INFO);
    bert_free(expected.bert);
    free(expected.gradient);
    scratch_close(ranks);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {RANKS_TEST(a_global_batch_has_the_gradient_of_its_samples)};
    return RANKS_RUN(tests, &argc, &argv);
}
