/* ranks: 1 2 */
/* Runs are made by run_init() on corpora of a few documents, and stored without a step. */
#include "run/start.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist/ranks.h"
#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
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
        small_corpus_make("pieces", &(struct small_corpus){.extra_word = "##w2"});
        small_corpus_make("joined", &(struct small_corpus){.extra_word = "w1w2"});
        small_corpus_make("capital", &(struct small_corpus){.extra_word = "W1w2", .cased = true});
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
    run_begin(run, ranks, config);
    if (run_init(run, false, 1, &err) < 0)
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
    if (dist_rank(ranks) == 0)
        assert_int_equal(folder_create(config->run.folder, &err), 0);
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

    /* All steps of the phase are done: it may still owe an evaluation, and then the next is to be run. */
    small_config(&config, "corpus", "done", NULL);
    store_run(&config, config.phases[0].steps, false);
    open_run(&run, &config);
    assert_int_equal(start_run(&run, &request, &err), 0);
    assert_int_equal(run.state.phase, 0);
    assert_int_equal(run.state.phase_step, config.phases[0].steps);
    run_pass_finished_phases(&run);
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
    assert_refused(&request, "run.new_tokens=mean");
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

/* --- with another vocabulary, or more positions --------------------------------------------------- */

/* Ids of the small corpora's tokens: five special ones, w0 to w29, and the extra one. */
enum { ID_W1 = 5 + 1, ID_EXTRA = 5 + 30 };

/* The weights of a run, which is released: free() and param_table_release(). */
struct kept_weights {
    struct param_table table;
    real *params;
};

static struct kept_weights start_and_keep(const struct config *config)
{
    const struct run_request request = {.config = config};
    struct kept_weights kept;
    struct run run;
    struct error err;
    open_run(&run, config);
    if (start_run(&run, &request, &err) < 0)
        fail_msg("%s", err.text);
    weights_hash(&run); /* the same on all ranks */
    param_table_init(&kept.table, &run.work->options.model);
    assert_int_equal(kept.table.size, trainer_params(run.trainer)->size);
    kept.params = memory_new(kept.table.size, sizeof *kept.params);
    memcpy(kept.params, trainer_weights(run.trainer), kept.table.size * sizeof *kept.params);
    run_release(&run);
    return kept;
}

static void release_kept(struct kept_weights *kept)
{
    param_table_release(&kept->table);
    free(kept->params);
}

static const struct param_info *info_of(const struct kept_weights *weights, const char *name)
{
    return &weights->table.infos[param_table_find(&weights->table, name)];
}

static const real *row_of(const struct kept_weights *weights, const char *name, int64_t row)
{
    const struct param_info *info = info_of(weights, name);
    assert_true(row < info->shape[0]);
    return weights->params + info->offset +
           (size_t)row * (info->dimensions == 2 ? (size_t)info->shape[1] : 1);
}

/* Whether all rows from `first` to below `end` are those of the other weights from `from` on. */
static void assert_rows_equal(const struct kept_weights *a, const struct kept_weights *b,
                              const char *name, int64_t first, int64_t end, int64_t from)
{
    const struct param_info *info = info_of(a, name);
    const size_t width = info->dimensions == 2 ? (size_t)info->shape[1] : 1;
    for (int64_t row = first; row < end; row++)
        assert_memory_equal(row_of(a, name, row), row_of(b, name, from + row - first),
                            width * sizeof(real));
}

/* All tensors but those that have rows of tokens or positions. */
static void assert_others_equal(const struct kept_weights *a, const struct kept_weights *b)
{
    for (int t = 0; t < a->table.count; t++) {
        const struct param_info *info = &a->table.infos[t];
        if (!strstr(info->name, "word_embeddings") && !strstr(info->name, "position_embeddings") &&
            strcmp(info->name, "cls.predictions.bias") != 0)
            assert_rows_equal(a, b, info->name, 0, info->shape[0], 0);
    }
}

static const char words[] = "bert.embeddings.word_embeddings.weight",
                  biases[] = "cls.predictions.bias",
                  positions[] = "bert.embeddings.position_embeddings.weight";

static void tokens_begin_as_the_mean_of_their_pieces(void **state)
{
    (void)state;
    struct config config;
    make_corpora();
    small_config(&config, "pieces", "run", "run.seed=5", NULL);
    store_run(&config, 2, false);
    small_config(&config, "pieces", "again", "run.seed=5", NULL);
    struct kept_weights old = start_and_keep(&config);

    start_from(&config, "joined", "run");
    config.run.new_tokens = NEW_TOKENS_MEAN;
    struct kept_weights mean = start_and_keep(&config);
    assert_others_equal(&mean, &old);
    assert_rows_equal(&mean, &old, positions, 0, info_of(&old, positions)->shape[0], 0);
    assert_rows_equal(&mean, &old, words, 0, ID_EXTRA, 0);
    assert_rows_equal(&mean, &old, biases, 0, ID_EXTRA, 0);
    const real *made = row_of(&mean, words, ID_EXTRA), *w1 = row_of(&old, words, ID_W1),
               *w2 = row_of(&old, words, ID_EXTRA);
    for (int c = 0; c < config.model.hidden_size; c++)
        assert_true(made[c] == (real)(((double)w1[c] + (double)w2[c]) / 2));

    /* A cased corpus: its tokens are read as the uncased model reads. */
    start_from(&config, "capital", "run");
    config.run.new_tokens = NEW_TOKENS_MEAN;
    struct kept_weights capital = start_and_keep(&config);
    assert_memory_equal(capital.params, mean.params, mean.table.size * sizeof(real));
    release_kept(&capital);

    start_from(&config, "joined", "run");
    config.run.new_tokens = NEW_TOKENS_FRESH;
    struct kept_weights fresh = start_and_keep(&config);
    struct kept_weights wanted = {.table = fresh.table,
                                  .params = memory_new(fresh.table.size, sizeof(real))};
    param_table_initialise(&fresh.table, config.model.initializer_range, (uint64_t)config.run.seed,
                           wanted.params);
    assert_others_equal(&fresh, &old);
    assert_rows_equal(&fresh, &old, words, 0, ID_EXTRA, 0);
    assert_rows_equal(&fresh, &wanted, words, ID_EXTRA, ID_EXTRA + 1, ID_EXTRA);
    assert_rows_equal(&fresh, &wanted, biases, ID_EXTRA, ID_EXTRA + 1, ID_EXTRA);
    free(wanted.params);
    release_kept(&old);
    release_kept(&mean);
    release_kept(&fresh);
    remove_corpora();
}

/* A token whose letters are unknown begins afresh; a corpus of the other case is read by its own vocabulary. */
static void tokens_without_pieces(void **state)
{
    (void)state;
    struct config config;
    make_corpora();
    small_config(&config, "corpus", "run", "run.seed=5", NULL);
    store_run(&config, 2, false);
    start_from(&config, "other", "run");
    config.run.new_tokens = NEW_TOKENS_MEAN;
    struct kept_weights mean = start_and_keep(&config);
    config.run.new_tokens = NEW_TOKENS_FRESH;
    struct kept_weights fresh = start_and_keep(&config);
    assert_memory_equal(mean.params, fresh.params, mean.table.size * sizeof(real));
    release_kept(&mean);
    release_kept(&fresh);

    /* The same vocabulary is nothing new, and the wrong case of it an accident. */
    start_from(&config, "cased", "run");
    config.run.new_tokens = NEW_TOKENS_MEAN;
    const struct run_request request = {.config = &config};
    assert_refused(&request, "it is uncased, and the corpus ");
    remove_corpora();
}

static void positions_beyond_the_models(void **state)
{
    (void)state;
    struct config config;
    const struct run_request request = {.config = &config};
    make_corpora();
    small_config(&config, "corpus", "run", "run.seed=5", NULL);
    const int its = config.model.max_position_embeddings, own = 2 * its + 8;
    store_run(&config, 2, false);
    small_config(&config, "corpus", "again", "run.seed=5", NULL);
    struct kept_weights old = start_and_keep(&config);

    start_from(&config, "corpus", "run");
    config.model.max_position_embeddings = own;
    assert_refused(&request, "say what the others begin as: run.new_positions=repeat");
    config.run.new_positions = NEW_POSITIONS_REPEAT;
    struct kept_weights repeated = start_and_keep(&config);
    assert_others_equal(&repeated, &old);
    assert_rows_equal(&repeated, &old, words, 0, ID_EXTRA, 0);
    for (int first = 0; first < own; first += its)
        assert_rows_equal(&repeated, &old, positions, first, first + its < own ? first + its : own,
                          0);

    config.run.new_positions = NEW_POSITIONS_FRESH;
    struct kept_weights fresh = start_and_keep(&config);
    struct kept_weights wanted = {.table = fresh.table,
                                  .params = memory_new(fresh.table.size, sizeof(real))};
    param_table_initialise(&fresh.table, config.model.initializer_range, (uint64_t)config.run.seed,
                           wanted.params);
    assert_rows_equal(&fresh, &old, positions, 0, its, 0);
    assert_rows_equal(&fresh, &wanted, positions, its, own, its);

    config.model.max_position_embeddings = its - 8;
    assert_refused(&request, "give the model as many");
    free(wanted.params);
    release_kept(&old);
    release_kept(&repeated);
    release_kept(&fresh);
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
        RANKS_TEST(tokens_begin_as_the_mean_of_their_pieces),
        RANKS_TEST(tokens_without_pieces),
        RANKS_TEST(positions_beyond_the_models),
    };
    return RANKS_RUN(tests, &argc, &argv);
}
