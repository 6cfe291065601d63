/* MLPerf's log: what is written, and what of it stays when a run goes on. What the checker says of it: make
 * check-numerics. */
#include "run/mlperf_log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/json.h"
#include "lib/scratch.h"

enum { MOST = 100 };

static struct config a_config(void)
{
    struct config config = {.run.seed = 5,
                            .optimizer = {.rule = RULE_LAMB,
                                          .beta1 = 0.9,
                                          .beta2 = 0.999,
                                          .epsilon = 1e-6,
                                          .weight_decay = 0.01,
                                          .max_grad_norm = 1},
                            .phase_count = 2};
    config.phases[0] = (struct config_phase){.name = "one",
                                             .sequence_length = 128,
                                             .global_batch = 16,
                                             .steps = 10,
                                             .learning_rate = 0.25,
                                             .warmup_ratio = 0.2,
                                             .decay_power = 0.5};
    config.phases[1] = config.phases[0];
    strcpy(config.phases[1].name, "two");
    return config;
}

static struct run_state at_step(int64_t step)
{
    return (struct run_state){.phase = step >= 10,
                              .phase_step = step >= 10 ? step - 10 : step,
                              .total_steps = step,
                              .sequences = (uint64_t)step * 16};
}

static void open_log(struct mlperf_log *log, int64_t step)
{
    struct error err;
    const struct run_state state = at_step(step);
    mlperf_log_init(log);
    mlperf_log_reaches_data(log);
    if (mlperf_log_open(log, scratch_folder(), step, &state, &err) < 0)
        fail_msg("%s", err.text);
}

static void train(struct mlperf_log *log, const struct config *config, int64_t first, int64_t end)
{
    for (int64_t step = first; step < end; step++) {
        const struct run_state state = at_step(step);
        if (state.phase_step == 0 || step == first)
            mlperf_log_phase(log, config, &state);
        mlperf_log_step(log, &state, 16 * (10 - state.phase_step));
    }
}

static void judge(struct mlperf_log *log, int64_t step, double accuracy)
{
    const struct run_state state = at_step(step);
    mlperf_log_evaluation_begins(log, &state);
    mlperf_log_evaluation(log, &state, accuracy, 64);
}

static void end_log(struct mlperf_log *log, int64_t step, bool complete)
{
    const struct run_state state = at_step(step);
    mlperf_log_end(log, &state, complete);
    mlperf_log_close(log);
}

/* --- reading it --------------------------------------------------------------------------------- */

static cJSON *events[MOST];
static int count;

static void read_log(void)
{
    struct buffer text = {0};
    for (int i = 0; i < count; i++)
        cJSON_Delete(events[i]);
    count = 0;
    scratch_read(scratch_path("mlperf.log"), &text);
    for (const char *line = buffer_text(&text), *end; *line; line = end + 1) {
        end = strchr(line, '\n');
        assert_non_null(end);
        assert_memory_equal(line, ":::MLLOG {", 10);
        assert_true(count < MOST);
        events[count] = cJSON_ParseWithLength(line + 9, (size_t)(end - line) - 9);
        assert_non_null(events[count++]);
    }
    buffer_release(&text);
}

static int how_many(const char *key)
{
    int found = 0;
    for (int i = 0; i < count; i++)
        found += strcmp(json_get_text(events[i], "key"), key) == 0;
    return found;
}

/* The n-th line with that key, from 0. */
static const cJSON *event(const char *key, int n)
{
    for (int i = 0; i < count; i++)
        if (strcmp(json_get_text(events[i], "key"), key) == 0 && n-- == 0)
            return events[i];
    fail_msg("too few lines of %s", key);
    return NULL;
}

static double number_of(const cJSON *event, const char *name)
{
    return json_get_number(json_get(event, "metadata"), name, NAN);
}

static double value_of(const char *key, int n)
{
    return json_get_number(event(key, n), "value", NAN);
}

/* The keys of lines that are no hyperparameters, with blanks between them. */
static void assert_story(const char *wanted)
{
    struct buffer story = {0};
    for (int i = 0; i < count; i++) {
        const char *key = json_get_text(events[i], "key");
        if (strstr(key, "_start") == key + strlen(key) - 6 || strstr(key, "_stop") ||
            strcmp(key, "run_resumed") == 0 || strcmp(key, "eval_accuracy") == 0)
            buffer_print(&story, "%s%s", story.size > 0 ? " " : "", key);
    }
    assert_string_equal(buffer_text(&story), wanted);
    buffer_release(&story);
}

/* --- tests -------------------------------------------------------------------------------------- */

static void a_run_is_told_from_start_to_end(void **unused)
{
    (void)unused;
    const struct config config = a_config();
    struct mlperf_log log;
    open_log(&log, 0);
    train(&log, &config, 0, 10);
    judge(&log, 10, 0.25);
    train(&log, &config, 10, 20);
    judge(&log, 20, 0.5);
    end_log(&log, 20, true);

    read_log();
    assert_story("init_start init_stop run_start block_start block_stop eval_start eval_accuracy "
                 "eval_stop block_start block_stop eval_start eval_accuracy eval_stop run_stop");
    assert_string_equal(json_get_text(event("submission_benchmark", 0), "value"), "bert");
    assert_string_equal(json_get_text(event("submission_division", 0), "value"), "open");
    assert_true(cJSON_IsFalse(json_get(event("cache_clear", 0), "value")));
    assert_string_equal(json_get_text(json_get(event("run_stop", 0), "metadata"), "status"),
                        "success");
    assert_true(value_of("seed", 0) == 5);
    assert_true(value_of("eval_samples", 0) == 64 && how_many("eval_samples") == 1);
    assert_true(value_of("train_samples", 0) == 320);
    assert_true(value_of("eval_accuracy", 1) == 0.5);
    assert_true(number_of(event("eval_accuracy", 1), "epoch_num") == 320);
    assert_true(number_of(event("block_start", 1), "first_epoch_num") == 160);
    assert_true(number_of(event("block_start", 1), "epoch_count") == 160);
    assert_true(number_of(event("block_stop", 1), "first_epoch_num") == 320);
    for (int i = 0; i < count; i++) {
        const cJSON *metadata = json_get(events[i], "metadata");
        assert_non_null(strstr(json_get_text(metadata, "file"), "mlperf_log.c"));
        assert_true(json_get_number(metadata, "lineno", 0) > 1);
        assert_true(json_get_number(events[i], "time_ms", 0) > 1.5e12);
        assert_string_equal(json_get_text(events[i], "namespace"), "");
    }
}

static void hyperparameters_are_those_of_each_phase(void **unused)
{
    (void)unused;
    static const struct {
        const char *key;
        double value;
    } wanted[] = {{"global_batch_size", 16},
                  {"max_sequence_length", 128},
                  {"opt_base_learning_rate", 0.25},
                  {"opt_end_learning_rate", 0},
                  {"opt_learning_rate_training_steps", 10},
                  {"opt_learning_rate_warmup_steps", 2},
                  {"num_warmup_steps", 2},
                  {"start_warmup_step", 0},
                  {"opt_gradient_clip_norm", 1},
                  {"opt_lamb_beta_1", 0.9},
                  {"opt_lamb_beta_2", 0.999},
                  {"opt_lamb_epsilon", 1e-6},
                  {"opt_lamb_weight_decay_rate", 0.01},
                  {"opt_lamb_learning_rate_decay_poly_power", 0.5}};
    struct config config = a_config();
    struct mlperf_log log;
    open_log(&log, 0);
    train(&log, &config, 0, 20);
    end_log(&log, 20, true);
    read_log();
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        const cJSON *second = event(wanted[i].key, 1);
        assert_true(how_many(wanted[i].key) == 2 && value_of(wanted[i].key, 0) == wanted[i].value);
        assert_string_equal(json_get_text(json_get(second, "metadata"), "phase"), "two");
    }
    assert_string_equal(json_get_text(event("opt_name", 0), "value"), "lamb");
    /* Where nothing is evaluated on, phases are blocks. */
    assert_story("init_start init_stop run_start block_start block_stop block_start block_stop "
                 "run_stop");

    config.optimizer.rule = RULE_LARS;
    config.optimizer.momentum = 0.75;
    open_log(&log, 0);
    train(&log, &config, 0, 2);
    end_log(&log, 2, false);
    read_log();
    assert_true(value_of("lars_opt_momentum", 0) == 0.75);
    assert_int_equal(how_many("opt_lamb_beta_1"), 0);
    assert_string_equal(json_get_text(json_get(event("run_stop", 0), "metadata"), "status"),
                        "aborted");

    /* What a schedule does not have, or rates that are given one by one, is not said. */
    config = a_config();
    config.phases[0].schedule = SCHEDULE_TRAPEZOID_SQRT;
    strcpy(config.phases[1].rates, "cosine.txt");
    open_log(&log, 0);
    train(&log, &config, 0, 20);
    end_log(&log, 20, true);
    read_log();
    assert_int_equal(how_many("num_warmup_steps"), 1);
    assert_int_equal(how_many("opt_learning_rate_warmup_steps"), 1);
    assert_int_equal(how_many("opt_lamb_learning_rate_decay_poly_power"), 0);
    assert_int_equal(how_many("opt_lamb_beta_1"), 2);
}

/* The process before was stopped two steps behind its checkpoint; so was the one before that, in an evaluation. */
static void a_resumed_run_has_one_log(void **unused)
{
    (void)unused;
    struct config config = a_config();
    struct mlperf_log log;
    struct run_state state = at_step(10);
    open_log(&log, 0);
    train(&log, &config, 0, 10);
    mlperf_log_evaluation_begins(&log, &state);
    end_log(&log, 10, false);

    open_log(&log, 10);
    judge(&log, 10, 0.25);
    train(&log, &config, 10, 17);
    end_log(&log, 17, false);

    open_log(&log, 15);
    train(&log, &config, 15, 20);
    judge(&log, 20, 0.5);
    end_log(&log, 20, true);

    read_log();
    assert_story("init_start init_stop run_start block_start block_stop run_resumed eval_start "
                 "eval_accuracy eval_stop block_start run_resumed block_stop eval_start "
                 "eval_accuracy eval_stop run_stop");
    assert_true(number_of(event("run_resumed", 1), "step_num") == 15);
    assert_true(value_of("train_samples", 0) == 320 && how_many("train_samples") == 1);
    assert_int_equal(how_many("seed"), 1);
    assert_int_equal(how_many("global_batch_size"), 2);

    /* What was changed is said again, and only that. */
    config.phases[1].steps = 12;
    config.phases[1].learning_rate = 0.125;
    open_log(&log, 20);
    train(&log, &config, 20, 22);
    end_log(&log, 22, true);
    read_log();
    assert_int_equal(how_many("run_stop"), 1);
    assert_int_equal(how_many("global_batch_size"), 2);
    assert_int_equal(how_many("opt_base_learning_rate"), 3);
    assert_true(value_of("opt_base_learning_rate", 2) == 0.125);
}

static void a_complete_run_keeps_its_end(void **unused)
{
    (void)unused;
    const struct config config = a_config();
    struct mlperf_log log;
    struct buffer before = {0}, after = {0};
    open_log(&log, 0);
    train(&log, &config, 0, 20);
    judge(&log, 20, 0.5);
    end_log(&log, 20, true);
    scratch_read(scratch_path("mlperf.log"), &before);
    open_log(&log, 20);
    end_log(&log, 20, true);
    scratch_read(scratch_path("mlperf.log"), &after);
    assert_string_equal(buffer_text(&before), buffer_text(&after));
    buffer_release(&before);
    buffer_release(&after);

    /* One that ended without a word, behind its last checkpoint, gets its end. */
    open_log(&log, 0);
    train(&log, &config, 0, 20);
    mlperf_log_close(&log);
    open_log(&log, 20);
    end_log(&log, 20, true);
    read_log();
    assert_story("init_start init_stop run_start block_start block_stop block_start run_resumed "
                 "block_stop run_stop");
}

/* Lines of others, such as of a script that clears caches, stay; half a line does not. */
static void a_damaged_log_is_gone_on_with(void **unused)
{
    (void)unused;
    static const char found[] =
        "a word\n:::MLLOG {no JSON}\n:::MLLOG {\"key\":\"cache_clear\",\"value\":true}\n"
        ":::MLLOG {\"key\":\"run_start\",\"metadata\":{\"step_num\":3}}\n:::MLLOG {\"ke";
    const struct config config = a_config();
    struct mlperf_log log;
    struct buffer text = {0};
    scratch_write(scratch_path("mlperf.log"), found, sizeof found - 1);
    open_log(&log, 5);
    train(&log, &config, 5, 6);
    end_log(&log, 6, true);
    scratch_read(scratch_path("mlperf.log"), &text);
    const size_t kept = strlen(found) - strlen(":::MLLOG {\"ke");
    assert_true(text.size > kept && memcmp(text.data, found, kept) == 0);
    assert_non_null(strstr(buffer_text(&text), "run_resumed"));
    assert_null(strstr(buffer_text(&text), "init_start"));
    buffer_release(&text);
}

/* A branch goes on from another run's state, and its log begins with it, whatever lies in its folder. */
static void a_branch_has_a_log_of_its_own(void **unused)
{
    (void)unused;
    const struct config config = a_config();
    const struct run_state state = at_step(15);
    struct mlperf_log log;
    struct error err;
    open_log(&log, 0);
    train(&log, &config, 0, 12);
    end_log(&log, 12, false);
    mlperf_log_init(&log);
    assert_int_equal(mlperf_log_open(&log, scratch_folder(), 0, &state, &err), 0);
    train(&log, &config, 15, 17);
    end_log(&log, 17, true);
    read_log();
    assert_story("init_start init_stop run_start block_start block_stop run_stop");
    assert_true(number_of(event("run_start", 0), "step_num") == 15);
    assert_true(number_of(event("block_start", 0), "first_epoch_num") == 240);
}

/* Where a phase's end is a time, how many samples are to come is not known. */
static void batches_change_and_ends_are_unknown(void **unused)
{
    (void)unused;
    struct config config = a_config();
    const struct run_state state = at_step(0);
    struct mlperf_log log;
    config.phases[0].batch_changes[0] = (struct batch_change){.after = 3, .sequences = 32};
    config.phases[0].batch_changes[1] = (struct batch_change){.after = 6, .sequences = 64};
    config.phases[0].batch_change_count = 2;
    for (int process = 0; process < 2; process++) {
        open_log(&log, 5 * process);
        mlperf_log_phase(&log, &config, &state);
        mlperf_log_step(&log, &state, 0);
        mlperf_log_close(&log);
    }
    read_log();
    assert_int_equal(how_many("global_batch_size"), 3);
    for (int i = 0; i < 3; i++)
        assert_true(value_of("global_batch_size", i) == 16 << i);
    assert_true(isnan(number_of(event("global_batch_size", 0), "after_phase_step")));
    assert_true(number_of(event("global_batch_size", 2), "after_phase_step") == 6);
    assert_true(isnan(number_of(event("block_start", 0), "epoch_count")));
    assert_true(number_of(event("block_start", 0), "samples_count") == 0);
}

/* A mean over no masked token is none. */
static void an_accuracy_of_nothing_is_not_written(void **unused)
{
    (void)unused;
    struct mlperf_log log;
    open_log(&log, 0);
    judge(&log, 0, NAN);
    end_log(&log, 0, false);
    read_log();
    assert_int_equal(how_many("eval_accuracy"), 0);
    assert_int_equal(how_many("eval_stop"), 1);
}

static void what_cannot_be_written_ends_the_log_alone(void **unused)
{
    (void)unused;
    const struct config config = a_config();
    const struct run_state state = at_step(0);
    struct mlperf_log log;
    struct error err;
    struct buffer said = {0};
    mlperf_log_init(&log);
    assert_int_equal(mlperf_log_open(&log, "/no/such/folder", 0, &state, &err), -1);
    assert_non_null(strstr(err.text, "cannot write /no/such/folder/mlperf.log: "));
    mlperf_log_close(&log);

    open_log(&log, 0);
    fclose(log.stream);
    log.stream = fopen("/dev/full", "a");
    assert_non_null(log.stream);
    catch_begin();
    train(&log, &config, 0, 3);
    catch_end(&said);
    assert_null(log.stream);
    assert_non_null(
        strstr(buffer_text(&said), "mlperf.log: No space left on device: MLPerf's log"));
    judge(&log, 10, 0.25);
    end_log(&log, 10, true);
    buffer_release(&said);
}

/* Where no log is wanted there is none. */
static void without_a_log_nothing_happens(void **unused)
{
    (void)unused;
    const struct config config = a_config();
    struct mlperf_log log;
    mlperf_log_init(&log);
    mlperf_log_reaches_data(&log);
    file_remove(scratch_path("mlperf.log"), &(struct error){0});
    train(&log, &config, 0, 10);
    judge(&log, 10, 0.25);
    end_log(&log, 10, true);
    assert_false(file_exists(scratch_path("mlperf.log")));
}

static int end_of_group(void **state)
{
    for (int i = 0; i < count; i++)
        cJSON_Delete(events[i]);
    return scratch_teardown(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_run_is_told_from_start_to_end),
                                       cmocka_unit_test(hyperparameters_are_those_of_each_phase),
                                       cmocka_unit_test(a_resumed_run_has_one_log),
                                       cmocka_unit_test(a_complete_run_keeps_its_end),
                                       cmocka_unit_test(a_damaged_log_is_gone_on_with),
                                       cmocka_unit_test(a_branch_has_a_log_of_its_own),
                                       cmocka_unit_test(batches_change_and_ends_are_unknown),
                                       cmocka_unit_test(an_accuracy_of_nothing_is_not_written),
                                       cmocka_unit_test(what_cannot_be_written_ends_the_log_alone),
                                       cmocka_unit_test(without_a_log_nothing_happens)};
    return cmocka_run_group_tests(tests, scratch_setup, end_of_group);
}
