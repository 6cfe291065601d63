#include "corpus/fixture.h"

#include <math.h>

#include "lambert/sample/corpus_statistics.h"

static const struct sampler_options options = {.seed = 3,
                                               .sequence_length = 64,
                                               .max_predictions = 10,
                                               .sampling.short_sequence_probability = 0.1,
                                               .sampling.masked_lm_probability = 0.15,
                                               .sampling.mask_replace_prob = 0.8,
                                               .sampling.random_replace_prob = 0.1,
                                               .cache_bytes = 1 << 20};

/* Against a count of the made-up documents by their definition. */
static void lengths_are_those_of_the_documents(void **state)
{
    (void)state;
    static const struct shape shape = {
        .documents = 300, .most_sentences = 20, .most_tokens = 30, .shards = 2, .words = 700};
    struct fixture f;
    struct error err;
    struct corpus_statistics statistics;
    uint64_t sentences = 0, tokens = 0, longest = 0, bins[LENGTH_BINS] = {0};
    fixture_open(&f, &shape);
    for (uint64_t d = 0; d < shape.documents; d++) {
        uint64_t here = made_tokens(&shape, d);
        sentences += made_sentences(&shape, d);
        tokens += here;
        longest = here > longest ? here : longest;
        bins[(int)log2((double)here)]++;
    }
    assert_int_equal(corpus_statistics_make(&statistics, f.store, f.vocabulary, &options, &err), 0);
    assert_memory_equal(statistics.length_bins, bins, sizeof bins);
    assert_int_equal(statistics.document_tokens.longest, longest);
    assert_true(fabs(statistics.document_tokens.mean - (double)tokens / 300) < 1e-9);
    assert_true(fabs(statistics.document_sentences.mean - (double)sentences / 300) < 1e-9);
    assert_true(fabs(statistics.sentence_tokens.mean - (double)tokens / (double)sentences) < 1e-9);
    assert_true(statistics.sentence_tokens.half <= statistics.sentence_tokens.ninety);
    fixture_close(&f);
}

/* The samples are those that the sampler makes at that length: fewer and fuller at 512. */
static void samples_are_those_of_a_sampler(void **state)
{
    (void)state;
    static const struct shape shape = {
        .documents = 80, .most_sentences = 60, .most_tokens = 30, .shards = 1, .words = 700};
    static const int lengths[SAMPLE_SUMMARIES] = {128, 512};
    struct fixture f;
    struct error err;
    struct corpus_statistics statistics;
    fixture_open(&f, &shape);
    assert_int_equal(corpus_statistics_make(&statistics, f.store, f.vocabulary, &options, &err), 0);
    for (int i = 0; i < SAMPLE_SUMMARIES; i++) {
        const struct sample_summary *summary = &statistics.samples[i];
        struct sampler_options own = options;
        struct sampler *sampler;
        own.sequence_length = lengths[i];
        assert_int_equal(sampler_new(&sampler, f.store, f.vocabulary, &own, &err), 0);
        assert_int_equal(summary->sequence_length, lengths[i]);
        assert_int_equal(summary->samples, sampler_epoch_samples(sampler, 0));
        assert_true(summary->mean_tokens <= lengths[i]);
        assert_true(summary->cut >= 0 && summary->cut < 0.2); /* ends of passages */
        assert_true(fabs((summary->padding + 1) * summary->mean_tokens - lengths[i]) < 1e-6);
        sampler_free(sampler);
    }
    assert_true(statistics.samples[0].samples > statistics.samples[1].samples);
    fixture_close(&f);
}

/* Sentences of hundreds of tokens, as of text whose stops are not found: most of it is cut off. */
static void what_is_cut_off_is_counted(void **state)
{
    (void)state;
    static const struct shape shape = {
        .documents = 80, .most_sentences = 3, .most_tokens = 1500, .shards = 1, .words = 700};
    struct fixture f;
    struct error err;
    struct corpus_statistics statistics;
    fixture_open(&f, &shape);
    assert_int_equal(corpus_statistics_make(&statistics, f.store, f.vocabulary, &options, &err), 0);
    assert_true(statistics.samples[0].cut > 0.6);
    assert_true(statistics.samples[1].cut < statistics.samples[0].cut);
    fixture_close(&f);
}

/* One document gives no pairs: there are lengths, and a sentence that says why no samples. */
static void where_no_samples_can_be_made_it_says_why(void **state)
{
    (void)state;
    static const struct shape shape = {
        .documents = 1, .most_sentences = 20, .most_tokens = 30, .shards = 1, .words = 700};
    struct fixture f;
    struct error err;
    struct corpus_statistics statistics;
    fixture_open(&f, &shape);
    assert_int_equal(corpus_statistics_make(&statistics, f.store, f.vocabulary, &options, &err), 0);
    assert_int_equal(statistics.document_tokens.longest, made_tokens(&shape, 0));
    assert_int_equal(statistics.samples[0].samples, 0);
    assert_true(statistics.no_samples.text[0] != '\0');
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lengths_are_those_of_the_documents),
        cmocka_unit_test(samples_are_those_of_a_sampler),
        cmocka_unit_test(what_is_cut_off_is_counted),
        cmocka_unit_test(where_no_samples_can_be_made_it_says_why),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
