/* ranks: 1 2 */
/* Whole runs of a few steps. What they compute, and how they end by force, is tried by the scripts in
 * tests/end_to_end. */
#include "lambert/run/run.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "dist/ranks.h"
#include "lambert/base/file.h"
#include "lambert/base/json.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/store/checkpoint_folder.h"
#include "run/signals.h"
#include "small_run.h"
#include "store/sample.h"

static void begin(struct config *config)
{
    scratch_open(ranks);
    if (dist_rank(ranks) == 0)
        small_corpus_make("corpus", &(struct small_corpus){.heldout = 0.4});
    dist_barrier(ranks);
    log_set_level(LOG_ERROR);
    small_config(config, "corpus", "run", "phase.two.steps=2", "phase.two.sequence_length=16",
                 "phase.two.global_batch=2", "phase.two.learning_rate=0.01", "run.threads=1",
                 "train.evaluate_sequences=8", NULL);
}

static void end(void)
{
    log_set_level(LOG_INFO);
    scratch_close(ranks);
}

static int train(const struct run_request *request)
{
    struct error err;
    const int status = run_training(ranks, request, &err);
    if (status < 0)
        fail_msg("%s", err.text);
    dist_barrier(ranks);
    return status;
}

/* The lines of the metrics as "kind:phase:total_step ", but those of checkpoints, whose place among the others a
 * thread decides. */
static void read_lines(struct buffer *lines)
{
    struct buffer text = {0};
    scratch_read(scratch_path("run/metrics.jsonl"), &text);
    for (const char *line = buffer_text(&text); *line; line = strchr(line, '\n') + 1) {
        uint64_t step = 0;
        assert_non_null(strchr(line, '\n'));
        cJSON *object = cJSON_ParseWithLength(line, (size_t)(strchr(line, '\n') - line));
        assert_true(json_get_count(object, "total_step", &step));
        if (strcmp(json_get_text(object, "kind"), "checkpoint") != 0)
            buffer_print(lines, "%s:%s:%d ", json_get_text(object, "kind"),
                         json_get_text(object, "phase"), (int)step);
        cJSON_Delete(object);
    }
    buffer_release(&text);
}

static void assert_lines(const char *expected)
{
    struct buffer lines = {0};
    read_lines(&lines);
    assert_string_equal(buffer_text(&lines), expected);
    buffer_release(&lines);
}

static struct run_state newest_state(const struct config *config)
{
    struct checkpoint_file file;
    struct error err;
    assert_int_equal(checkpoint_newest(config->run.folder, &file, &err), 0);
    assert_non_null(checkpoint_file_path(&file));
    const struct run_state state = file.meta.state;
    checkpoint_file_close(&file);
    return state;
}

#define ALL_LINES                                                                                             \
    "run:one:0 evaluation:one:0 step:one:1 step:one:2 step:one:3 evaluation:one:3 time:one:3 products:one:3 " \
    "step:two:4 step:two:5 evaluation:two:5 time:two:5 products:two:5 time:two:5 "

/* The folder of a run, and what is said to those who come to it again. */
static void a_run_goes_through_its_phases(void **state)
{
    (void)state;
    struct config config;
    struct buffer wanted = {0}, written = {0};
    struct error err;
    begin(&config);
    train(&(struct run_request){.config = &config});
    assert_lines(ALL_LINES);
    const struct run_state last = newest_state(&config);
    assert_int_equal(last.total_steps, 5);
    assert_int_equal(last.phase, 1);
    assert_int_equal(last.phase_step, 2);
    assert_int_equal(last.sequences, 3 * 4 + 2 * 2);
    config_print(&config, false, &wanted);
    scratch_read(scratch_path("run/config.ini"), &written);
    assert_string_equal(buffer_text(&written), buffer_text(&wanted));
    buffer_release(&wanted);
    buffer_release(&written);
    dist_barrier(ranks);

    assert_int_equal(run_training(ranks, &(struct run_request){.config = &config}, &err), -1);
    assert_non_null(strstr(err.text, "already holds a run"));
    train(&(struct run_request){.config = &config, .resume = true}); /* nothing is left to do */
    assert_lines(ALL_LINES "run:two:5 ");

    config.phases[1].steps = 3;
    train(&(struct run_request){.config = &config, .resume = true, .accept = "phase.two.steps"});
    assert_lines(ALL_LINES
                 "run:two:5 run:two:5 step:two:6 evaluation:two:6 time:two:6 products:two:6 "
                 "time:two:6 ");
    assert_int_equal(newest_state(&config).total_steps, 6);
    end();
}

/* Raises a signal when the metrics have a line of a step. */
static void *raise_in_training(void *path)
{
    struct buffer text = {0};
    struct error err;
    do {
        buffer_release(&text);
        if (file_exists(path) && file_read(path, &text, &err) < 0)
            break;
    } while (!strstr(buffer_text(&text), "\"kind\":\"step\""));
    buffer_release(&text);
    raise(SIGTERM);
    return NULL;
}

/* To one rank; all stop after the step that they are in. The signal stays caught from here on. */
static void a_signal_ends_the_run_with_a_checkpoint(void **state)
{
    (void)state;
    struct config config;
    pthread_t thread;
    const bool last = dist_rank(ranks) == dist_size(ranks) - 1;
    begin(&config);
    char *metrics = memory_copy_text(scratch_path("run/metrics.jsonl"));
    config.phases[0].steps = 1000000;
    signals_watch();
    if (last)
        assert_int_equal(pthread_create(&thread, NULL, raise_in_training, metrics), 0);
    assert_int_equal(train(&(struct run_request){.config = &config}), RUN_STOPPED);
    if (last)
        pthread_join(thread, NULL);
    free(metrics);
    const struct run_state state_now = newest_state(&config);
    assert_in_range(state_now.total_steps, 1, 999999);
    assert_int_equal(state_now.phase, 0);
    end();
}

/* The signal of the test before. */
static void a_signal_before_training_leaves_nothing(void **state)
{
    (void)state;
    struct config config;
    begin(&config);
    assert_int_equal(train(&(struct run_request){.config = &config}), RUN_STOPPED);
    assert_false(folder_exists(config.run.folder));
    end();
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(a_run_goes_through_its_phases),
        RANKS_TEST(a_signal_ends_the_run_with_a_checkpoint),
        RANKS_TEST(a_signal_before_training_leaves_nothing),
    };
    return RANKS_RUN(tests, &argc, &argv);
}
