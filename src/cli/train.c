#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "lambert/base/buffer.h"
#include "lambert/base/hash.h"
#include "lambert/base/log.h"
#include "lambert/command/command.h"
#include "lambert/config/config.h"
#include "lambert/dist/dist.h"
#include "lambert/kernels/kernels.h"
#include "lambert/run/options.h"
#include "lambert/run/run.h"

static const char usage[] =
    "usage: lambert train CONFIG [SECTION.KEY=VALUE ...] [--resume] [--accept KEYS]\n"
    "       mpirun -n RANKS lambert train ...\n"
    "\n"
    "Pre-trains a BERT: the phases of CONFIG one after another, on the corpus data.corpus, into "
    "the\n"
    "folder run.folder (config.ini, metrics.jsonl, checkpoints/).\n"
    "\n"
    "  --resume        go on from the newest whole checkpoint in run.folder; without one, start\n"
    "  --accept KEYS   with --resume: these keys (comma-separated) may differ from the "
    "checkpoint's\n"
    "  --help          this text\n"
    "\n"
    "SIGTERM, SIGINT or SIGUSR1 to a rank end the run after the current step with a checkpoint "
    "and\n"
    "exit code 0. mpirun passes SIGUSR1 on: kill -USR1 PID_OF_MPIRUN stops a job cleanly.\n"
    "\n"
    "example: mpirun -n 2 lambert train configs/demo.ini phase.one.steps=500\n"
    "\n"
    "Keys (docs/config.md has the details):\n";

struct arguments {
    const char *config;
    char **words;
    int word_count;
    bool resume;
    const char *accept;
    bool help;
};

static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"resume", no_argument, NULL, 'r'},
                                            {"accept", required_argument, NULL, 'a'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;
    *arguments = (struct arguments){0};
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'r':
            arguments->resume = true;
            break;
        case 'a':
            arguments->accept = optarg;
            break;
        case 'h':
            arguments->help = true;
            return 0;
        default:
            return command_misused("train", "see lambert train --help");
        }
    }
    if (optind >= argc)
        return command_misused("train", "no configuration file named; see lambert train --help");
    if (arguments->accept && !arguments->resume)
        return command_misused("train", "--accept is for --resume");
    arguments->config = argv[optind];
    arguments->words = argv + optind + 1;
    arguments->word_count = argc - optind - 1;
    return 0;
}

static int print_usage(void)
{
    struct buffer keys = {0};
    config_help(&keys);
    printf("%s%s", usage, buffer_text(&keys));
    buffer_release(&keys);
    return EXIT_DONE;
}

/* Every rank reads the configuration for itself; all must have read the same. */
static int load_config(struct dist *dist, const struct arguments *arguments, struct config *config,
                       struct error *err)
{
    struct buffer text = {0};
    int status =
        config_load(config, arguments->config, arguments->words, arguments->word_count, err);
    if (dist_agree(dist, status, err) < 0)
        return -1;
    log_set_level(config->run.log_level);
    config_print(config, false, &text);
    status = dist_same(dist, "the configuration", hash_bytes(text.data, text.size), err);
    if (status == 0)
        log_info("effective configuration:\n%s", buffer_text(&text));
    buffer_release(&text);
    return status;
}

static int train(struct dist *dist, const void *context, struct error *err)
{
    const struct arguments *arguments = context;
    struct config config;
    if (load_config(dist, arguments, &config, err) < 0 ||
        dist_agree(dist, kernels_select(err), err) < 0)
        return -1;
    struct run_request request = {
        .config = &config, .resume = arguments->resume, .accept = arguments->accept};
    return run_training(dist, &request, err);
}

static int run(int argc, char **argv)
{
    struct arguments arguments;
    int code = parse(argc, argv, &arguments);
    if (code != 0)
        return code;
    if (arguments.help)
        return print_usage();
    return command_on_ranks("train", argc, argv, train, &arguments);
}

const struct command command_train = {
    .name = "train", .summary = "pre-train a BERT on a corpus, under mpirun or alone", .run = run};
