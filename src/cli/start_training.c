#include "start_training.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "lambert/base/activity.h"
#include "lambert/base/buffer.h"
#include "lambert/base/build.h"
#include "lambert/base/clock.h"
#include "lambert/base/command_line.h"
#include "lambert/base/hash.h"
#include "lambert/base/log.h"
#include "lambert/base/version.h"
#include "lambert/base/watchdog.h"
#include "lambert/config/config.h"
#include "lambert/kernels/kernels.h"
#include "lambert/run/options.h"
#include "lambert/run/run.h"
#include "lambert/run/shared_config.h"

const struct command_option training_options[] = {
    OPTION_CONFIG(struct training_arguments, config, words),
    TRAINING_OPTIONS(struct training_arguments, start),
    {0}};

int check_training(const void *context, struct error *err)
{
    const struct training_arguments *arguments = context;
    return check_start(&arguments->start, err);
}

int check_start(const struct start_arguments *start, struct error *err)
{
    if (start->accept && !start->resume)
        return error_set(err, "--accept is for --resume");
    return 0;
}

void print_keys(struct buffer *out)
{
    buffer_print(out, "\nKeys (docs/config.md has the details):\n");
    config_help(out);
}

/* Which binary runs, and what it was told, before it says what it makes of that. */
static void announce_program(void)
{
    const struct build *build = build_get();
    char *line = command_line();
    char date[64] = "?", folder[4096];
    struct tm calendar;
    const time_t now = time(NULL);
    if (localtime_r(&now, &calendar))
        strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S %z", &calendar);
    if (build)
        log_info("%s, commit %s, made by %s with %s", LAMBERT_PROGRAM, build->commit,
                 build->compiler, build->flags);
    log_info("%s, in %s: %s", date, getcwd(folder, sizeof folder) ? folder : "?", line);
    free(line);
}

static int read_config(struct config *config, const struct dist *dist,
                       const struct training_arguments *arguments, bool fine_tuning,
                       struct error *err)
{
    const struct command_words *words = &arguments->words;
    struct watchdog *watchdog;
    if (run_watch_start(&watchdog, arguments->start.stopped_code, err) < 0)
        return -1;
    activity_task("reading the configuration", -1);
    const int status =
        config_load_shared(config, dist, arguments->config, words->at, words->count, err);
    watchdog_stop(watchdog);
    if (status < 0)
        return -1;
    if (fine_tuning && config->task.kind == TASK_NONE)
        return error_set(
            err,
            "%s has no task.kind: it is for pre-training (lambert train), or task.kind "
            "is still to be said",
            arguments->config);
    if (!fine_tuning && config->task.kind != TASK_NONE)
        return error_set(err, "%s is for fine-tuning (task.kind = %s): lambert finetune %s",
                         arguments->config, config_word("task.kind", config->task.kind),
                         arguments->config);
    return 0;
}

/* Rank 0's counts. */
static struct job_end end_of_time(const struct dist *dist,
                                  const struct training_arguments *arguments)
{
    struct job_end end;
    struct error err;
    if (job_end_find(&end, getenv, (double)time(NULL), &err) < 0 && dist_rank(dist) == 0)
        log_warning("%s; the end of the job is not known", err.text);
    job_end_limit(&end, arguments->start.max_hours);
    char left[32];
    if (end.name)
        log_info("the run ends by itself in time: it has %s (%s)", clock_text(end.seconds, left),
                 end.name);
    return end;
}

int start_training(struct dist *dist, const struct training_arguments *arguments, bool fine_tuning,
                   struct error *err)
{
    struct config config = {0};
    struct buffer text = {0};
    if (dist_agree(dist, read_config(&config, dist, arguments, fine_tuning, err), err) < 0)
        return -1;
    log_set_level(config.run.log_level);
    announce_program();
    config_print(&config, false, &text);
    int status = dist_same(dist, "the configuration", hash_bytes(text.data, text.size), err);
    /* Fine-tuning says it when the model that it starts from has filled it in. */
    if (status == 0 && !fine_tuning)
        announce_config(&config);
    buffer_release(&text);
    if (status < 0 || dist_agree(dist, kernels_select(err), err) < 0)
        return -1;
    const struct run_request request = {.config = &config,
                                        .resume = arguments->start.resume,
                                        .accept = arguments->start.accept,
                                        .stopped_code = arguments->start.stopped_code,
                                        .end = end_of_time(dist, arguments)};
    status = run_training(dist, &request, err);
    return status == RUN_STOPPED ? arguments->start.stopped_code : status;
}
