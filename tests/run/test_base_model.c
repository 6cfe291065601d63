/* ranks: 1 2 */
/* What all ranks know of a model that rank 0 reads, whatever it lies in. */
#include "lambert/run/base_model.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist/ranks.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/run/loaded_model.h"
#include "lambert/run/run.h"
#include "lambert/run/task_set.h"
#include "lambert/store/checkpoint_folder.h"
#include "lib/scratch.h"
#include "small_run.h"
#include "store/sample.h"

enum { HIDDEN = 16, LABELS = 2 };
static const char rows[] = "text\tlabel\nw1 w2\tyes\nw3\tno\nw4 w5\tyes\n";

/* "base", pre-trained for a step, and "tuned" on rows.tsv for two, with the best of them. */
static void begin(void)
{
    struct config config;
    struct error err;
    const struct run_request request = {.config = &config};
    scratch_open(ranks);
    if (dist_rank(ranks) == 0) {
        small_corpus_make("corpus", &(struct small_corpus){0});
        scratch_write(scratch_path("rows.tsv"), rows, strlen(rows));
    }
    dist_barrier(ranks);
    log_set_level(LOG_ERROR);
    small_config(&config, "corpus", "base", "phase.one.steps=1", "run.threads=1", NULL);
    if (run_training(ranks, &request, &err) < 0)
        fail_msg("%s", err.text);
    small_config(&config, "corpus", "tuned", "task.kind=classification", "task.text=text",
                 "task.label=label", "task.train=rows.tsv", "phase.one.steps=2",
                 "train.compute_type=bfloat16", "phase.one.sequence_length=20", "run.threads=1",
                 NULL);
    strcpy(config.run.start_from, scratch_path("base"));
    strcpy(config.task.train, scratch_path("rows.tsv"));
    strcpy(config.task.evaluate, scratch_path("rows.tsv"));
    if (run_training(ranks, &request, &err) < 0)
        fail_msg("%s", err.text);
}

static void end(void)
{
    log_set_level(LOG_INFO);
    scratch_close(ranks);
}

static void open_model(struct base_model *model, const char *path)
{
    struct error err;
    if (base_model_open(model, ranks, path, &err) < 0)
        fail_msg("%s", err.text);
}

static void all_ranks_know_the_model(void **state)
{
    (void)state;
    struct base_model model;
    begin();
    open_model(&model, scratch_path("base"));
    assert_int_equal(model.task.kind, TASK_NONE);
    assert_int_equal(model.labels.count, 0);
    assert_int_equal(model.sequence_length, 24);
    assert_int_equal(model.compute_type, TYPE_FLOAT32);
    base_model_close(&model);

    open_model(&model, scratch_path("tuned"));
    assert_int_equal(model.shape.hidden_size, HIDDEN);
    assert_int_equal(model.shape.max_position_embeddings, 32);
    assert_int_equal(model.task.kind, TASK_CLASSIFICATION);
    assert_string_equal(model.task.text, "text");
    assert_string_equal(model.task.train, ""); /* its files are not remembered */
    assert_int_equal(model.labels.count, LABELS);
    assert_string_equal(model.labels.names[0], "no");
    assert_int_equal(model.sequence_length, 20);
    assert_int_equal(model.compute_type, TYPE_BFLOAT16);
    assert_int_equal(vocabulary_size(model.vocabulary), 5 + 30);
    assert_true(model.tokenizer.lower_case);
    if (dist_rank(ranks) == 0) { /* a run folder is its best */
        char *best = checkpoint_best_path(scratch_path("tuned"));
        assert_string_equal(base_model_path(&model), best);
        assert_true(base_model_has(&model, "classifier.weight"));
        assert_false(base_model_has(&model, "qa_outputs.weight"));
        free(best);
    }
    base_model_close(&model);
    end();
}

static void what_is_no_model_is_an_error_of_all(void **state)
{
    (void)state;
    struct base_model model;
    struct error err;
    begin();
    assert_int_equal(base_model_open(&model, ranks, scratch_path("none"), &err), -1);
    assert_non_null(strstr(err.text, "none"));
    assert_int_equal(base_model_open(&model, ranks, scratch_path("corpus"), &err), -1);
    assert_non_null(
        strstr(err.text, "neither a Hugging Face model (no config.json), nor one of TensorFlow (no "
                         ".index), nor a run folder"));
    end();
}

/* --- to be asked (loaded_model.h) ----------------------------------------------------------------- */

/* Loads the model in a path with the head of a task; the result of loaded_model_init(). */
static int load(const char *path, enum task_kind kind, struct loaded_model *loaded,
                struct error *err)
{
    static struct objective objective; /* which outlives the model */
    static const struct objective *const objectives[] = {&objective};
    const struct bert_options options = {
        .capacity = {.tokens = 32, .sequences = 8, .labelled = 32, .longest = 32}};
    struct base_model model;
    objective = task_objective(kind, LABELS);
    open_model(&model, path);
    const int status = loaded_model_init(loaded, &model, ranks, objectives, 1, &options, err);
    base_model_close(&model);
    return status;
}

static void all_ranks_have_the_weights(void **state)
{
    (void)state;
    struct loaded_model loaded;
    struct error err;
    begin();
    if (load(scratch_path("tuned"), TASK_CLASSIFICATION, &loaded, &err) < 0)
        fail_msg("%s", err.text);
    const struct param_table *table = bert_params(loaded.bert);
    const struct param_info *head = &table->infos[param_table_find(table, "classifier.weight")];
    real *first = memory_new(table->size, sizeof *first);
    memcpy(first, loaded.params, table->size * sizeof *first);
    dist_broadcast(ranks, 0, first, table->size * sizeof *first);
    assert_memory_equal(first, loaded.params, table->size * sizeof *first);
    assert_int_equal(head->count, LABELS * HIDDEN);
    for (size_t i = 0; i < head->count; i++)
        assert_true(loaded.params[head->offset + i] != 0);
    free(first);
    loaded_model_release(&loaded);
    end();
}

static void a_head_that_was_never_learned_is_not_asked(void **state)
{
    (void)state;
    struct loaded_model loaded;
    struct error err;
    begin();
    assert_int_equal(load(scratch_path("tuned"), TASK_QUESTIONS, &loaded, &err), -1);
    assert_non_null(strstr(err.text, "has no qa_outputs.weight"));
    assert_int_equal(load(scratch_path("base"), TASK_CLASSIFICATION, &loaded, &err), -1);
    assert_non_null(strstr(err.text, "has no classifier.weight"));
    end();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(all_ranks_know_the_model),
        RANKS_TEST(what_is_no_model_is_an_error_of_all),
        RANKS_TEST(all_ranks_have_the_weights),
        RANKS_TEST(a_head_that_was_never_learned_is_not_asked),
    };
    return RANKS_RUN(tests, &argc, &argv);
}
