#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "lambert/base/memory.h"
#include "lambert/batch/packed_batch.h"
#include "lambert/command/command.h"
#include "lambert/config/config.h"
#include "lambert/corpus/corpus.h"
#include "lambert/model/bert.h"
#include "lambert/run/options.h"
#include "lambert/sample/balance_by_cost.h"
#include "lambert/sample/sampler.h"
#include "show.h"

static const char usage[] =
    "usage: lambert show balance CONFIG [SECTION.KEY=VALUE ...] [options]\n"
    "\n"
    "How the sequences of global batches would be dealt to ranks: the work in a batch, and how\n"
    "much more than the average the busiest rank has, for which all others wait.\n"
    "\n"
    "  --ranks N      (1)\n"
    "  --phase NAME   the phase (the first)\n"
    "  --batches N    look at this many global batches, from the phase's first (4)\n"
    "  --json         one JSON object, with the operations of each rank in the first batch\n"
    "  --help         this text\n"
    "\n"
    "example: lambert show balance configs/bert-large-32k.ini data.corpus=corpus --ranks 1024\n";

struct arguments {
    const char *config;
    char **words;
    int word_count;
    const char *phase;
    long long ranks, batches;
    bool json, help;
};

static int set_option(struct arguments *arguments, int option, struct error *err)
{
    switch (option) {
    case 'r':
        return option_integer("--ranks", optarg, 1, 1000000, &arguments->ranks, err);
    case 'n':
        return option_integer("--batches", optarg, 1, 1000000, &arguments->batches, err);
    case 'p':
        arguments->phase = optarg;
        return 0;
    case 'j':
        arguments->json = true;
        return 0;
    case 'h':
        arguments->help = true;
        return 0;
    default:
        return error_set(err, "see lambert show balance --help");
    }
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        {"ranks", required_argument, NULL, 'r'},   {"phase", required_argument, NULL, 'p'},
        {"batches", required_argument, NULL, 'n'}, {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},          {0}};
    int option;
    struct error err;
    *arguments = (struct arguments){.ranks = 1, .batches = 4};
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1)
        if (set_option(arguments, option, &err) < 0)
            return command_misused("show balance", "%s", err.text);
    if (arguments->help)
        return 0;
    if (optind >= argc)
        return command_misused("show balance",
                               "no configuration file named; see lambert show balance --help");
    arguments->config = argv[optind];
    arguments->words = argv + optind + 1;
    arguments->word_count = argc - optind - 1;
    return 0;
}

/* Of one global batch of G sequences, and what has been seen of all. */
struct deal {
    struct sampler *sampler;
    struct bert_config model;
    int global_batch, ranks;
    int *lengths;                /* [G] */
    double *operations;          /* [G] */
    int *chosen;                 /* [ceil(G / ranks)] */
    double *shares;              /* [ranks] operations of each */
    double *first;               /* [ranks] of the first batch */
    double tokens, masked, work; /* sums over all batches */
    double imbalance, worst;     /* sum over batches, greatest, of busiest / average - 1 */
};

static void deal_init(struct deal *deal)
{
    size_t count = (size_t)deal->global_batch, ranks = (size_t)deal->ranks;
    deal->lengths = memory_new(count, sizeof *deal->lengths);
    deal->operations = memory_new(count, sizeof *deal->operations);
    deal->chosen = memory_new(count / ranks + 1, sizeof *deal->chosen);
    deal->shares = memory_new(ranks, sizeof *deal->shares);
    deal->first = memory_new(ranks, sizeof *deal->first);
}

static void deal_release(struct deal *deal)
{
    free(deal->lengths);
    free(deal->operations);
    free(deal->chosen);
    free(deal->shares);
    free(deal->first);
}

/* Lengths and operations of global batch `number`. */
static int weigh(struct deal *deal, long long number, struct error *err)
{
    struct packed_batch one;
    int status = 0;
    packed_batch_init(&one);
    for (int i = 0; i < deal->global_batch && status == 0; i++) {
        struct sample_plan plan;
        uint64_t index = (uint64_t)number * (uint64_t)deal->global_batch + (uint64_t)i;
        sampler_plan(deal->sampler, index, &plan, NULL);
        packed_batch_reset(&one);
        status = sampler_fill(deal->sampler, &plan, &one, err);
        if (status < 0)
            break;
        deal->lengths[i] = plan.tokens;
        deal->operations[i] = bert_operations(&deal->model, &one);
        deal->tokens += one.tokens;
        deal->masked += one.masked;
    }
    packed_batch_release(&one);
    return status;
}

static void add_shares(struct deal *deal)
{
    double sum = 0, most = 0;
    for (int rank = 0; rank < deal->ranks; rank++) {
        int count =
            balance_by_cost(deal->lengths, deal->global_batch, deal->ranks, rank, deal->chosen);
        deal->shares[rank] = 0;
        for (int i = 0; i < count; i++)
            deal->shares[rank] += deal->operations[deal->chosen[i]];
        sum += deal->shares[rank];
        most = deal->shares[rank] > most ? deal->shares[rank] : most;
    }
    double imbalance = most * deal->ranks / sum - 1;
    deal->work += sum;
    deal->imbalance += imbalance;
    deal->worst = imbalance > deal->worst ? imbalance : deal->worst;
}

static int deal_batches(struct deal *deal, long long batches, struct error *err)
{
    for (long long b = 0; b < batches; b++) {
        if (weigh(deal, b, err) < 0)
            return -1;
        add_shares(deal);
        for (int rank = 0; rank < deal->ranks && b == 0; rank++)
            deal->first[rank] = deal->shares[rank];
    }
    return 0;
}

static void print_json(const struct deal *deal, int sequence_length, double batches)
{
    cJSON *root = cJSON_CreateObject();
    cJSON_AddNumberToObject(root, "global_batch", deal->global_batch);
    cJSON_AddNumberToObject(root, "sequence_length", sequence_length);
    cJSON_AddNumberToObject(root, "ranks", deal->ranks);
    cJSON_AddNumberToObject(root, "batches", batches);
    cJSON_AddNumberToObject(root, "tokens", deal->tokens / batches);
    cJSON_AddNumberToObject(root, "masked", deal->masked / batches);
    cJSON_AddNumberToObject(root, "operations", deal->work / batches);
    cJSON_AddNumberToObject(root, "imbalance", deal->imbalance / batches);
    cJSON_AddNumberToObject(root, "worst_imbalance", deal->worst);
    cJSON_AddItemToObject(root, "rank_operations",
                          cJSON_CreateDoubleArray(deal->first, deal->ranks));
    print_json_line(root);
}

static void print_text(const struct deal *deal, int sequence_length, double batches)
{
    printf("a global batch of %d sequences of at most %d tokens: %.0f tokens, %.0f masked, %.4g "
           "TFLOP\n",
           deal->global_batch, sequence_length, deal->tokens / batches, deal->masked / batches,
           deal->work / batches / 1e12);
    printf(
        "dealt to %d ranks: %.4g TFLOP each; the busiest has %.2f%% more (%.2f%% in the worst of "
        "%.0f batches)\n",
        deal->ranks, deal->work / batches / deal->ranks / 1e12, 100 * deal->imbalance / batches,
        100 * deal->worst, batches);
}

static int show_batches(const struct arguments *arguments, const struct config *config, int phase,
                        const struct corpus *corpus, struct error *err)
{
    struct sampler_options options = sampler_options_of(config, phase);
    const struct vocabulary *vocabulary = corpus_vocabulary(corpus);
    struct deal deal = {.model = bert_config_of(config, vocabulary_size(vocabulary)),
                        .global_batch = config->phases[phase].global_batch,
                        .ranks = (int)arguments->ranks};
    if (sampler_new(&deal.sampler, corpus_store(corpus, CORPUS_TRAIN), vocabulary, &options, err) <
        0)
        return error_prefix(err, "%s", corpus_folder(corpus));
    deal_init(&deal);
    int status = deal_batches(&deal, arguments->batches, err);
    if (status == 0)
        (arguments->json ? print_json : print_text)(&deal, options.sequence_length,
                                                    (double)arguments->batches);
    deal_release(&deal);
    sampler_free(deal.sampler);
    return status;
}

static int show(const struct arguments *arguments, struct error *err)
{
    struct show_phase shown;
    if (show_phase_open(&shown, arguments->config, arguments->words, arguments->word_count,
                        arguments->phase, err) < 0)
        return -1;
    int status = show_batches(arguments, &shown.config, shown.phase, shown.corpus, err);
    corpus_close(shown.corpus);
    return status;
}

int show_balance(int argc, char **argv)
{
    struct arguments arguments;
    struct error err;
    int code = parse(argc, argv, &arguments);
    if (code != 0)
        return code;
    if (arguments.help) {
        fputs(usage, stdout);
        return EXIT_DONE;
    }
    return show(&arguments, &err) < 0 ? command_failed("show balance", &err) : EXIT_DONE;
}
