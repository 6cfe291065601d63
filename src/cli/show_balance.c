#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lambert.h"
#include "lambert/base/memory.h"
#include "lambert/batch/batch_sizes.h"
#include "lambert/config/config.h"
#include "lambert/plan/deal.h"
#include "lambert/run/corpora.h"
#include "lambert/run/options.h"
#include "lambert/sample/mixed_sampler.h"
#include "open_phase.h"

struct balance_arguments {
    const char *config;
    struct command_words words;
    const char *phase;
    int ranks;
    long long batches;
    bool json;
};

static const struct command_option balance_options[] = {
    OPTION_CONFIG(struct balance_arguments, config, words),
    {.name = "ranks",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct balance_arguments, ranks),
     .min = 1,
     .max = 1000000,
     .metavar = "N",
     .help = "of the job"},
    {.name = "phase",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct balance_arguments, phase),
     .metavar = "NAME",
     .standard = "the first",
     .help = "the phase"},
    {.name = "batches",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct balance_arguments, batches),
     .min = 1,
     .max = 1000000,
     .metavar = "N",
     .help = "look at this many global batches, from the phase's first"},
    {.name = "json",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct balance_arguments, json),
     .help = "one JSON object, with the operations of each rank in the first batch"},
    {0}};

/* Sums over all batches. */
struct balance_sums {
    int ranks;
    double *first;           /* [ranks] operations of each in the first batch */
    double *rank_operations; /* [ranks] in the batch at hand */
    double all_sequences, all_tokens, all_masked, all_operations;
    double imbalance, worst; /* of busiest / average - 1: sum over batches, greatest */
};

static void add_batch(struct balance_sums *sums, const struct deal *deal)
{
    const double imbalance = deal_imbalance(deal, sums->ranks, sums->rank_operations);
    sums->all_sequences += deal->global_batch;
    sums->all_tokens += deal->tokens;
    sums->all_masked += deal->masked;
    sums->all_operations += deal->all_operations;
    sums->imbalance += imbalance;
    sums->worst = imbalance > sums->worst ? imbalance : sums->worst;
}

static void print_json(const struct balance_sums *sums, int sequence_length, double batches)
{
    cJSON *root = cJSON_CreateObject();
    cJSON_AddNumberToObject(root, "global_batch", sums->all_sequences / batches);
    cJSON_AddNumberToObject(root, "sequence_length", sequence_length);
    cJSON_AddNumberToObject(root, "ranks", sums->ranks);
    cJSON_AddNumberToObject(root, "batches", batches);
    cJSON_AddNumberToObject(root, "tokens", sums->all_tokens / batches);
    cJSON_AddNumberToObject(root, "masked", sums->all_masked / batches);
    cJSON_AddNumberToObject(root, "operations", sums->all_operations / batches);
    cJSON_AddNumberToObject(root, "imbalance", sums->imbalance / batches);
    cJSON_AddNumberToObject(root, "worst_imbalance", sums->worst);
    cJSON_AddItemToObject(root, "rank_operations",
                          cJSON_CreateDoubleArray(sums->first, sums->ranks));
    print_json_line(root);
}

static void print_text(const struct balance_sums *sums, int sequence_length, double batches)
{
    printf("a global batch of %.0f sequences of at most %d tokens: %.0f tokens, %.0f masked, %.4g "
           "TFLOP\n",
           sums->all_sequences / batches, sequence_length, sums->all_tokens / batches,
           sums->all_masked / batches, sums->all_operations / batches / 1e12);
    printf(
        "dealt to %d ranks: %.4g TFLOP each; the busiest has %.2f%% more (%.2f%% in the worst of "
        "%.0f batches)\n",
        sums->ranks, sums->all_operations / batches / sums->ranks / 1e12,
        100 * sums->imbalance / batches, 100 * sums->worst, batches);
}

static int show_balance(const void *context, struct error *err)
{
    const struct balance_arguments *arguments = context;
    struct opened_phase opened;
    struct mixed_sampler *sampler = NULL;
    struct deal deal = {0};
    const size_t ranks = (size_t)arguments->ranks;
    struct balance_sums sums = {.ranks = arguments->ranks};
    if (open_phase(&opened, arguments->config, &arguments->words, arguments->phase, err) < 0)
        return -1;
    const struct config_phase *settings = &opened.config.phases[opened.phase];
    const struct vocabulary *vocabulary =
        corpus_vocabulary(corpora_of(&opened.corpora, opened.phase, 0));
    const struct bert_config model = bert_config_of(&opened.config, vocabulary_size(vocabulary));
    int status =
        corpora_sampler(&opened.corpora, &opened.config, opened.phase, CORPUS_TRAIN, &sampler, err);
    if (status < 0)
        goto done;
    const struct batch_sizes sizes = batch_sizes_of(settings);
    sums.rank_operations = memory_new(ranks, sizeof *sums.rank_operations);
    sums.first = memory_new(ranks, sizeof *sums.first);
    deal_init(&deal, batch_sizes_most(&sizes));
    for (long long b = 0; b < arguments->batches; b++) {
        const uint64_t number = (uint64_t)b;
        status = deal_read(&deal, sampler, &model, batch_sizes_before(&sizes, number),
                           batch_sizes_at(&sizes, number), err);
        if (status < 0)
            goto done;
        add_batch(&sums, &deal);
        if (b == 0)
            memcpy(sums.first, sums.rank_operations, ranks * sizeof *sums.first);
    }
    (arguments->json ? print_json : print_text)(&sums, settings->sequence_length,
                                                (double)arguments->batches);
done:
    deal_release(&deal);
    free(sums.rank_operations);
    free(sums.first);
    mixed_sampler_free(sampler);
    corpora_close(&opened.corpora);
    return status;
}

const struct command command_show_balance = {
    .name = "balance",
    .summary = "how evenly global batches are spread over ranks",
    .description =
        "How the sequences of global batches would be spread over ranks: the work in a batch, and "
        "how much more than the average the busiest rank has, for which all others wait.",
    .examples = "lambert show balance configs/bert-large-32k.ini data.corpus=corpus --ranks 1024\n",
    .options = balance_options,
    COMMAND_ARGUMENTS(struct balance_arguments, .ranks = 1, .batches = 4),
    .run = show_balance};
