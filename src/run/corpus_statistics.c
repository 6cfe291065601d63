#include "lambert/run/corpus_statistics.h"

#include "lambert/config/config.h"
#include "lambert/run/options.h"
#include "lambert/sample/distribution.h"
#include "lambert/sample/sampler.h"

enum { PLANNED_SAMPLES = 20000 };

static struct length_summary summarise(const struct distribution *lengths)
{
    return (struct length_summary){.mean = distribution_mean(lengths),
                                   .half = distribution_quantile(lengths, 0.5),
                                   .ninety = distribution_quantile(lengths, 0.9),
                                   .ninety_nine = distribution_quantile(lengths, 0.99),
                                   .longest = lengths->largest};
}

static int bin_of(uint64_t tokens)
{
    int bin = 0;
    while (tokens >>= 1)
        bin++;
    return bin < LENGTH_BINS ? bin : LENGTH_BINS - 1;
}

struct lengths {
    struct distribution sentence_tokens, document_sentences, document_tokens;
};

static uint64_t add_document(struct lengths *lengths, const struct document_view *view)
{
    uint64_t tokens = 0;
    for (uint32_t s = 0; s < view->sentences; s++) {
        distribution_add(&lengths->sentence_tokens, view->lengths[s]);
        tokens += view->lengths[s];
    }
    distribution_add(&lengths->document_sentences, view->sentences);
    distribution_add(&lengths->document_tokens, tokens);
    return tokens;
}

static void measure_lengths(struct corpus_statistics *statistics,
                            const struct document_store *store)
{
    uint64_t documents = document_store_documents(store);
    struct lengths lengths;
    distribution_init(&lengths.sentence_tokens);
    distribution_init(&lengths.document_sentences);
    distribution_init(&lengths.document_tokens);
    for (uint64_t d = 0; d < documents; d++) {
        struct document_view view = document_store_view(store, d);
        statistics->length_bins[bin_of(add_document(&lengths, &view))]++;
        if ((d + 1) % STORE_WALK == 0 || d + 1 == documents)
            document_store_forget(store, d / STORE_WALK * STORE_WALK, d + 1);
    }
    statistics->sentence_tokens = summarise(&lengths.sentence_tokens);
    statistics->document_sentences = summarise(&lengths.document_sentences);
    statistics->document_tokens = summarise(&lengths.document_tokens);
    distribution_release(&lengths.sentence_tokens);
    distribution_release(&lengths.document_sentences);
    distribution_release(&lengths.document_tokens);
}

/* The first samples stand for all: their order is random. For each, the system maps up to 64 KB of
 * the index where its documents lie. */
static void measure_samples(struct sample_summary *summary, struct sampler *sampler,
                            const struct document_store *store)
{
    struct sample_plan plan;
    uint64_t tokens = 0, planned = 0;
    summary->samples = sampler_epoch_samples(sampler, 0);
    for (; planned < summary->samples && planned < PLANNED_SAMPLES; planned++) {
        sampler_plan(sampler, planned, &plan, NULL);
        tokens += (uint64_t)plan.tokens;
        document_store_forget(store, plan.a.document, plan.a.document + 1);
        document_store_forget(store, plan.b.document, plan.b.document + 1);
    }
    summary->mean_tokens = (double)tokens / (double)planned;
    summary->padding = summary->sequence_length / summary->mean_tokens - 1;
}

/* Leaves summary->samples 0, and says why, where none can be made. */
static void try_samples(struct sample_summary *summary, const struct corpus *corpus,
                        struct error *why)
{
    const struct document_store *store = corpus_store(corpus, CORPUS_TRAIN);
    struct config config;
    struct sampler *sampler;
    config_defaults(&config);
    struct sampler_options options = sampler_options_of(&config, 0);
    options.sequence_length = summary->sequence_length;
    if (sampler_new(&sampler, store, corpus_vocabulary(corpus), &options, why) < 0)
        return;
    measure_samples(summary, sampler, store);
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
