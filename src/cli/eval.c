#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lambert/command/command.h"
#include "lambert/config/config.h"
#include "lambert/dist/dist.h"
#include "lambert/kernels/kernels.h"
#include "lambert/run/evaluate.h"
#include "lambert/run/options.h"
#include "lambert/run/run.h"
#include "lambert/store/checkpoint_folder.h"

static const char usage[] =
    "usage: lambert eval CONFIG [SECTION.KEY=VALUE ...] [--checkpoint PATH] [--phase NAME] "
    "[--json]\n"
    "       mpirun -n RANKS lambert eval ...\n"
    "\n"
    "Losses and accuracies of a checkpoint on the held-out documents of data.corpus, beside what\n"
    "guessing from token frequencies gives. train.evaluate_sequences says how many sequences.\n"
    "\n"
    "  --checkpoint PATH  a checkpoint, or a run folder: its newest; without it run.folder's\n"
    "  --phase NAME       whose sequence length to use; without it the last phase's\n"
    "  --json             one JSON object instead of text\n"
    "  --help             this text\n"
    "\n"
    "example: lambert eval configs/demo.ini --json\n";

struct arguments {
    const char *config;
    char **words;
    int word_count;
    const char *checkpoint;
    const char *phase;
    bool json;
    bool help;
};

static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"checkpoint", required_argument, NULL, 'c'},
                                            {"phase", required_argument, NULL, 'p'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option;
    *arguments = (struct arguments){0};
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 'c':
            arguments->checkpoint = optarg;
            break;
        case 'p':
            arguments->phase = optarg;
            break;
        case 'j':
            arguments->json = true;
            break;
        case 'h':
            arguments->help = true;
            return 0;
        default:
            return command_misused("eval", "see lambert eval --help");
        }
    }
    if (optind >= argc)
        return command_misused("eval", "no configuration file named; see lambert eval --help");
    arguments->config = argv[optind];
    arguments->words = argv + optind + 1;
    arguments->word_count = argc - optind - 1;
    return 0;
}

/* [rank 0] */
static int open_checkpoint(const struct config *config, const char *wanted,
                           struct checkpoint_file *file, struct error *err)
{
    const char *folder = config->run.folder;
    int status = wanted ? checkpoint_find(wanted, file, err) : checkpoint_newest(folder, file, err);
    if (status == 0 && !checkpoint_file_path(file))
        return error_set(err, "there is no checkpoint in %s; name one with --checkpoint",
                         wanted ? wanted : folder);
    return status;
}

static void print_text(const struct evaluation *e, const char *path, int sequence_length)
{
    printf("%s on %" PRIu64 " held-out sequences of up to %d, %" PRIu64 " masked tokens\n", path,
           e->sequences, sequence_length, e->masked);
    printf("                loss   accuracy\n");
    if (e->masked > 0) {
        printf("  MLM       %8.4f     %5.1f%%\n", e->mlm_loss, 100 * e->mlm_accuracy);
        printf("  guessing  %8.4f     %5.1f%%   (token frequencies of the training text)\n",
               e->unigram_loss, 100 * e->unigram_accuracy);
    }
    if (!isnan(e->nsp_loss))
        printf("  pairs     %8.4f     %5.1f%%   (guessing: 0.6931, 50%%)\n", e->nsp_loss,
               100 * e->nsp_accuracy);
}

static void print_json(const struct evaluation *e, const char *path, int sequence_length)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "checkpoint", path);
    cJSON_AddNumberToObject(line, "sequence_length", sequence_length);
    cJSON_AddNumberToObject(line, "sequences", (double)e->sequences);
    cJSON_AddNumberToObject(line, "masked", (double)e->masked);
    cJSON_AddNumberToObject(line, "mlm_loss", e->mlm_loss);
    cJSON_AddNumberToObject(line, "mlm_accuracy", e->mlm_accuracy);
    cJSON_AddNumberToObject(line, "nsp_loss", e->nsp_loss);
    cJSON_AddNumberToObject(line, "nsp_accuracy", e->nsp_accuracy);
    cJSON_AddNumberToObject(line, "unigram_loss", e->unigram_loss);
    cJSON_AddNumberToObject(line, "unigram_accuracy", e->unigram_accuracy);
    print_json_line(line);
}

/* Every rank for itself, but for the checkpoint, which rank 0 opens. */
static int prepare(const struct dist *dist, const struct arguments *arguments,
                   struct config *config, int *phase, struct checkpoint_file *file,
                   struct error *err)
{
    if (config_load(config, arguments->config, arguments->words, arguments->word_count, err) < 0 ||
        kernels_select(err) < 0)
        return -1;
    log_set_level(config->run.log_level);
    *phase = arguments->phase ? phase_of(config, arguments->phase, err) : config->phase_count - 1;
    if (*phase < 0)
        return -1;
    return dist_rank(dist) == 0 ? open_checkpoint(config, arguments->checkpoint, file, err) : 0;
}

static int evaluate(struct dist *dist, const void *context, struct error *err)
{
    const struct arguments *arguments = context;
    struct config config;
    struct evaluation result;
    struct checkpoint_file file = {0};
    int phase = 0;
    int status = dist_agree(dist, prepare(dist, arguments, &config, &phase, &file, err), err);
    if (status == 0) {
        start_threads(dist, &config);
        status = evaluate_checkpoint(dist, &config, phase, &file, &result, err);
    }
    if (status == 0 && dist_rank(dist) == 0)
        (arguments->json ? print_json : print_text)(&result, checkpoint_file_path(&file),
                                                    config.phases[phase].sequence_length);
    checkpoint_file_close(&file);
    return status;
}

static int run(int argc, char **argv)
{
    struct arguments arguments;
    int code = parse(argc, argv, &arguments);
    if (code != 0)
        return code;
    if (arguments.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    return command_on_ranks("eval", argc, argv, evaluate, &arguments);
}

const struct command command_eval = {
    .name = "eval", .summary = "losses of a checkpoint on held-out text", .run = run};
