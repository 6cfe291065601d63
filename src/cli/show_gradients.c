#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lambert/base/log.h"
#include "lambert/command/command.h"
#include "lambert/config/config.h"
#include "lambert/dist/dist.h"
#include "lambert/kernels/kernels.h"
#include "lambert/run/gradients.h"
#include "lambert/run/options.h"
#include "show.h"

static const char usage[] =
    "usage: lambert show gradients CONFIG [SECTION.KEY=VALUE ...] --output FILE [options]\n"
    "       mpirun -n RANKS lambert show gradients ...\n"
    "\n"
    "Writes the gradient of one global batch as a safetensors file, each tensor by its Hugging "
    "Face\n"
    "name: of MLM loss + NSP loss, each the mean over the global batch, before clipping. Without\n"
    "--checkpoint, at the weights that a new run starts with. Dropout is as configured; lambert "
    "show\n"
    "batch prints the same samples.\n"
    "\n"
    "  --output FILE      the file to write\n"
    "  --checkpoint PATH  the weights to take it at: a checkpoint, a run folder, a model folder\n"
    "  --phase NAME       whose batch (the first phase)\n"
    "  --batch N          which of its global batches (0)\n"
    "  --json             losses and gradient norm as one JSON object instead of text\n"
    "  --help             this text\n"
    "\n"
    "example: lambert show gradients configs/demo.ini --output gradients.safetensors\n";

struct arguments {
    const char *config;
    char **words;
    int word_count;
    const char *output;
    const char *checkpoint;
    const char *phase;
    long long batch;
    bool json;
    bool help;
};

static int parse_option(int option, struct arguments *arguments)
{
    struct error err;
    switch (option) {
    case 'o':
        arguments->output = optarg;
        return 0;
    case 'c':
        arguments->checkpoint = optarg;
        return 0;
    case 'p':
        arguments->phase = optarg;
        return 0;
    case 'b':
        if (option_integer("--batch", optarg, 0, 1LL << 40, &arguments->batch, &err) == 0)
            return 0;
        return command_misused("show gradients", "%s", err.text);
    case 'j':
        arguments->json = true;
        return 0;
    case 'h':
        arguments->help = true;
        return 0;
    default:
        return command_misused("show gradients", "see lambert show gradients --help");
    }
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {{"output", required_argument, NULL, 'o'},
                                            {"checkpoint", required_argument, NULL, 'c'},
                                            {"phase", required_argument, NULL, 'p'},
                                            {"batch", required_argument, NULL, 'b'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {0}};
    int option, code;
    *arguments = (struct arguments){0};
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
        if ((code = parse_option(option, arguments)) != 0 || arguments->help)
            return code;
    if (optind >= argc || !arguments->output)
        return command_misused("show gradients", "a configuration and --output are wanted; see "
                                                 "lambert show gradients --help");
    arguments->config = argv[optind];
    arguments->words = argv + optind + 1;
    arguments->word_count = argc - optind - 1;
    return 0;
}

static void print_text(const struct gradients_summary *s, const char *path)
{
    printf("%s: ", path);
    if (s->masked > 0)
        printf("MLM loss %.6f, ", s->mlm_loss);
    printf("NSP loss %.6f, gradient norm %.6g; %" PRIu64 " sequences, %" PRIu64 " tokens, %" PRIu64
           " masked\n",
           s->nsp_loss, s->gradient_norm, s->sequences, s->tokens, s->masked);
}

static void print_json(const struct gradients_summary *s, const char *path)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "file", path);
    cJSON_AddNumberToObject(line, "mlm_loss", s->mlm_loss);
    cJSON_AddNumberToObject(line, "nsp_loss", s->nsp_loss);
    cJSON_AddNumberToObject(line, "gradient_norm", s->gradient_norm);
    cJSON_AddNumberToObject(line, "sequences", (double)s->sequences);
    cJSON_AddNumberToObject(line, "tokens", (double)s->tokens);
    cJSON_AddNumberToObject(line, "masked", (double)s->masked);
    print_json_line(line);
}

/* Every rank for itself. */
static int prepare(const struct arguments *arguments, struct config *config, int *phase,
                   struct error *err)
{
    if (config_load(config, arguments->config, arguments->words, arguments->word_count, err) < 0 ||
        kernels_select(err) < 0)
        return -1;
    log_set_level(config->run.log_level);
    *phase = arguments->phase ? phase_of(config, arguments->phase, err) : 0;
    return *phase < 0 ? -1 : 0;
}

static int show(struct dist *dist, const void *context, struct error *err)
{
    const struct arguments *arguments = context;
    struct config config;
    struct gradients_summary summary;
    int phase = 0;
    if (dist_agree(dist, prepare(arguments, &config, &phase, err), err) < 0)
        return -1;
    struct gradients_request request = {.config = &config,
                                        .checkpoint = arguments->checkpoint,
                                        .phase = phase,
                                        .batch = (uint64_t)arguments->batch};
    if (gradients_write(dist, &request, arguments->output, &summary, err) < 0)
        return -1;
    if (dist_rank(dist) == 0)
        (arguments->json ? print_json : print_text)(&summary, arguments->output);
    return 0;
}

int show_gradients(int argc, char **argv)
{
    struct arguments arguments;
    int code = parse(argc, argv, &arguments);
    if (code != 0)
        return code;
    if (arguments.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    return command_on_ranks("show gradients", argc, argv, show, &arguments);
}
