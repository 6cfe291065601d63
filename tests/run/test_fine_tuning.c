/* ranks: 1 2 */
/* Fine-tuning as work: what it makes of configuration, model and files, and what it refuses. The model is a
 * pre-trained one of a few thousand weights, the vocabulary w0 to w29. */
#include <stdlib.h>
#include <string.h>

#include "dist/ranks.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/run/run.h"
#include "lambert/store/checkpoint_folder.h"
#include "lib/scratch.h"
#include "run/start.h"
#include "small_run.h"
#include "store/sample.h"

static const char rows[] = "text\tlabel\tnumber\n"
                           "w1 w2 w3\tyes\t1.5\n"
                           "w4 w5\tno\t2\n"
                           "w6 w7 w8 w9\tyes\t3\n"
                           "w1\tno\t4\n"
                           "w2 w3\tperhaps\t5\n";

static void write_rows(const char *name, const char *text)
{
    if (dist_rank(ranks) == 0)
        scratch_write(scratch_path(name), text, strlen(text));
    dist_barrier(ranks);
}

/* The model to start from, in the folder "base", after a step of pre-training; and rows.tsv. */
static void begin(void)
{
    struct config config;
    struct error err;
    scratch_open(ranks);
    if (dist_rank(ranks) == 0)
        small_corpus_make("corpus", &(struct small_corpus){0});
    dist_barrier(ranks);
    log_set_level(LOG_ERROR);
    small_config(&config, "corpus", "base", "phase.one.steps=1", "run.threads=1", NULL);
    if (run_training(ranks, &(struct run_request){.config = &config}, &err) < 0)
        fail_msg("%s", err.text);
    write_rows("rows.tsv", rows);
}

static void end(void)
{
    log_set_level(LOG_INFO);
    scratch_close(ranks);
}

/* Of the rows, from the base, two epochs of batches of two. */
static void task_config(struct config *config, const char *run)
{
    small_config(config, "corpus", run, "task.kind=classification", "task.text=text",
                 "task.label=label", "task.train=rows.tsv", "phase.one.steps=0",
                 "phase.one.epochs=2", "phase.one.global_batch=2", "run.threads=1", NULL);
    strcpy(config->run.start_from, scratch_path("base"));
    strcpy(config->task.train, scratch_path("rows.tsv"));
}

static struct work *open_work(const struct config *config, bool resume)
{
    struct work *work;
    struct error err;
    if (work_open(&work, ranks, config, resume, &err) < 0)
        fail_msg("%s", err.text);
    return work;
}

static void assert_refused(const struct config *config, const char *sentence)
{
    struct work *work;
    struct error err;
    assert_int_equal(work_open(&work, ranks, config, false, &err), -1);
    if (!strstr(err.text, sentence))
        fail_msg("'%s' does not say '%s'", err.text, sentence);
}

static void model_and_rows_complete_the_configuration(void **state)
{
    (void)state;
    struct config config;
    begin();
    task_config(&config, "run");
    config.model.hidden_size = 64; /* the model's counts, but for dropout */
    config.model.hidden_dropout_prob = 0.25;
    struct work *work = open_work(&config, false);
    assert_int_equal(work->config.model.hidden_size, 16);
    assert_true(work->config.model.hidden_dropout_prob == 0.25);
    assert_int_equal(work->config.phases[0].steps, 5); /* 2 * 5 rows in batches of 2 */
    assert_int_equal(work->meta.labels_size, strlen("no\nperhaps\nyes\n"));
    assert_memory_equal(work->meta.labels, "no\nperhaps\nyes\n", work->meta.labels_size);
    assert_int_equal(work->options.model.objective_count, 1);
    assert_int_equal(work->options.model.objectives[0]->outputs, 3);
    assert_int_equal(work->options.bert.capacity.longest, 6); /* [CLS] w6 w7 w8 w9 [SEP] */
    assert_int_equal(work->options.bert.capacity.sequences, 96 / 3);
    work_close(work);

    /* Steps follow from the epochs where batches change, too: 2, 2, and twice 3 are the 10. */
    config.phases[0].batch_change_count = 1;
    config.phases[0].batch_changes[0] = (struct batch_change){2, 3};
    work = open_work(&config, false);
    assert_int_equal(work->config.phases[0].steps, 4);
    work_close(work);
    end();
}

static void labels_are_of_the_file_or_of_the_model(void **state)
{
    (void)state;
    struct config config;
    struct error err;
    begin();
    write_rows("labels.txt", "yes\nno\nperhaps\nnever\n");
    task_config(&config, "run");
    strcpy(config.task.label_file, scratch_path("labels.txt"));
    if (run_training(ranks, &(struct run_request){.config = &config}, &err) < 0)
        fail_msg("%s", err.text);

    /* Begun from that run's model, the rows have some of its labels, in another order. */
    task_config(&config, "next");
    strcpy(config.run.start_from, scratch_path("run"));
    struct work *work = open_work(&config, false);
    assert_memory_equal(work->meta.labels, "yes\nno\nperhaps\nnever\n", work->meta.labels_size);
    work_close(work);

    /* One that it has not makes them labels of their own. */
    write_rows("rows.tsv", "text\tlabel\nw1\tyes\nw2\tno\nw3\tother\n");
    work = open_work(&config, false);
    assert_memory_equal(work->meta.labels, "no\nother\nyes\n", work->meta.labels_size);
    work_close(work);
    end();
}

/* The weights that a new run begins with, of one tensor. */
static void first_weights(const struct config *config, const char *tensor, real *values,
                          size_t count)
{
    struct run run;
    struct error err;
    run_begin(&run, ranks, config);
    if (run_init(&run, false, 1, &err) < 0 || start_weights(&run, config->run.start_from, &err) < 0)
        fail_msg("%s", err.text);
    const struct param_table *table = trainer_params(run.trainer);
    const struct param_info *info = &table->infos[param_table_find(table, tensor)];
    assert_int_equal(info->count, count);
    memcpy(values, trainer_weights(run.trainer) + info->offset, count * sizeof *values);
    dist_barrier(ranks);
    run_release(&run);
}

/* As many outputs are not the same labels: the head of a run of other labels would say what it never learned. */
static void a_head_is_taken_over_with_its_labels_alone(void **state)
{
    (void)state;
    enum { COUNT = 3 * 16 };
    static const char head[] = "classifier.weight";
    real learned[COUNT], fresh[COUNT], same[COUNT], other[COUNT];
    struct config config;
    struct error err;
    begin();
    task_config(&config, "run");
    first_weights(&config, head, fresh, COUNT);
    if (run_training(ranks, &(struct run_request){.config = &config}, &err) < 0)
        fail_msg("%s", err.text);
    strcpy(config.run.start_from, scratch_path("run"));
    first_weights(&config, head, learned, COUNT);
    assert_memory_not_equal(learned, fresh, sizeof fresh);
    first_weights(&config, head, same, COUNT);
    assert_memory_equal(same, learned, sizeof learned);

    config.task.kind = TASK_MULTILABEL;
    first_weights(&config, head, other, COUNT);
    assert_memory_equal(other, fresh, sizeof fresh);
    config.task.kind = TASK_CLASSIFICATION;
    write_rows("rows.tsv", "text\tlabel\nw1\tgood\nw2\tbad\nw3\tneither\n");
    first_weights(&config, head, other, COUNT);
    assert_memory_equal(other, fresh, sizeof fresh);
    end();
}

/* Neither the model that it started from is needed any more, nor that the configuration names it. */
static void a_run_goes_on_without_its_start(void **state)
{
    (void)state;
    struct config config;
    struct error err;
    begin();
    task_config(&config, "run");
    if (run_training(ranks, &(struct run_request){.config = &config}, &err) < 0)
        fail_msg("%s", err.text);
    config.run.start_from[0] = '\0';
    assert_refused(&config, "run.start_from is empty");
    struct work *work = open_work(&config, true);
    assert_memory_equal(work->meta.labels, "no\nperhaps\nyes\n", work->meta.labels_size);
    work_close(work);

    write_rows("rows.tsv", "text\tlabel\nw1\tyes\nw2\tno\nw3\tperhaps\n");
    config.phases[0].epochs = 0;
    config.phases[0].steps = 5;
    const struct run_request request = {.config = &config, .resume = true};
    assert_int_equal(run_training(ranks, &request, &err), -1);
    assert_non_null(strstr(err.text, "it was trained on another training set ("));
    end();
}

static void what_cannot_be_trained_on_is_refused(void **state)
{
    (void)state;
    struct config config;
    begin();
    task_config(&config, "run");
    strcpy(config.task.metric, "pearson");
    assert_refused(&config, "task.metric (pearson) is not a metric of task.kind = classification");
    task_config(&config, "run");
    strcpy(config.task.positive, "never");
    assert_refused(&config, "task.positive (never) is not among the labels of ");
    task_config(&config, "run");
    config.phases[0].sequence_length = 33;
    assert_refused(&config, "phase.one.sequence_length (33) is more than the 32 positions");
    task_config(&config, "run");
    config.task.kind = TASK_REGRESSION;
    assert_refused(&config, "rows.tsv:2: 'yes' is not a number");
    task_config(&config, "run");
    config.phases[0].epochs = 1e9;
    assert_refused(&config, "phase.one.epochs (1e+09) are 2500000000 steps");
    task_config(&config, "run");
    strcpy(config.run.start_from, scratch_path("nowhere"));
    assert_refused(&config, "cannot start from ");
    task_config(&config, "run");
    write_rows("rows.tsv", "text\tlabel\nw1\tyes\nw2\tyes\n");
    assert_refused(&config, "rows.tsv has only the label 'yes'");
    config.task.kind = TASK_MULTILABEL;
    write_rows("rows.tsv", "text\tlabel\nw1\t\nw2\t\n");
    assert_refused(&config, "rows.tsv has no label in any row");
    end();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(model_and_rows_complete_the_configuration),
        RANKS_TEST(labels_are_of_the_file_or_of_the_model),
        RANKS_TEST(a_head_is_taken_over_with_its_labels_alone),
        RANKS_TEST(a_run_goes_on_without_its_start),
        RANKS_TEST(what_cannot_be_trained_on_is_refused),
    };
    return RANKS_RUN(tests, &argc, &argv);
}
