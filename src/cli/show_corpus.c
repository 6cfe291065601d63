#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <cjson/cJSON.h>

#include "corpus_report.h"
#include "lambert.h"
#include "lambert/base/json.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/corpus/corpus.h"

struct corpus_arguments {
    const char *folder;
    bool verify, json;
};

static const struct command_option corpus_options[] = {
    {.kind = OPTION_WORD,
     OPTION_PLACE(struct corpus_arguments, folder),
     .required = true,
     .metavar = "DIR",
     .completion = COMPLETE_FOLDERS},
    {.name = "verify",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct corpus_arguments, verify),
     .help = "also read every byte and check every checksum"},
    {.name = "json",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct corpus_arguments, json),
     .help = "one JSON object: the manifest and the statistics"},
    {0}};

static void put_lengths(cJSON *object, const char *name, const struct length_summary *summary)
{
    cJSON *lengths = cJSON_AddObjectToObject(object, name);
    cJSON_AddNumberToObject(lengths, "mean", summary->mean);
    cJSON_AddNumberToObject(lengths, "p50", (double)summary->half);
    cJSON_AddNumberToObject(lengths, "p90", (double)summary->ninety);
    cJSON_AddNumberToObject(lengths, "p99", (double)summary->ninety_nine);
    cJSON_AddNumberToObject(lengths, "max", (double)summary->longest);
}

static void print_json(const struct corpus *corpus, const struct corpus_statistics *statistics)
{
    const struct corpus_report report = corpus_report(corpus);
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "folder", corpus_folder(corpus));
    cJSON_AddItemToObject(root, "manifest", cJSON_Parse(corpus_manifest(corpus)));
    cJSON_AddNumberToObject(root, "unknown_words", corpus_report_unknown_part(&report));
    put_lengths(root, "sentence_tokens", &statistics->sentence_tokens);
    put_lengths(root, "document_sentences", &statistics->document_sentences);
    put_lengths(root, "document_tokens", &statistics->document_tokens);
    /* Element i: documents of 2^i to 2^(i+1) - 1 tokens. */
    cJSON *histogram = cJSON_AddArrayToObject(root, "document_tokens_log2");
    int bins = LENGTH_BINS;
    while (bins > 0 && statistics->length_bins[bins - 1] == 0)
        bins--;
    for (int i = 0; i < bins; i++)
        cJSON_AddItemToArray(histogram, cJSON_CreateNumber((double)statistics->length_bins[i]));
    cJSON *samples = cJSON_AddArrayToObject(root, "samples");
    for (int i = 0; i < SAMPLE_SUMMARIES && statistics->samples[i].samples > 0; i++) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddNumberToObject(item, "sequence_length", statistics->samples[i].sequence_length);
        cJSON_AddNumberToObject(item, "samples", (double)statistics->samples[i].samples);
        cJSON_AddNumberToObject(item, "mean_tokens", statistics->samples[i].mean_tokens);
        cJSON_AddNumberToObject(item, "cut", statistics->samples[i].cut);
        cJSON_AddNumberToObject(item, "padding", statistics->samples[i].padding);
        cJSON_AddItemToArray(samples, item);
    }
    char *text = json_print_indented(root);
    puts(text);
    free(text);
}

static int show_corpus(const void *context, struct error *err)
{
    const struct corpus_arguments *arguments = context;
    struct corpus *corpus;
    struct corpus_statistics statistics;
    int status = -1;
    if (corpus_open(&corpus, arguments->folder, err) < 0)
        return -1;
    if (arguments->verify) {
        size_t size = (size_t)vocabulary_size(corpus_vocabulary(corpus));
        uint64_t *counts = memory_new(size, sizeof *counts);
        int counted = corpus_token_counts(corpus, counts, err);
        free(counts);
        if (counted < 0)
            goto done;
        for (int s = 0; s < CORPUS_SPLITS; s++)
            if (document_store_verify(corpus_store(corpus, (enum corpus_split)s), err) < 0)
                goto done;
        log_info("every byte was read and every checksum holds");
    }
    if (corpus_report_measure(&statistics, corpus, err) < 0)
        goto done;
    (arguments->json ? print_json : corpus_report_print)(corpus, &statistics);
    status = 0;
done:
    corpus_close(corpus);
    return status;
}

const struct command command_show_corpus = {
    .name = "corpus",
    .summary = "what a corpus holds, how many samples it gives, whether it is whole",
    .description =
        "What a corpus holds: documents, sentences, tokens, duplicates, unknown words, lengths, how "
        "many samples and steps an epoch of it has at sequence lengths 128 and 512, which part of the "
        "tokens is cut off there, and what padding would have cost. Memory: 15 MB, 4 KB a shard and 1 MB for each GB of text.",
    .examples = "lambert show corpus corpus/\n",
    .options = corpus_options,
    COMMAND_ARGUMENTS(struct corpus_arguments, .folder = NULL),
    .run = show_corpus};
