/* ranks: 1 2 */
/* Runs are made by run_init() on corpora of a few documents, and stored without a step. */
#include "run/start.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist/ranks.h"
#include "lambert/base/hash.h"
#include "lambert/base/log.h"
#include "lambert/store/checkpoint_folder.h"
#include "small_run.h"
#include "store/sample.h"

static void make_corpora(void)
{
    scratch_open(ranks);
    if (dist_rank(ranks) == 0) {
        small_corpus_make("corpus", &(struct small_corpus){0});
        small_corpus_make("shorter", &(struct small_corpus){.documents = 20});
        small_corpus_make("cased", &(struct small_corpus){.cased = true});
        small_corpus_make("other", &(struct small_corpus){.extra_word = "word"});
    }
    dist_barrier(ranks);
    log_set_level(LOG_ERROR);
}

static void remove_corpora(void)
{
    log_set_level(LOG_INFO);
    scratch_close(ranks);
}

static void open_run(struct run *run, const struct config *config)
{
    struct error err;
    if (run_init(run, ranks, config, false, 1, &err) < 0)
        fail_msg("%s", err.text);
}

static uint64_t weights_hash(const struct run *run)
{
    struct error err;
    const uint64_t hash = hash_bytes(trainer_weights(run->trainer),
                                     trainer_params(run->trainer)->size * sizeof(real));
    if (dist_same(ranks, "the weights", hash, &err) < 0)
        fail_msg("%s", err.text);
    dist_barrier(ranks);
    return hash;
}

/* A checkpoint of a run of this configuration, as if after `steps` steps; the hash of its weights.
 * `broken`: one of them is not finite. */
static uint64_t store_run(const struct config *config, int64_t steps, bool broken)
{
    const struct run_request request = {.config = config};
    struct run run;
    struct error err;
    open_run(&run, config);
    if (start_run(&run, &request, &err) < 0)
        fail_msg("%s", err.text);
    run.state.total_steps = run.state.phase_step = steps;
    run.state.tokens = 1234;
    run.meta.state = run.state;
    if (broken && dist_rank(ranks) == 0)
        trainer_weights(run.trainer)[0] = (real)INFINITY;
    trainer_broadcast_weights(run.trainer);
    const uint64_t hash = weights_hash(&run);
    char *path = checkpoint_path(config->run.folder, steps);
    if (trainer_save(run.trainer, path, &run.meta, &err) < 0)
        fail_msg("%s", err.text);
    free(path);
    run_release(&run);
    return hash;
}

/* Starting fails on all ranks, with the same sentence. */
static void assert_refused(const struct run_request *request, const char *sentence)
{
    struct run run;
    struct error err, same;
    open_run(&run, request->config);
    assert_int_equal(start_run(&run, request, &err), -1);
    if (!strstr(err.text, sentence))
        fail_msg("'%s' does not say '%s'", err.text, sentence);
    if (dist_same(ranks, "the sentence", hash_bytes(err.text, strlen(err.text)), &same) < 0)
        fail_msg("%s", same.text);
    run_release(&run);
}

/* --- fresh weights --------------------------------------------------------------------------- */

static void fresh_weights_follow_from_the_seed(void **state)
{
    (void)state;
    struct config config;
    uint64_t hashes[3];
    make_corpora();
    for (int i = 0; i < 3; i++) {
        small_config(&config, "corpus", "run", i < 2 ? "run.seed=5" : "run.seed=6", NULL);
        const struct run_request request = {.config = &config,
                                            .resume = i == 1}; /* nothing there */
        struct run run;
        struct error err;
        open_run(&run, &config);
        assert_int_equal(start_run(&run, &request, &err), 0);
        assert_int_equal(run.state.total_steps, 0);
        hashes[i] = weights_hash(&run);
        run_release(&run);
    }
    assert_true(hashes[0] == hashes[1] && hashes[0] != hashes[2]);
    remove_corpora();
}

/* --- resuming -------------------------------------------------------------------------------- */

static void a_run_goes_on(void **state)
{
    (void)state;
    struct config config;
    struct run run;
    struct error err;
    make_corpora();
    small_config(&config, "corpus", "run", "run.seed=5", NULL);
    const uint64_t first = store_run(&config, 1, false);
    const struct run_request request = {.config = &config, .resume = true};
    open_run(&run, &config);
    assert_int_equal(start_run(&run, &request, &err), 0);
    assert_int_equal(run.state.total_steps, 1);
    assert_int_equal(run.state.phase_step, 1);
    assert_int_equal(run.state.phase, 0);
    assert_int_equal(run.state.tokens, 1234);
    assert_true(weights_hash(&run) == first);
    run_release(&run);

    /* All steps of the phase are done: the next is to be run. */
    small_config(&config, "corpus", "done", NULL);
    store_run(&config, config.phases[0].steps, false);
    open_run(&run, &config);
    assert_int_equal(start_run(&run, &request, &err), 0);
    assert_int_equal(run.state.phase, 1);
    assert_int_equal(run.state.phase_step, 0);
    run_release(&run);
    remove_corpora();
}

static void another_run_is_refused(void **state)
{
    (void)state;
    struct config config;
    struct run run;
    struct error err;
    make_corpora();
    small_config(&config, "corpus", "run", NULL);
    store_run(&config, 1, false);
    assert_refused(&(struct run_request){.config = &config}, "already holds a run (");

    small_config(&config, "corpus", "run", "phase.one.learning_rate=0.5", NULL);
    struct run_request request = {.config = &config, .resume = true};
    assert_refused(&request, "cannot resume from ");
    assert_refused(&request, "phase.one.learning_rate");
    request.accept = "phase.one.learning_rate";
    open_run(&run, &config);
    if (start_run(&run, &request, &err) < 0)
        fail_msg("%s", err.text);
    run_release(&run);

    small_config(&config, "shorter", "run", NULL);
    request.accept = NULL;
    assert_refused(&request, "it was trained on another corpus (");
    assert_refused(&request, scratch_path("shorter"));
    remove_corpora();
}

/* --- from another model ------------------------------------------------------------------------ */

/* A new run in another folder, from the run folder FROM. */
static void start_from(struct config *config, const char *corpus, const char *from)
{
    small_config(config, corpus, "new", NULL);
    strcpy(config->run.start_from, scratch_path(from));
}

static void a_run_starts_from_anothers_weights(void **state)
{
    (void)state;
    struct config config;
    struct run run;
    struct error err;
    make_corpora();
    small_config(&config, "corpus", "run", "run.seed=5", NULL);
    const uint64_t first = store_run(&config, 2, false);
    start_from(&config, "shorter", "run"); /* the corpus may be another */
    const struct run_request request = {.config = &config};
    open_run(&run, &config);
    if (start_run(&run, &request, &err) < 0)
        fail_msg("%s", err.text);
    assert_true(weights_hash(&run) == first);
    assert_int_equal(run.state.total_steps, 0);
    assert_int_equal(run.state.tokens, 0);
    assert_int_equal(trainer_updates(run.trainer), 0);
    run_release(&run);
    remove_corpora();
}

static void a_model_that_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct config config;
    const struct run_request request = {.config = &config};
    make_corpora();
    small_config(&config, "corpus", "run", NULL);
    store_run(&config, 2, false);
    start_from(&config, "other", "run");
    assert_refused(&request, "cannot start from ");
    assert_refused(&request, "its vocabulary is not, byte for byte, that of the corpus ");
    start_from(&config, "cased", "run");
    assert_refused(&request, "it is uncased, and the corpus ");
    assert_refused(&request, "prepare the corpus without --cased");
    start_from(&config, "corpus", "run");
    config.model.num_attention_heads = 4;
    assert_refused(&request, "it has 2 attention heads, model.num_attention_heads is 4");
    start_from(&config, "corpus", "corpus"); /* a folder without checkpoints */
    assert_refused(&request,
                   "it is neither a Hugging Face model (no config.json), nor one of TensorFlow (no "
                   ".index), nor a run folder");

    small_config(&config, "corpus", "broken", NULL);
    store_run(&config, 2, true);
    start_from(&config, "corpus", "broken");
    assert_refused(&request, "weights that are not finite numbers");
    remove_corpora();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(fresh_weights_follow_from_the_seed),
        RANKS_TEST(a_run_goes_on),
        RANKS_TEST(another_run_is_refused),
        RANKS_TEST(a_run_starts_from_anothers_weights),
        RANKS_TEST(a_model_that_does_not_fit_is_refused),
    };
    return RANKS_RUN(tests, &argc, &argv);
}
