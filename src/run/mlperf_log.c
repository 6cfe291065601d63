#include "mlperf_log.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/json.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/run/options.h"

static const char TOKEN[] = ":::MLLOG ";
static const char INTERVAL_START[] = "INTERVAL_START";
static const char INTERVAL_END[] = "INTERVAL_END";
static const char POINT[] = "POINT_IN_TIME";
static const char AFTER[] = "after_phase_step"; /* in metadata */

static int64_t now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_REALTIME, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

void mlperf_log_init(struct mlperf_log *log)
{
    *log = (struct mlperf_log){.init_started = now()};
}

void mlperf_log_reaches_data(struct mlperf_log *log)
{
    log->run_started = now();
}

/* --- a line ------------------------------------------------------------------------------------- */

/* The line's place in the program is a part of it. */
#define EVENT(type, key, state) event_new(type, key, __LINE__, state)

static cJSON *event_new(const char *type, const char *key, int line, const struct run_state *state)
{
    cJSON *event = cJSON_CreateObject();
    cJSON_AddStringToObject(event, "namespace", "");
    json_add_count(event, "time_ms", (uint64_t)now());
    cJSON_AddStringToObject(event, "event_type", type);
    cJSON_AddStringToObject(event, "key", key);
    cJSON_AddNullToObject(event, "value");
    cJSON *metadata = cJSON_AddObjectToObject(event, "metadata");
    cJSON_AddStringToObject(metadata, "file", __FILE__);
    cJSON_AddNumberToObject(metadata, "lineno", line);
    json_add_count(metadata, "step_num", (uint64_t)state->total_steps);
    return event;
}

static cJSON *metadata_of(cJSON *event)
{
    return cJSON_GetObjectItemCaseSensitive(event, "metadata");
}

static void set_value(cJSON *event, cJSON *value)
{
    cJSON_ReplaceItemInObjectCaseSensitive(event, "value", value);
}

static void set_time(cJSON *event, int64_t milliseconds)
{
    cJSON_ReplaceItemInObjectCaseSensitive(event, "time_ms",
                                           cJSON_CreateNumber((double)milliseconds));
}

static void give_up(struct mlperf_log *log)
{
    struct error err;
    error_errno(&err, "cannot write %s", log->path);
    log_warning("%s: MLPerf's log of this run ends there, until it is resumed", err.text);
    fclose(log->stream);
    log->stream = NULL;
}

/* Frees the event. */
static void write_event(struct mlperf_log *log, cJSON *event)
{
    char *text = json_print(event);
    if (log->stream && (fprintf(log->stream, "%s%s\n", TOKEN, text) < 0 || fflush(log->stream)))
        give_up(log);
    free(text);
}

/* No cache of the system is cleared, and the log says so. What is read from here on is a corpus, so the run's time begins
 * where that did. */
static void write_head(struct mlperf_log *log, const struct run_state *state)
{
    cJSON *event = EVENT(POINT, "submission_benchmark", state);
    set_value(event, cJSON_CreateString("bert"));
    write_event(log, event);
    event = EVENT(POINT, "submission_division", state);
    set_value(event, cJSON_CreateString("open"));
    write_event(log, event);
    event = EVENT(POINT, "cache_clear", state);
    set_value(event, cJSON_CreateFalse());
    write_event(log, event);
    event = EVENT(INTERVAL_START, "init_start", state);
    set_time(event, log->init_started);
    write_event(log, event);
    event = EVENT(INTERVAL_END, "init_stop", state);
    set_time(event, log->run_started);
    write_event(log, event);
    event = EVENT(INTERVAL_START, "run_start", state);
    set_time(event, log->run_started);
    write_event(log, event);
}

/* Before the first line of this process: what the checkpoint has not seen is about to be written again. */
static void begin(struct mlperf_log *log, const struct run_state *state)
{
    if (log->kept < 0 || !log->stream)
        return;
    if (ftruncate(fileno(log->stream), (off_t)log->kept) < 0) {
        give_up(log);
        return;
    }
    log->kept = -1;
    if (log->started)
        write_event(log, EVENT(POINT, "run_resumed", state));
    else
        write_head(log, state);
    log->started = true;
}

/* Frees the event. */
static void put(struct mlperf_log *log, cJSON *event, const struct run_state *state)
{
    begin(log, state);
    write_event(log, event);
}

/* --- what is said once -------------------------------------------------------------------------- */

/* Of a phase, and there from a step on. */
static char *name_of(const char *key, const cJSON *metadata)
{
    const char *phase = json_get_text(metadata, "phase");
    return phase ? memory_text("%s %s %.0f", key, phase, json_get_number(metadata, AFTER, 0))
                 : memory_copy_text(key);
}

static void note(struct mlperf_log *log, const cJSON *event)
{
    char *name = name_of(json_get_text(event, "key"), json_get(event, "metadata"));
    cJSON_DeleteItemFromObjectCaseSensitive(log->said, name);
    cJSON_AddItemToObject(log->said, name, cJSON_Duplicate(json_get(event, "value"), true));
    free(name);
}

/* Takes the value. phase NULL: it is of the run. after: so many steps of the phase; 0: it is of all. */
static void say(struct mlperf_log *log, const struct run_state *state, int line, const char *phase,
                int64_t after, const char *key, cJSON *value)
{
    cJSON *event = event_new(POINT, key, line, state);
    set_value(event, value);
    if (phase)
        cJSON_AddStringToObject(metadata_of(event), "phase", phase);
    if (after > 0)
        cJSON_AddNumberToObject(metadata_of(event), AFTER, (double)after);
    char *name = name_of(key, metadata_of(event));
    const cJSON *before = json_get(log->said, name);
    free(name);
    if (before && cJSON_Compare(before, value, true)) {
        cJSON_Delete(event);
        return;
    }
    note(log, event);
    put(log, event, state);
}

/* --- the file ----------------------------------------------------------------------------------- */

static bool is_end(const char *key)
{
    return strcmp(key, "train_samples") == 0 || strcmp(key, "run_stop") == 0;
}

/* What a line of the file means for those to come. *evaluation: where an evaluation begins that has no end yet; -1. */
static void follow(struct mlperf_log *log, const cJSON *event, const char *key, int64_t place,
                   int64_t *evaluation)
{
    const char *type = json_get_text(event, "event_type");
    if (strcmp(key, "run_start") == 0)
        log->started = true;
    else if (strcmp(key, "block_start") == 0)
        log->in_block = true;
    else if (strcmp(key, "block_stop") == 0)
        log->in_block = false;
    else if (strcmp(key, "eval_start") == 0)
        *evaluation = place;
    else if (strcmp(key, "eval_stop") == 0)
        *evaluation = -1;
    else if (type && strcmp(type, POINT) == 0 && strcmp(key, "eval_accuracy") != 0)
        note(log, event);
}

/* What of the file the checkpoint has seen is its beginning, as lines stand in the order of their steps; an evaluation that
 * was given up is made again. Lines of others stay where they are. */
static void look_back(struct mlperf_log *log, struct buffer *text, int64_t keep_steps)
{
    const char *start = buffer_text(text), *end = start + text->size, *cursor = start, *newline;
    int64_t evaluation = -1;
    for (; (newline = memchr(cursor, '\n', (size_t)(end - cursor))); cursor = newline + 1) {
        const size_t token = sizeof TOKEN - 1;
        cJSON *event = NULL;
        if ((size_t)(newline - cursor) > token && memcmp(cursor, TOKEN, token) == 0)
            event = cJSON_ParseWithLength(cursor + token, (size_t)(newline - cursor) - token);
        const cJSON *metadata = json_get(event, "metadata");
        const char *key = json_get_text(event, "key");
        const bool later = json_get_number(metadata, "step_num", 0) > (double)keep_steps;
        const bool ends = key && is_end(key);
        const char *status = json_get_text(metadata, "status");
        if (ends)
            log->complete = !later && status && strcmp(status, "success") == 0;
        else if (key && !later)
            follow(log, event, key, cursor - start, &evaluation);
        cJSON_Delete(event);
        if (later)
            break;
        if (!ends)
            log->kept = newline + 1 - start;
    }
    if (evaluation >= 0)
        log->kept = evaluation;
}

int mlperf_log_open(struct mlperf_log *log, const char *run_folder, int64_t keep_steps,
                    const struct run_state *state, struct error *err)
{
    struct buffer text = {0};
    int status = 0;
    log->path = path_join(run_folder, "mlperf.log");
    log->said = cJSON_CreateObject();
    if (keep_steps > 0 && file_exists(log->path))
        status = file_read(log->path, &text, err);
    if (status == 0)
        look_back(log, &text, keep_steps);
    buffer_release(&text);
    if (status < 0)
        return -1;
    log->stream = fopen(log->path, "a");
    if (!log->stream)
        return error_errno(err, "cannot write %s", log->path);
    if (keep_steps == 0)
        begin(log, state);
    return 0;
}

void mlperf_log_close(struct mlperf_log *log)
{
    if (log->stream)
        fclose(log->stream);
    cJSON_Delete(log->said);
    free(log->path);
    *log = (struct mlperf_log){0};
}

/* --- blocks and evaluations --------------------------------------------------------------------- */

/* What the benchmark counts, twice: rulesets ask for either. */
static void add_place(cJSON *event, const char *epochs, const struct run_state *state)
{
    json_add_count(metadata_of(event), epochs, state->sequences);
    json_add_count(metadata_of(event), "samples_count", state->sequences);
}

static void end_block(struct mlperf_log *log, const struct run_state *state)
{
    if (!log->in_block)
        return;
    cJSON *event = EVENT(INTERVAL_END, "block_stop", state);
    add_place(event, "first_epoch_num", state);
    put(log, event, state);
    log->in_block = false;
}

void mlperf_log_step(struct mlperf_log *log, const struct run_state *state, int64_t samples)
{
    if (!log->stream)
        return;
    begin(log, state);
    if (log->in_block)
        return;
    cJSON *event = EVENT(INTERVAL_START, "block_start", state);
    if (samples > 0) {
        json_add_count(metadata_of(event), "first_epoch_num", state->sequences);
        json_add_count(metadata_of(event), "epoch_count", (uint64_t)samples);
    }
    json_add_count(metadata_of(event), "samples_count", (uint64_t)samples);
    put(log, event, state);
    log->in_block = true;
}

void mlperf_log_evaluation_begins(struct mlperf_log *log, const struct run_state *state)
{
    if (!log->stream)
        return;
    end_block(log, state);
    cJSON *event = EVENT(INTERVAL_START, "eval_start", state);
    add_place(event, "epoch_num", state);
    put(log, event, state);
}

void mlperf_log_evaluation(struct mlperf_log *log, const struct run_state *state, double accuracy,
                           uint64_t sequences)
{
    cJSON *event;
    if (!log->stream)
        return;
    if (isfinite(accuracy)) {
        event = EVENT(POINT, "eval_accuracy", state);
        set_value(event, cJSON_CreateNumber(accuracy));
        add_place(event, "epoch_num", state);
        put(log, event, state);
    }
    event = EVENT(INTERVAL_END, "eval_stop", state);
    add_place(event, "epoch_num", state);
    put(log, event, state);
    /* The rules want it once: phases that mix other corpora may have other evaluations. */
    if (!json_get(log->said, "eval_samples"))
        say(log, state, __LINE__, NULL, 0, "eval_samples", cJSON_CreateNumber((double)sequences));
}

/* --- hyperparameters ---------------------------------------------------------------------------- */

/* By the names that mlperf-logging has for them; LANS, which it does not know, has names like LAMB's. NULL: the rule has no
 * such thing, or MLPerf no name for it. */
static const struct rule_names {
    const char *name, *beta1, *beta2, *epsilon, *momentum, *weight_decay, *decay_power;
} rule_names[UPDATE_RULES] = {
    [RULE_LAMB] = {.name = "lamb",
                   .beta1 = "opt_lamb_beta_1",
                   .beta2 = "opt_lamb_beta_2",
                   .epsilon = "opt_lamb_epsilon",
                   .weight_decay = "opt_lamb_weight_decay_rate",
                   .decay_power = "opt_lamb_learning_rate_decay_poly_power"},
    [RULE_LANS] = {.name = "lans",
                   .beta1 = "opt_lans_beta_1",
                   .beta2 = "opt_lans_beta_2",
                   .epsilon = "opt_lans_epsilon",
                   .weight_decay = "opt_lans_weight_decay_rate",
                   .decay_power = "opt_lans_learning_rate_decay_poly_power"},
    [RULE_ADAMW] = {.name = "adamw",
                    .beta1 = "opt_adamw_beta_1",
                    .beta2 = "opt_adamw_beta_2",
                    .epsilon = "opt_adamw_epsilon",
                    .weight_decay = "opt_adamw_weight_decay"},
    [RULE_LARS] = {.name = "lars",
                   .momentum = "lars_opt_momentum",
                   .weight_decay = "lars_opt_weight_decay",
                   .decay_power = "lars_opt_learning_rate_decay_poly_power"},
    [RULE_SGD] = {.name = "sgd", .weight_decay = "opt_weight_decay"},
};

/* What all schedules go towards, but a trapezoid without decay. */
static double end_rate(const struct config_phase *phase)
{
    const bool trapezoid =
        phase->schedule == SCHEDULE_TRAPEZOID || phase->schedule == SCHEDULE_TRAPEZOID_SQRT;
    return trapezoid && schedule_of(phase).decay == 0 ? phase->learning_rate : 0;
}

void mlperf_log_phase(struct mlperf_log *log, const struct config *config,
                      const struct run_state *state)
{
    if (!log->stream)
        return;
    const struct config_phase *phase = &config->phases[state->phase];
    const struct optimizer_options *optimizer = &config->optimizer;
    const struct rule_names *names = &rule_names[optimizer->rule];
    const double warmup = schedule_of(phase).warmup;
    const bool given = phase->rates[0] != '\0';        /* rate by rate */
    const bool warms_up = phase->hours == 0 && !given, /* in steps */
        has_power = !given && phase->schedule != SCHEDULE_TRAPEZOID_SQRT;
    const struct {
        const char *key;
        double value;
    } numbers[] = {
        {"global_batch_size", phase->global_batch},
        {"max_sequence_length", phase->sequence_length},
        {"opt_base_learning_rate", phase->learning_rate},
        {"opt_end_learning_rate", end_rate(phase)},
        {phase->steps > 0 ? "opt_learning_rate_training_steps" : NULL, phase->steps},
        {warms_up ? "opt_learning_rate_warmup_steps" : NULL, warmup},
        {warms_up ? "num_warmup_steps" : NULL, warmup},
        {"start_warmup_step", 0},
        {"opt_gradient_clip_norm", optimizer->max_grad_norm},
        {names->beta1, optimizer->beta1},
        {names->beta2, optimizer->beta2},
        {names->epsilon, optimizer->epsilon},
        {names->momentum, optimizer->momentum},
        {names->weight_decay, optimizer->weight_decay},
        {has_power ? names->decay_power : NULL, phase->decay_power},
    };
    if (state->phase_step == 0)
        end_block(log, state);
    say(log, state, __LINE__, NULL, 0, "seed", cJSON_CreateNumber((double)config->run.seed));
    say(log, state, __LINE__, phase->name, 0, "opt_name", cJSON_CreateString(names->name));
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i].key)
            say(log, state, __LINE__, phase->name, 0, numbers[i].key,
                cJSON_CreateNumber(numbers[i].value));
    for (int c = 0; c < phase->batch_change_count; c++) {
        const struct batch_change *change = &phase->batch_changes[c];
        say(log, state, __LINE__, phase->name, change->after, "global_batch_size",
            cJSON_CreateNumber(change->sequences));
    }
}

/* --- the end ------------------------------------------------------------------------------------ */

void mlperf_log_end(struct mlperf_log *log, const struct run_state *state, bool complete)
{
    if (!log->stream)
        return;
    /* Nothing was done: of a run that was complete its end stays, and of one before the log nothing is known. */
    if (log->kept >= 0 && complete && (log->complete || !log->started))
        return;
    end_block(log, state);
    cJSON *event = EVENT(POINT, "train_samples", state);
    set_value(event, cJSON_CreateNumber((double)state->sequences));
    put(log, event, state);
    event = EVENT(INTERVAL_END, "run_stop", state);
    cJSON_AddStringToObject(metadata_of(event), "status", complete ? "success" : "aborted");
    add_place(event, "epoch_num", state);
    put(log, event, state);
}
