#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lambert.h"
#include "lambert/config/config.h"
#include "lambert/dist/dist.h"
#include "lambert/run/gradients.h"
#include "open_phase.h"

struct gradients_arguments {
    const char *config;
    struct command_words words;
    const char *output;
    const char *checkpoint;
    const char *phase;
    long long batch;
    bool json;
};

static const struct command_option gradients_options[] = {
    OPTION_CONFIG(struct gradients_arguments, config, words),
    {.name = "output",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct gradients_arguments, output),
     .required = true,
     .metavar = "FILE",
     .completion = COMPLETE_FILES,
     .writes = true,
     .help = "the file to write"},
    {.name = "checkpoint",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct gradients_arguments, checkpoint),
     .metavar = "PATH",
     .completion = COMPLETE_FILES,
     .standard = "those a new run starts with",
     .help = "the weights to take it at: a checkpoint, a run folder, a model folder"},
    {.name = "phase",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct gradients_arguments, phase),
     .metavar = "NAME",
     .standard = "the first",
     .help = "whose batch"},
    {.name = "batch",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct gradients_arguments, batch),
     .max = 1LL << 40,
     .metavar = "N",
     .help = "which of its global batches"},
    {.name = "json",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct gradients_arguments, json),
     .help = "losses and gradient norm as one JSON object instead of text"},
    {0}};

static void print_text(const struct gradients_summary *s, const char *path)
{
    printf("%s: ", path);
    for (int l = 0; l < s->loss_count; l++)
        if (s->losses[l].terms > 0)
            printf("%s loss %.6f, ", s->losses[l].name, s->losses[l].mean);
    printf("gradient norm %.6g; %" PRIu64 " sequences, %" PRIu64 " tokens", s->gradient_norm,
           s->sequences, s->tokens);
    for (int l = 0; l < s->loss_count; l++)
        printf(", %.0f terms of %s", s->losses[l].terms, s->losses[l].name);
    printf("\n");
}

/* "mlm_loss" and "mlm_terms" of each objective. */
static void print_json(const struct gradients_summary *s, const char *path)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "file", path);
    for (int l = 0; l < s->loss_count; l++) {
        char name[64];
        snprintf(name, sizeof name, "%s_loss", s->losses[l].name);
        cJSON_AddNumberToObject(line, name, s->losses[l].mean);
        snprintf(name, sizeof name, "%s_terms", s->losses[l].name);
        cJSON_AddNumberToObject(line, name, s->losses[l].terms);
    }
    cJSON_AddNumberToObject(line, "gradient_norm", s->gradient_norm);
    cJSON_AddNumberToObject(line, "sequences", (double)s->sequences);
    cJSON_AddNumberToObject(line, "tokens", (double)s->tokens);
    print_json_line(line);
}

static int show_gradients(struct dist *dist, const void *context, struct error *err)
{
    const struct gradients_arguments *arguments = context;
    struct config config;
    struct gradients_summary summary;
    int phase = 0;
    int status = read_phase(&config, dist, arguments->config, &arguments->words, arguments->phase,
                            PHASE_FIRST, &phase, err);
    if (dist_agree(dist, status, err) < 0)
        return -1;
    const struct gradients_request request = {.config = &config,
                                              .checkpoint = arguments->checkpoint,
                                              .phase = phase,
                                              .batch = (uint64_t)arguments->batch};
    if (gradients_write(dist, &request, arguments->output, &summary, err) < 0)
        return -1;
    if (dist_rank(dist) == 0)
        (arguments->json ? print_json : print_text)(&summary, arguments->output);
    return 0;
}

const struct command command_show_gradients = {
    .name = "gradients",
    .summary = "the gradient of a global batch, as a safetensors file",
    .description =
        "Writes the gradient of one global batch as a safetensors file, each tensor by its Hugging "
        "Face name: of MLM loss + NSP loss, or of the loss of the [task], each the mean over the "
        "global batch, before clipping. Without --checkpoint, at the weights that a new run starts "
        "with. Dropout and train.compute_type are as configured; in pre-training lambert show batch "
        "prints the same samples.",
    .examples = "lambert show gradients configs/demo.ini --output gradients.safetensors\n",
    .options = gradients_options,
    COMMAND_ARGUMENTS(struct gradients_arguments, .config = NULL),
    .run_on_ranks = show_gradients};
