#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lambert.h"
#include "lambert/config/config.h"
#include "lambert/dist/dist.h"
#include "lambert/run/evaluate.h"
#include "lambert/run/metrics.h"
#include "lambert/run/options.h"
#include "lambert/run/run.h"
#include "lambert/store/checkpoint_file.h"
#include "open_phase.h"

struct eval_arguments {
    const char *config;
    struct command_words words;
    const char *checkpoint;
    const char *phase;
    bool json;
};

static const struct command_option eval_options[] = {
    OPTION_CONFIG(struct eval_arguments, config, words),
    {.name = "checkpoint",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct eval_arguments, checkpoint),
     .metavar = "PATH",
     .completion = COMPLETE_FILES,
     .standard = "run.folder's newest",
     .help = "a checkpoint, or a run folder: its newest"},
    {.name = "phase",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct eval_arguments, phase),
     .metavar = "NAME",
     .standard = "the last",
     .help = "whose sequence length to use"},
    {.name = "json",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct eval_arguments, json),
     .help = "one JSON object instead of text"},
    {0}};

static void print_means(const struct evaluation *e)
{
    const struct objective_sums *mlm = &e->sums[PRETRAINING_MLM], *nsp = &e->sums[PRETRAINING_NSP];
    if (mlm->terms > 0) {
        printf("  MLM       %8.4f     %5.1f%%\n", mlm->loss / mlm->terms,
               100 * mlm->correct / mlm->terms);
        printf("  guessing  %8.4f     %5.1f%%   (token frequencies of the training text)\n",
               e->unigram_loss, 100 * e->unigram_accuracy);
    }
    if (nsp->terms > 0)
        printf("  pairs     %8.4f     %5.1f%%   (guessing: 0.6931, 50%%)\n", nsp->loss / nsp->terms,
               100 * nsp->correct / nsp->terms);
}

static void print_text(const struct evaluation *e, const char *path, int sequence_length)
{
    char masking[32] = "";
    if (e->masking > 0)
        snprintf(masking, sizeof masking, " (%.4g%%)", 100 * e->masking);
    printf("%s on %" PRIu64 " held-out sequences of up to %d, %" PRIu64
           " masked tokens%s, products in %s\n",
           path, e->sequences, sequence_length, (uint64_t)e->sums[PRETRAINING_MLM].terms, masking,
           config_word("train.compute_type", e->compute_type));
    printf("                loss   accuracy\n");
    print_means(e);
    if (e->corpus_count > 0)
        printf("which are the means of these corpora, weighted by their shares of the samples:\n");
    for (int c = 0; c < e->corpus_count; c++) {
        const struct corpus_evaluation *corpus = &e->corpora[c];
        printf("%s, %.4g%%: %" PRIu64 " sequences, %" PRIu64 " masked tokens\n", corpus->folder,
               100 * corpus->share, corpus->own.sequences,
               (uint64_t)corpus->own.sums[PRETRAINING_MLM].terms);
        print_means(&corpus->own);
    }
}

static void print_json(const struct evaluation *e, const char *path, int sequence_length)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "checkpoint", path);
    metrics_add_evaluation(line, sequence_length, e);
    print_json_line(line);
}

/* Whether the command line says in which type to compute. */
static bool says_type(const struct command_words *words)
{
    static const char key[] = "train.compute_type=";
    for (int i = 0; i < words->count; i++)
        if (strncmp(words->at[i], key, sizeof key - 1) == 0)
            return true;
    return false;
}

static int evaluate(struct dist *dist, const void *context, struct error *err)
{
    const struct eval_arguments *arguments = context;
    struct config config;
    struct evaluation result;
    struct checkpoint_file file = {0};
    struct threads threads;
    int phase = 0;
    int status = read_phase(&config, dist, arguments->config, &arguments->words, arguments->phase,
                            PHASE_LAST, &phase, err);
    status = dist_agree(dist, status, err);
    if (status == 0)
        status = start_threads(&threads, dist, &config, err);
    if (status == 0) {
        const struct evaluation_request request = {.config = &config,
                                                   .phase = phase,
                                                   .checkpoint = arguments->checkpoint,
                                                   .keeps_type = says_type(&arguments->words)};
        status = evaluate_checkpoint(dist, &request, &file, &result, err);
    }
    if (status == 0 && dist_rank(dist) == 0)
        (arguments->json ? print_json : print_text)(&result, checkpoint_file_path(&file),
                                                    config.phases[phase].sequence_length);
    if (status == 0)
        evaluation_release(&result);
    checkpoint_file_close(&file);
    return status;
}

const struct command command_eval = {
    .name = "eval",
    .summary = "losses of a checkpoint on held-out text",
    .description =
        "Losses and accuracies of a checkpoint on the held-out documents of the phase's corpus, beside "
        "what guessing from token frequencies gives; where it has several, of each and of all. train.evaluate_sequences says how many "
        "sequences, train.evaluate_masked_lm_probability how much of them is masked, whatever training masked. Computes in the type that the checkpoint was trained in, unless "
        "train.compute_type=... stands on the command line.",
    .examples = "lambert eval configs/demo.ini --json\n",
    .options = eval_options,
    COMMAND_ARGUMENTS(struct eval_arguments, .config = NULL),
    .run_on_ranks = evaluate};
