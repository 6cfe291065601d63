#include "lambert.h"
#include "lambert/base/buffer.h"
#include "lambert/base/hash.h"
#include "lambert/base/log.h"
#include "lambert/config/config.h"
#include "lambert/dist/dist.h"
#include "lambert/kernels/kernels.h"
#include "lambert/run/options.h"
#include "lambert/run/run.h"

struct train_arguments {
    const char *config;
    struct command_words words;
    bool resume;
    const char *accept;
};

static const struct command_option train_options[] = {
    OPTION_CONFIG(struct train_arguments, config, words),
    {.name = "resume",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct train_arguments, resume),
     .help = "go on from the newest whole checkpoint in run.folder; without one, start"},
    {.name = "accept",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct train_arguments, accept),
     .metavar = "KEYS",
     .help = "with --resume: these keys (comma-separated) may differ from the checkpoint's"},
    {0}};

static int check_train(const void *context, struct error *err)
{
    const struct train_arguments *arguments = context;
    if (arguments->accept && !arguments->resume)
        return error_set(err, "--accept is for --resume");
    return 0;
}

static void print_keys(struct buffer *out)
{
    buffer_print(out, "\nKeys (docs/config.md has the details):\n");
    config_help(out);
}

static int train(struct dist *dist, const void *context, struct error *err)
{
    const struct train_arguments *arguments = context;
    struct config config;
    struct buffer text = {0};
    /* Every rank reads the configuration for itself; all must have read the same. */
    int status =
        config_load(&config, arguments->config, arguments->words.at, arguments->words.count, err);
    if (dist_agree(dist, status, err) < 0)
        return -1;
    log_set_level(config.run.log_level);
    config_print(&config, false, &text);
    status = dist_same(dist, "the configuration", hash_bytes(text.data, text.size), err);
    if (status == 0)
        log_info("effective configuration:\n%s", buffer_text(&text));
    buffer_release(&text);
    if (status < 0 || dist_agree(dist, kernels_select(err), err) < 0)
        return -1;
    const struct run_request request = {
        .config = &config, .resume = arguments->resume, .accept = arguments->accept};
    return run_training(dist, &request, err);
}

const struct command command_train = {
    .name = "train",
    .summary = "pre-train a BERT on a corpus, under mpirun or alone",
    .description =
        "Pre-trains a BERT: the phases of CONFIG one after another, on the corpus data.corpus, into "
        "the folder run.folder (config.ini, metrics.jsonl, checkpoints/).\n"
        "\n"
        "SIGTERM, SIGINT or SIGUSR1 to a rank end the run after the current step with a checkpoint "
        "and exit code 0. mpirun passes SIGUSR1 on: kill -USR1 PID_OF_MPIRUN stops a job cleanly.\n",
    .examples = "mpirun -n 2 lambert train configs/demo.ini phase.one.steps=500\n",
    .more_help = print_keys,
    .options = train_options,
    COMMAND_ARGUMENTS(struct train_arguments, .config = NULL),
    .check = check_train,
    .run_on_ranks = train};
