#include "corpus_statistics.h"

#include <stdlib.h>

#include "lambert/base/memory.h"
#include "lambert/config/config.h"
#include "lambert/corpus/sampler.h"
#include "lambert/train/options.h"

enum { LONGEST_SENTENCE = UINT16_MAX, PLANNED_SAMPLES = 20000 };

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

/* The smallest value that `part` of them are at most. */
static uint64_t quantile(const uint64_t *sorted, uint64_t count, double part)
{
    uint64_t place = (uint64_t)(part * (double)count);
    return sorted[place < count ? place : count - 1];
}

static struct length_summary summarise(uint64_t *lengths, uint64_t count)
{
    struct length_summary summary = {0};
    if (count == 0)
        return summary;
    qsort(lengths, count, sizeof *lengths, by_value);
    for (uint64_t i = 0; i < count; i++)
        summary.mean += (double)lengths[i];
    summary.mean /= (double)count;
    summary.half = quantile(lengths, count, 0.5);
    summary.ninety = quantile(lengths, count, 0.9);
    summary.ninety_nine = quantile(lengths, count, 0.99);
    summary.longest = lengths[count - 1];
    return summary;
}

/* How often each length occurs [LONGEST_SENTENCE + 1]: there are too many sentences to sort. */
static struct length_summary summarise_histogram(const uint64_t *histogram)
{
    struct length_summary summary = {0};
    uint64_t count = 0, below = 0;
    for (int length = 0; length <= LONGEST_SENTENCE; length++)
        count += histogram[length];
    for (int length = 0; length <= LONGEST_SENTENCE; length++) {
        uint64_t here = histogram[length], to = below + here;
        double part = (double)to / (double)count, before = (double)below / (double)count;
        if (here == 0)
            continue;
        summary.mean += (double)length * (double)here / (double)count;
        if (before <= 0.5 && part > 0.5)
            summary.half = (uint64_t)length;
        if (before <= 0.9 && part > 0.9)
            summary.ninety = (uint64_t)length;
        if (before <= 0.99 && part > 0.99)
            summary.ninety_nine = (uint64_t)length;
        summary.longest = (uint64_t)length;
        below = to;
    }
    return summary;
}

static void measure_lengths(struct corpus_statistics *statistics,
                            const struct document_store *store)
{
    uint64_t documents = document_store_documents(store);
    uint64_t *sentences = memory_new(documents, sizeof *sentences);
    uint64_t *tokens = memory_new(documents, sizeof *tokens);
    uint64_t *histogram = memory_new(LONGEST_SENTENCE + 1, sizeof *histogram);
    for (uint64_t d = 0; d < documents; d++) {
        struct document_view view = document_store_view(store, d);
        sentences[d] = view.sentences;
        for (uint32_t s = 0; s < view.sentences; s++) {
            histogram[view.lengths[s]]++;
            tokens[d] += view.lengths[s];
        }
    }
    statistics->sentence_tokens = summarise_histogram(histogram);
    statistics->document_sentences = summarise(sentences, documents);
    statistics->document_tokens = summarise(tokens, documents);
    free(sentences);
    free(tokens);
    free(histogram);
}

/* The first samples stand for all: their order is random. */
static void measure_samples(struct sample_summary *summary, struct sampler *sampler)
{
    struct sample_plan plan;
    uint64_t tokens = 0, planned = 0;
    summary->samples = sampler_epoch_samples(sampler, 0);
    for (; planned < summary->samples && planned < PLANNED_SAMPLES; planned++) {
        sampler_plan(sampler, planned, &plan, NULL);
        tokens += (uint64_t)plan.tokens;
    }
    summary->mean_tokens = (double)tokens / (double)planned;
    summary->padding = summary->sequence_length / summary->mean_tokens - 1;
}

/* Leaves summary->samples 0, and says why, where none can be made. */
static void try_samples(struct sample_summary *summary, const struct corpus *corpus,
                        struct error *why)
{
    struct config config;
    struct sampler *sampler;
    config_defaults(&config);
    struct sampler_options options = sampler_options_of(&config, 0);
    options.sequence_length = summary->sequence_length;
    if (sampler_new(&sampler, corpus_store(corpus, CORPUS_TRAIN), corpus_vocabulary(corpus),
                    &options, why) < 0)
        return;
    measure_samples(summary, sampler);
    sampler_free(sampler);
}

int corpus_statistics_make(struct corpus_statistics *statistics, const struct corpus *corpus,
                           struct error *err)
{
    const struct document_store *store = corpus_store(corpus, CORPUS_TRAIN);
    static const int sequence_lengths[SAMPLE_SUMMARIES] = {128, 512};
    *statistics = (struct corpus_statistics){0};
    if (document_store_check_index(store, err) < 0)
        return -1;
    measure_lengths(statistics, store);
    for (int i = 0; i < SAMPLE_SUMMARIES; i++) {
        statistics->samples[i].sequence_length = sequence_lengths[i];
        try_samples(&statistics->samples[i], corpus, &statistics->no_samples);
    }
    return 0;
}
