#include "lambert/sample/corpus_statistics.h"

#include "lambert/sample/distribution.h"

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

static int measure_lengths(struct corpus_statistics *statistics, const struct document_store *store,
                           struct error *err)
{
    const uint64_t documents = document_store_documents(store);
    int status = 0;
    struct distribution sentence_tokens, document_sentences, document_tokens;
    distribution_init(&sentence_tokens);
    distribution_init(&document_sentences);
    distribution_init(&document_tokens);
    for (uint64_t d = 0; d < documents && status == 0; d++) {
        struct document_view view = document_store_view(store, d);
        uint64_t tokens = 0;
        if (view.sentences == 0)
            status = document_store_damage(store, d, err);
        for (uint32_t s = 0; s < view.sentences; s++) {
            distribution_add(&sentence_tokens, view.lengths[s]);
            tokens += view.lengths[s];
        }
        distribution_add(&document_sentences, view.sentences);
        distribution_add(&document_tokens, tokens);
        statistics->length_bins[bin_of(tokens)]++;
        if ((d + 1) % STORE_WALK == 0 || d + 1 == documents)
            document_store_forget(store, d / STORE_WALK * STORE_WALK, d + 1);
    }
    statistics->sentence_tokens = summarise(&sentence_tokens);
    statistics->document_sentences = summarise(&document_sentences);
    statistics->document_tokens = summarise(&document_tokens);
    distribution_release(&sentence_tokens);
    distribution_release(&document_sentences);
    distribution_release(&document_tokens);
    return status;
}

/* The first samples stand for all: their order is random. For each, the system maps up to 64 KB of
 * the index where its documents lie. */
static int measure_samples(struct sample_summary *summary, struct sampler *sampler,
                           const struct document_store *store, struct error *err)
{
    struct sample_plan plan;
    uint64_t tokens = 0, cut = 0, planned = 0;
    summary->samples = sampler_epoch_samples(sampler, 0);
    for (; planned < summary->samples && planned < PLANNED_SAMPLES; planned++) {
        sampler_plan(sampler, planned, &plan, NULL);
        tokens += (uint64_t)plan.tokens;
        cut += plan.cut;
        document_store_forget(store, plan.a.document, plan.a.document + 1);
        document_store_forget(store, plan.b.document, plan.b.document + 1);
    }
    summary->mean_tokens = (double)tokens / (double)planned;
    summary->cut = (double)cut / (double)(tokens + cut);
    summary->padding = summary->sequence_length / summary->mean_tokens - 1;
    return sampler_damage(sampler, err);
}

int corpus_statistics_make(struct corpus_statistics *statistics, const struct document_store *store,
                           const struct vocabulary *vocabulary,
                           const struct sampler_options *options, struct error *err)
{
    static const int sequence_lengths[SAMPLE_SUMMARIES] = {128, 512};
    *statistics = (struct corpus_statistics){0};
    if (document_store_check_index(store, err) < 0)
        return -1;
    if (measure_lengths(statistics, store, err) < 0)
        return -1;
    for (int i = 0; i < SAMPLE_SUMMARIES; i++) {
        struct sampler_options at_length = *options;
        struct sampler *sampler;
        at_length.sequence_length = sequence_lengths[i];
        statistics->samples[i].sequence_length = sequence_lengths[i];
        if (sampler_new(&sampler, store, vocabulary, &at_length, &statistics->no_samples) < 0)
            continue;
        const int status = measure_samples(&statistics->samples[i], sampler, store, err);
        sampler_free(sampler);
        if (status < 0)
            return -1;
    }
    return 0;
}
