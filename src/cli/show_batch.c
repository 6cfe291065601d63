#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "lambert.h"
#include "lambert/base/buffer.h"
#include "lambert/batch/packed_batch.h"
#include "lambert/config/config.h"
#include "lambert/run/corpora.h"
#include "lambert/sample/mixed_sampler.h"
#include "open_phase.h"

struct batch_arguments {
    const char *config;
    struct command_words words;
    const char *phase;
    enum corpus_split split;
    long long first, count;
    bool json;
};

static const struct command_option batch_options[] = {
    OPTION_CONFIG(struct batch_arguments, config, words),
    {.name = "phase",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct batch_arguments, phase),
     .metavar = "NAME",
     .standard = "the first",
     .help = "the phase"},
    {.name = "split",
     .kind = OPTION_CHOICE,
     OPTION_PLACE(struct batch_arguments, split),
     .choices = corpus_split_names,
     .choice_count = CORPUS_SPLITS,
     .metavar = "NAME",
     .help = "which documents; held-out ones are masked as an evaluation does"},
    {.name = "first",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct batch_arguments, first),
     .max = INT64_MAX / 2,
     .metavar = "I",
     .help = "number of the first sample in the phase"},
    {.name = "count",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct batch_arguments, count),
     .min = 1,
     .max = 1000000000,
     .metavar = "N",
     .help = "how many"},
    {.name = "json",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct batch_arguments, json),
     .help =
         "one JSON object a line: index, corpus (where there are several), input_ids, token_type_ids, "
         "begins_word (of a corpus of segmented text; 0: the token goes on with a word), "
         "masked_positions (from 0 in the sequence), masked_labels, next_sentence_label (0: B follows "
         "A, 1: it does not, -1: no label)"},
    {0}};

/* A batch of one sequence, and where it came from. */
struct sample {
    const struct vocabulary *vocabulary;
    const struct packed_batch *batch;
    struct sample_plan plan;
    const char *corpus;         /* NULL: the phase has one */
    uint32_t epoch;             /* of the corpus */
    const uint8_t *begins_word; /* NULL: the corpus does not say where words begin */
};

/* Whether the token goes on with a word of its segment, and so is masked with what stands before it where words are. */
static bool continues_word(const struct sample *sample, int t)
{
    const int a_end = (int)sample->plan.a.count + 1, end = sample->batch->tokens - 1;
    return sample->begins_word && t > 1 && t != a_end && t != a_end + 1 && t != end &&
           !sample->begins_word[t];
}

static void add_integers(cJSON *line, const char *name, const int32_t *values, int count)
{
    /* cJSON makes no array of a count of 0 at NULL. */
    cJSON_AddItemToObject(line, name,
                          count > 0 ? cJSON_CreateIntArray(values, count) : cJSON_CreateArray());
}

static void print_json(const struct sample *sample)
{
    const struct packed_batch *batch = sample->batch;
    cJSON *line = cJSON_CreateObject();
    cJSON *types = cJSON_CreateArray();
    for (int t = 0; t < batch->tokens; t++)
        cJSON_AddItemToArray(types, cJSON_CreateNumber(batch->token_type_ids[t]));
    cJSON_AddNumberToObject(line, "index", (double)sample->plan.index);
    if (sample->corpus)
        cJSON_AddStringToObject(line, "corpus", sample->corpus);
    add_integers(line, "input_ids", batch->input_ids, batch->tokens);
    cJSON_AddItemToObject(line, "token_type_ids", types);
    if (sample->begins_word) {
        cJSON *words = cJSON_AddArrayToObject(line, "begins_word");
        for (int t = 0; t < batch->tokens; t++)
            cJSON_AddItemToArray(words, cJSON_CreateNumber(!continues_word(sample, t)));
    }
    add_integers(line, "masked_positions", batch->labelled_rows, batch->labelled);
    add_integers(line, "masked_labels", batch->row_labels, batch->labelled);
    cJSON_AddNumberToObject(line, "next_sentence_label", batch->next_sentence_label[0]);
    print_json_line(line);
}

static void print_text(const struct sample *sample)
{
    enum { WIDTH = 98 }; /* of a terminal's line, or about */
    const struct sample_plan *plan = &sample->plan;
    const struct packed_batch *batch = sample->batch;
    printf("sample %" PRIu64 " (%s%sepoch %" PRIu32 "): %d tokens, A %" PRIu32, plan->index,
           sample->corpus ? sample->corpus : "", sample->corpus ? ", " : "", sample->epoch,
           plan->tokens, plan->a.count);
    if (plan->b.count > 0) {
        const int label = plan->next_sentence_label;
        const bool swapped = plan->b.document == plan->a.document && plan->b.first < plan->a.first;
        printf(", B %" PRIu32 " %s", plan->b.count,
               label < 0    ? "unlabelled"
               : label == 0 ? "follows A (label 0)"
               : swapped    ? "precedes A (label 1)"
                            : "from another document (label 1)");
    }
    printf("; %d masked\n", batch->labelled);
    struct buffer word = {0};
    int column = 0, masked = 0;
    for (int t = 0; t < batch->tokens; t++) {
        const bool continues = continues_word(sample, t);
        buffer_reset(&word);
        buffer_print(&word, "%s%s", continues ? "+" : "",
                     vocabulary_token(sample->vocabulary, batch->input_ids[t]));
        if (masked < batch->labelled && batch->labelled_rows[masked] == t)
            buffer_print(&word, "(%s)",
                         vocabulary_token(sample->vocabulary, batch->row_labels[masked++]));
        const int width = (int)word.size;
        if (column > 0 && column + 1 + width > WIDTH) {
            printf("\n");
            column = 0;
        }
        const char *gap = column == 0 ? "  " : continues ? "" : " ";
        printf("%s%s", gap, buffer_text(&word));
        column += (int)strlen(gap) + width;
    }
    printf("\n\n");
    buffer_release(&word);
}

static int show_batch(const void *context, struct error *err)
{
    const struct batch_arguments *arguments = context;
    struct opened_phase opened;
    struct mixed_sampler *sampler = NULL;
    struct packed_batch batch;
    uint64_t sequences = 0, tokens = 0, masked = 0, label_1 = 0;
    if (open_phase(&opened, arguments->config, &arguments->words, arguments->phase, err) < 0)
        return -1;
    packed_batch_init(&batch);
    const struct corpora *corpora = &opened.corpora;
    const int parts = corpora_parts(corpora, opened.phase);
    const int longest = opened.config.phases[opened.phase].sequence_length;
    struct sample sample = {.vocabulary = corpus_vocabulary(corpora_of(corpora, opened.phase, 0)),
                            .batch = &batch};
    int status =
        corpora_sampler(corpora, &opened.config, opened.phase, arguments->split, &sampler, err);
    if (status < 0)
        goto done;
    for (long long i = 0; i < arguments->count; i++) {
        int part;
        mixed_sampler_plan(sampler, (uint64_t)(arguments->first + i), &sample.plan, &part,
                           &sample.epoch);
        if (parts > 1)
            sample.corpus = corpus_folder(corpora_of(corpora, opened.phase, part));
        packed_batch_reset(&batch);
        status = mixed_sampler_fill(sampler, &sample.plan, &batch, err);
        if (status < 0)
            goto done;
        sample.begins_word = mixed_sampler_begins_word(sampler, part);
        (arguments->json ? print_json : print_text)(&sample);
        sequences++;
        tokens += (uint64_t)batch.tokens;
        masked += (uint64_t)batch.labelled;
        label_1 += sample.plan.next_sentence_label == 1;
    }
    if (!arguments->json) {
        const uint64_t padding = sequences * (uint64_t)longest - tokens;
        printf("%" PRIu64 " sequences, %" PRIu64 " tokens, %" PRIu64 " masked (%.1f%%), label 1 in "
               "%" PRIu64 "; padding to %d would have added %" PRIu64 " tokens (%.0f%%)\n",
               sequences, tokens, masked, 100 * (double)masked / (double)tokens, label_1, longest,
               padding, 100 * (double)padding / (double)tokens);
    }
done:
    packed_batch_release(&batch);
    mixed_sampler_free(sampler);
    corpora_close(&opened.corpora);
    return status;
}

const struct command command_show_batch = {
    .name = "batch",
    .summary = "training samples as the model will see them",
    .description =
        "Prints training samples as the model will see them. A masked position shows what stands "
        "there now and, in brackets right behind it, what has to be guessed: [MASK](house). Of a corpus of segmented "
        "text, a + stands before what goes on with a word.",
    .examples = "lambert show batch configs/demo.ini --first 1000 --count 2\n",
    .options = batch_options,
    COMMAND_ARGUMENTS(struct batch_arguments, .count = 4),
    .run = show_batch};
