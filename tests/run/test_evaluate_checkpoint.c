/* ranks: 1 2 */
/* What a run found when it evaluated itself is found again in its checkpoint. */
#include "lambert/run/evaluate.h"

#include <math.h>
#include <string.h>

#include "dist/ranks.h"
#include "lambert/base/log.h"
#include "lambert/run/metrics.h"
#include "lambert/run/run.h"
#include "small_run.h"
#include "store/sample.h"

static void make_run(struct config *config, const char *word)
{
    struct error err;
    scratch_open(ranks);
    if (dist_rank(ranks) == 0) {
        small_corpus_make("corpus", &(struct small_corpus){.heldout = 0.4});
        small_corpus_make("whole", &(struct small_corpus){0});
        small_corpus_make("cased", &(struct small_corpus){.heldout = 0.4, .cased = true});
        small_corpus_make("other", &(struct small_corpus){.heldout = 0.4, .extra_word = "word"});
    }
    dist_barrier(ranks);
    log_set_level(LOG_ERROR);
    small_config(config, "corpus", "run", "run.threads=1", "train.evaluate_sequences=8", word,
                 NULL);
    if (run_training(ranks, &(struct run_request){.config = config}, &err) < 0)
        fail_msg("%s", err.text);
    dist_barrier(ranks);
}

static void remove_run(void)
{
    log_set_level(LOG_INFO);
    scratch_close(ranks);
}

/* The last line of the run's metrics is that of the evaluation after its last step. */
static void assert_found_again(const struct config *config, const char *wanted)
{
    struct checkpoint_file file;
    struct evaluation result;
    struct buffer text = {0};
    struct error err;
    const struct evaluation_request request = {.config = config, .checkpoint = wanted};
    if (evaluate_checkpoint(ranks, &request, &file, &result, &err) < 0)
        fail_msg("%s", err.text);
    assert_true((dist_rank(ranks) == 0) == (checkpoint_file_path(&file) != NULL));
    cJSON *fields = cJSON_CreateObject();
    metrics_add_evaluation(fields, config->phases[0].sequence_length, &result);
    char *found = cJSON_PrintUnformatted(fields);
    scratch_read(scratch_path("run/metrics.jsonl"), &text);
    const char *last = strstr(buffer_text(&text), "\"total_step\":3,\"total_sequences\"");
    last = last ? strstr(last, "\"kind\":\"evaluation\"") : NULL;
    assert_non_null(last);
    if (!strstr(last, found + 1)) /* without its bracket */
        fail_msg("'%s' is not in '%s'", found, last);
    cJSON_free(found);
    cJSON_Delete(fields);
    buffer_release(&text);
    checkpoint_file_close(&file);
    dist_barrier(ranks);
}

static void assert_refused(const struct config *config, const char *wanted, const char *sentence)
{
    struct checkpoint_file file;
    struct evaluation result;
    struct error err;
    const struct evaluation_request request = {.config = config, .checkpoint = wanted};
    assert_int_equal(evaluate_checkpoint(ranks, &request, &file, &result, &err), -1);
    if (!strstr(err.text, sentence))
        fail_msg("'%s' does not say '%s'", err.text, sentence);
    checkpoint_file_close(&file);
}

static void a_checkpoint_is_as_good_as_its_run(void **state)
{
    (void)state;
    struct config config;
    make_run(&config, NULL);
    assert_found_again(&config, NULL);
    assert_found_again(&config, scratch_path("run"));
    assert_found_again(&config, scratch_path("run/checkpoints/step-00000003.checkpoint"));
    remove_run();
}

/* The type is the checkpoint's, and another one only where that is asked for. */
static void evaluation_computes_as_training_did(void **state)
{
    (void)state;
    struct config config;
    make_run(&config, "train.compute_type=bfloat16");
    assert_found_again(&config, NULL);
    config.train.compute_type = TYPE_FLOAT32;
    assert_found_again(&config, NULL);
    struct evaluation results[2];
    for (int type = 0; type < 2; type++) {
        const struct evaluation_request request = {.config = &config, .keeps_type = true};
        struct checkpoint_file file;
        struct error err;
        config.train.compute_type = (enum float_type)type;
        assert_int_equal(evaluate_checkpoint(ranks, &request, &file, &results[type], &err), 0);
        checkpoint_file_close(&file);
        assert_int_equal(results[type].compute_type, type);
    }
    const double loss = results[TYPE_FLOAT32].sums[PRETRAINING_MLM].loss;
    const double other = results[TYPE_BFLOAT16].sums[PRETRAINING_MLM].loss;
    assert_true(loss != other);
    assert_true(fabs(loss - other) < 0x1p-8 * loss);
    remove_run();
}

static void what_cannot_be_evaluated_is_refused(void **state)
{
    (void)state;
    struct config config;
    make_run(&config, NULL);
    assert_refused(&config, scratch_path("corpus"), "there is no checkpoint in ");
    config.model.num_attention_heads = 4;
    assert_refused(&config, NULL, "cannot evaluate ");
    assert_refused(&config, NULL, "it has 2 attention heads, model.num_attention_heads is 4");
    config.model.num_attention_heads = 2;
    strcpy(config.data.corpus, scratch_path("whole"));
    assert_refused(&config, NULL, "has too few held-out documents to evaluate on");
    strcpy(config.data.corpus, scratch_path("other"));
    assert_refused(&config, NULL, "was trained with another vocabulary than the corpus ");
    strcpy(config.data.corpus, scratch_path("cased"));
    assert_refused(&config, NULL, "step-00000003.checkpoint: it is uncased, and the corpus ");
    assert_refused(&config, NULL, "/cased is cased; prepare the corpus without --cased");
    strcpy(config.run.folder, scratch_path("none"));
    assert_refused(&config, NULL, "there is no checkpoint in ");
    remove_run();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(a_checkpoint_is_as_good_as_its_run),
        RANKS_TEST(evaluation_computes_as_training_did),
        RANKS_TEST(what_cannot_be_evaluated_is_refused),
    };
    return RANKS_RUN(tests, &argc, &argv);
}
