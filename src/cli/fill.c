#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asking_options.h"
#include "lambert.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/run/fill_masks.h"
#include "lambert/run/loaded_model.h"

struct fill_arguments {
    struct asking_options asking;
    int top;
    bool json;
    struct command_words texts;
};

static const struct command_option fill_options[] = {
    {OPTION_ASKED_MODEL(struct fill_arguments, asking), .required = true,
     .help = "a run folder (its best checkpoint, or its newest), a checkpoint or a Hugging Face "
             "folder"},
    {.name = "top",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct fill_arguments, top),
     .min = 1,
     .max = 1000,
     .metavar = "K",
     .help = "tokens for each mask"},
    {.name = "json",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct fill_arguments, json),
     .help = "one JSON object a line: text, masks"},
    OPTION_ASKING(struct fill_arguments, asking),
    {.kind = OPTION_WORDS, OPTION_PLACE(struct fill_arguments, texts), .metavar = "TEXT"},
    {0}};

/* What rank 0 asks with. */
struct filling {
    const struct fill_arguments *arguments;
    const struct base_model *base;
    const struct loaded_model *model;
    struct tokenizer *tokenizer;
    struct packed_batch batch;
    struct buffer logits; /* of a text */
    struct guess *best;   /* [top] */
    int top;
};

/* --- printing --------------------------------------------------------------------------------- */

static void print_mask(const struct filling *filling, int number)
{
    for (int b = 0; b < filling->top; b++)
        printf("  %d  %.4f  %s\n", number + 1, filling->best[b].probability,
               vocabulary_token(filling->base->vocabulary, filling->best[b].token));
}

static cJSON *json_of_mask(const struct filling *filling, int number)
{
    cJSON *mask = cJSON_CreateObject();
    cJSON_AddNumberToObject(mask, "position", filling->batch.labelled_rows[number]);
    cJSON *tokens = cJSON_AddArrayToObject(mask, "tokens");
    for (int b = 0; b < filling->top; b++) {
        const struct guess *guess = &filling->best[b];
        cJSON *object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "token",
                                vocabulary_token(filling->base->vocabulary, guess->token));
        cJSON_AddNumberToObject(object, "id", guess->token);
        cJSON_AddNumberToObject(object, "probability", guess->probability);
        cJSON_AddItemToArray(tokens, object);
    }
    return mask;
}

/* Of the text in the batch. */
static void print_answers(const struct filling *filling, const char *text)
{
    const int vocab = vocabulary_size(filling->base->vocabulary);
    const real *logits = (const real *)filling->logits.data;
    const bool json = filling->arguments->json;
    cJSON *line = json ? cJSON_CreateObject() : NULL, *masks = NULL;
    if (json) {
        cJSON_AddStringToObject(line, "text", text);
        masks = cJSON_AddArrayToObject(line, "masks");
    } else {
        printf("%s\n", text);
    }
    for (int m = 0; m < filling->batch.labelled; m++) {
        fill_masks_best(logits + (size_t)m * (size_t)vocab, vocab, filling->best, filling->top);
        if (json)
            cJSON_AddItemToArray(masks, json_of_mask(filling, m));
        else
            print_mask(filling, m);
    }
    if (json)
        print_json_line(line);
    fflush(stdout);
}

/* --- asking ----------------------------------------------------------------------------------- */

/* One text at a time, so that whoever types them has each answer at once. */
static int fill_text(struct filling *filling, const char *text, struct error *err)
{
    const struct base_model *base = filling->base;
    packed_batch_reset(&filling->batch);
    if (fill_masks_append(&filling->batch, filling->tokenizer, base->vocabulary, text,
                          base->shape.max_position_embeddings, err) < 0)
        return -1;
    buffer_reset(&filling->logits);
    fill_masks_logits(filling->model->bert, filling->model->params, &filling->batch,
                      buffer_grow(&filling->logits, (size_t)filling->batch.labelled *
                                                        (size_t)vocabulary_size(base->vocabulary) *
                                                        sizeof(real)));
    print_answers(filling, text);
    return 0;
}

static int fill_words(struct filling *filling, const struct command_words *texts, struct error *err)
{
    for (int i = 0; i < texts->count; i++)
        if (fill_text(filling, texts->at[i], err) < 0)
            return error_prefix(err, "text %d, '%.60s'", i + 1, texts->at[i]);
    return 0;
}

static int fill_lines(struct filling *filling, struct error *err)
{
    char *line = NULL;
    size_t room = 0;
    int status = 0;
    for (int number = 1; status == 0 && getline(&line, &room, stdin) >= 0; number++) {
        line[strcspn(line, "\r\n")] = '\0';
        if (fill_text(filling, line, err) < 0)
            status = error_prefix(err, "standard input, line %d", number);
    }
    if (status == 0 && ferror(stdin))
        status = error_errno(err, "cannot read standard input");
    free(line);
    return status;
}

/* [rank 0] */
static int fill_all(const struct fill_arguments *arguments, const struct base_model *base,
                    const struct loaded_model *model, struct error *err)
{
    struct filling filling = {.arguments = arguments,
                              .base = base,
                              .model = model,
                              .tokenizer = tokenizer_new(base->vocabulary, &base->tokenizer),
                              .top = min_int(arguments->top, vocabulary_size(base->vocabulary))};
    filling.best = memory_new((size_t)filling.top, sizeof *filling.best);
    packed_batch_init(&filling.batch);
    const int status = arguments->texts.count > 0 ? fill_words(&filling, &arguments->texts, err)
                                                  : fill_lines(&filling, err);
    packed_batch_release(&filling.batch);
    buffer_release(&filling.logits);
    free(filling.best);
    tokenizer_free(filling.tokenizer);
    return status;
}

static int fill(struct dist *dist, const void *context, struct error *err)
{
    static const struct objective *const objectives[] = {&objective_mlm};
    const struct fill_arguments *arguments = context;
    struct base_model base;
    struct loaded_model model;
    if (start_asking(dist, &arguments->asking, err) < 0)
        return -1;
    if (base_model_open(&base, dist, arguments->asking.model, err) < 0)
        return error_prefix(err, "%s", arguments->asking.model);
    const struct bert_options options = {
        .capacity = fill_masks_capacity(base.shape.max_position_embeddings),
        .compute_type = asking_type_of(&arguments->asking, base.compute_type)};
    int status = loaded_model_init(&model, &base, dist, objectives, 1, &options, err);
    if (status == 0) {
        if (dist_rank(dist) == 0)
            status = fill_all(arguments, &base, &model, err);
        status = dist_agree(dist, status, err);
        loaded_model_release(&model);
    }
    base_model_close(&base);
    return status;
}

const struct command command_fill = {
    .name = "fill",
    .summary = "what a pre-trained model puts in the place of [MASK]",
    .description =
        "Prints the most probable tokens for each [MASK] of a text, with their probabilities, as "
        "the fill-mask pipeline of Hugging Face's transformers finds them. Texts are words of the "
        "command line, or lines of standard input, each of which is answered at once. In the "
        "answers the first column is the number of the mask in its text. Under mpirun rank 0 does "
        "the work.",
    .examples = "lambert fill --model runs/demo 'In the beginning God created the [MASK].'\n"
                "lambert fill --model demo-bert --top 10 --json <texts.txt\n",
    .options = fill_options,
    COMMAND_ARGUMENTS(struct fill_arguments, .top = 5),
    .run_on_ranks = fill};
