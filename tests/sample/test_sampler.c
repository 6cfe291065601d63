#include "lib/unit.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "corpus/fixture.h"
#include "lambert/base/container.h"
#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/base/rng.h"
#include "lambert/sample/sampler.h"

static const struct shape shape = {
    .documents = 400, .most_sentences = 25, .most_tokens = 40, .shards = 3, .words = 700};
/* Sentences of one token: passages come out exactly as long as the target. */
static const struct shape single_tokens = {
    .documents = 60, .most_sentences = 500, .most_tokens = 1, .shards = 2, .words = 700};

static const struct sampler_options defaults = {.seed = 42,
                                                .phase = 0,
                                                .sequence_length = 128,
                                                .max_predictions = 20,
                                                .sampling.short_sequence_probability = 0.1,
                                                .sampling.masked_lm_probability = 0.15,
                                                .sampling.mask_replace_prob = 0.8,
                                                .sampling.random_replace_prob = 0.1,
                                                .cache_bytes = 1 << 20};

static struct sampler *new_sampler(const struct fixture *f, const struct sampler_options *options)
{
    struct sampler *sampler;
    struct error err;
    assert_int_equal(sampler_new(&sampler, f->store, f->vocabulary, options, &err), 0);
    return sampler;
}

static void fill_one(struct sampler *sampler, uint64_t index, struct sample_plan *plan,
                     struct packed_batch *batch)
{
    struct error err;
    sampler_plan(sampler, index, plan, NULL);
    packed_batch_reset(batch);
    assert_int_equal(sampler_fill(sampler, plan, batch, &err), 0);
}

/* Of many shards of which few are mapped at a time, the samples of one whose shards all are, planned by
 * threads or by one. */
static void samples_do_not_depend_on_what_is_mapped(void **state)
{
    (void)state;
    static const struct shape many = {
        .documents = 300, .most_sentences = 25, .most_tokens = 40, .shards = 100, .words = 700};
    struct fixture whole, part;
    struct packed_batch one, two;
    struct sample_plan plan;
    fixture_open(&whole, &many);
    document_stores_limit(4 * (STORE_HELD * omp_get_max_threads() + 1));
    fixture_open(&part, &many);
    packed_batch_init(&one);
    packed_batch_init(&two);
    struct sampler *first = new_sampler(&whole, &defaults), *second = new_sampler(&part, &defaults);
    for (uint64_t i = 0; i < 900; i++) {
        sampler_set_parallel(second, i < 450);
        fill_one(first, i * 5, &plan, &one);
        fill_one(second, i * 5, &plan, &two);
        assert_int_equal(one.tokens, two.tokens);
        assert_int_equal(one.labelled, two.labelled);
        assert_memory_equal(one.input_ids, two.input_ids, (size_t)one.tokens * sizeof(int32_t));
        assert_memory_equal(one.row_labels, two.row_labels, (size_t)one.labelled * sizeof(int32_t));
    }
    sampler_free(first);
    sampler_free(second);
    packed_batch_release(&one);
    packed_batch_release(&two);
    fixture_close(&whole);
    fixture_close(&part);
    document_stores_limit(STORE_MOST_MAPPED);
}

/* --- what a sample is --- */

static void assert_run(const struct shape *made, const struct token_run *run, const int32_t *ids)
{
    for (uint32_t t = 0; t < run->count; t++)
        assert_int_equal(ids[t], made_id(made, run->document, run->first + t));
}

static void samples_hold_the_documents_tokens(void **state)
{
    (void)state;
    struct fixture f;
    struct packed_batch batch;
    struct sample_plan plan;
    fixture_open(&f, &shape);
    packed_batch_init(&batch);
    struct sampler *sampler = new_sampler(&f, &defaults);
    for (uint64_t i = 0; i < 1500; i++) {
        fill_one(sampler, i, &plan, &batch);
        int a_end = (int)plan.a.count + 1, tokens = plan.tokens;
        assert_int_equal(plan.index, i);
        assert_int_equal(tokens, plan.a.count + plan.b.count + 3);
        assert_true(tokens >= 5 && tokens <= 128);
        assert_true(plan.a.first + plan.a.count <= made_tokens(&shape, plan.a.document));
        assert_true(plan.b.first + plan.b.count <= made_tokens(&shape, plan.b.document));

        assert_int_equal(batch.sequences, 1);
        assert_int_equal(batch.tokens, tokens);
        assert_int_equal(batch.sample_index[0], i);
        assert_int_equal(batch.sample_key[0], rng_key(42, RNG_DROPOUT, 0, i));
        assert_int_equal(batch.next_sentence_label[0], plan.next_sentence_label);
        int wanted = (int)rint(tokens * 0.15);
        assert_int_equal(batch.labelled, wanted < 1 ? 1 : wanted > 20 ? 20 : wanted);
        for (int t = 0; t < tokens; t++)
            assert_int_equal(batch.token_type_ids[t], t > a_end);
        for (int m = 0; m < batch.labelled; m++) /* as it was before masking */
            batch.input_ids[batch.labelled_rows[m]] = batch.row_labels[m];
        assert_int_equal(batch.input_ids[0], 2);
        assert_int_equal(batch.input_ids[a_end], 3);
        assert_int_equal(batch.input_ids[tokens - 1], 3);
        assert_run(&shape, &plan.a, batch.input_ids + 1);
        assert_run(&shape, &plan.b, batch.input_ids + a_end + 1);
    }
    sampler_free(sampler);
    packed_batch_release(&batch);
    fixture_close(&f);
}

static void labels_tell_where_b_is_from(void **state)
{
    (void)state;
    struct fixture f;
    struct sample_plan plan;
    fixture_open(&f, &single_tokens);
    struct sampler *sampler = new_sampler(&f, &defaults);
    uint64_t samples = sampler_epoch_samples(sampler, 0);
    for (uint64_t i = 0; i < samples; i++) {
        sampler_plan(sampler, i, &plan, NULL);
        if (plan.next_sentence_label == 1) {
            assert_int_not_equal(plan.b.document, plan.a.document);
        } else {
            assert_int_equal(plan.next_sentence_label, 0);
            assert_int_equal(plan.b.document, plan.a.document);
            assert_int_equal(plan.b.first, plan.a.first + plan.a.count);
        }
    }
    sampler_free(sampler);
    fixture_close(&f);
}

/* Unused sentences go back: in an epoch each token of each document is once in an A, or in a B that
 * follows its A. (With sentences of one token nothing is truncated.) */
static void every_token_comes_once_an_epoch(void **state)
{
    (void)state;
    struct fixture f;
    struct sample_plan plan;
    fixture_open(&f, &single_tokens);
    struct sampler *sampler = new_sampler(&f, &defaults);
    for (uint32_t epoch = 0; epoch < 3; epoch++) {
        uint8_t seen[60][500] = {{0}};
        uint64_t begin = 0, found;
        for (uint32_t e = 0; e < epoch; e++)
            begin += sampler_epoch_samples(sampler, e);
        for (uint64_t i = begin; i < begin + sampler_epoch_samples(sampler, epoch); i++) {
            uint32_t in_epoch;
            sampler_plan(sampler, i, &plan, &in_epoch);
            assert_int_equal(in_epoch, epoch);
            for (uint32_t t = 0; t < plan.a.count; t++)
                seen[plan.a.document][plan.a.first + t]++;
            for (uint32_t t = 0; t < plan.b.count && !plan.next_sentence_label; t++)
                seen[plan.b.document][plan.b.first + t]++;
        }
        for (uint64_t d = 0; d < 60; d++) {
            for (found = 0; found < 500 && seen[d][found] == 1; found++)
                ;
            assert_int_equal(found, made_tokens(&single_tokens, d));
        }
    }
    sampler_free(sampler);
    fixture_close(&f);
}

/* The sentences of an A are used up, so no two begin at the same token. */
static void no_two_samples_of_an_epoch_are_alike(void **state)
{
    (void)state;
    struct fixture f;
    struct sample_plan plan;
    fixture_open(&f, &shape);
    struct sampler *sampler = new_sampler(&f, &defaults);
    uint64_t samples = sampler_epoch_samples(sampler, 0), ascending = 0, before = 0;
    uint8_t *seen = memory_new(400 * 1000, 1); /* where A begins, by document and token */
    assert_true(samples > 400);
    for (uint64_t i = 0; i < samples; i++) {
        sampler_plan(sampler, i, &plan, NULL);
        assert_int_equal(seen[plan.a.document * 1000 + plan.a.first], 0);
        seen[plan.a.document * 1000 + plan.a.first] = 1;
        ascending += plan.a.document > before;
        before = plan.a.document;
    }
    /* in random order: the next document lies behind this one about half of the time */
    assert_true(fabs((double)ascending - (double)samples / 2) < 4 * sqrt((double)samples / 4));
    free(seen);
    sampler_free(sampler);
    fixture_close(&f);
}

/* --- distributions --- */

static void b_is_random_half_of_the_time(void **state)
{
    (void)state;
    const struct shape long_documents = {200, 400, 12, 1, 700, false};
    struct fixture f;
    struct sample_plan plan;
    struct sampler_options options = defaults;
    fixture_open(&f, &long_documents);
    options.sampling.short_sequence_probability = 0;
    struct sampler *sampler = new_sampler(&f, &options);
    uint64_t samples = sampler_epoch_samples(sampler, 0), random = 0, full = 0;
    for (uint64_t i = 0; i < samples; i++) {
        sampler_plan(sampler, i, &plan, NULL);
        random += (uint64_t)plan.next_sentence_label;
        full += plan.tokens == 128;
    }
    double n = (double)samples;
    assert_true(n > 3000);
    /* documents end in passages of one sentence now and then, which are always random */
    assert_true(fabs((double)random - n / 2) < 4 * sqrt(n / 4) + 0.02 * n);
    assert_true((double)full > 0.7 * n);
    sampler_free(sampler);
    fixture_close(&f);
}

/* Sentences of one token: A and a B that follows it have as many tokens together as the target, but
 * for the document's last passage. Of the documents, so many have a target below 125. */
static void count_short_documents(double probability, int *few_in_all, int *documents)
{
    const struct shape made = {1000, 600, 1, 1, 700, false};
    struct fixture f;
    struct sample_plan plan;
    struct sampler_options options = defaults;
    uint8_t pairs[1000] = {0}, full[1000] = {0}; /* full: one of all tokens that have room */
    fixture_open(&f, &made);
    options.sampling.short_sequence_probability = probability;
    struct sampler *sampler = new_sampler(&f, &options);
    uint64_t samples = sampler_epoch_samples(sampler, 0);
    for (uint64_t i = 0; i < samples; i++) {
        sampler_plan(sampler, i, &plan, NULL);
        uint64_t left = made_tokens(&made, plan.a.document) - plan.a.first;
        if (plan.next_sentence_label || left < 125)
            continue;
        pairs[plan.a.document] = 1;
        full[plan.a.document] |= plan.tokens == 128;
    }
    *few_in_all = *documents = 0;
    for (int d = 0; d < 1000; d++) {
        *documents += pairs[d];
        *few_in_all += pairs[d] && !full[d];
    }
    sampler_free(sampler);
    fixture_close(&f);
}

static void documents_are_cut_short_now_and_then(void **state)
{
    (void)state;
    int shorter, documents;
    count_short_documents(0, &shorter, &documents);
    assert_int_equal(shorter, 0);
    assert_true(documents > 400);
    count_short_documents(0.25, &shorter, &documents);
    /* a short target makes more passages, so that a document with one is sooner among these */
    assert_true(shorter > 0.2 * documents && shorter < 0.4 * documents);
    count_short_documents(1, &shorter, &documents);
    assert_true(shorter > 0.97 * documents); /* a 124th of the targets is 125 all the same */
}

/* What came out of samples [first, end): tokens, masks, masks that `rates` say, and how often a place in the middle was
 * hidden, where it was a token. */
struct rate_counts {
    double samples, tokens, masked, wanted;
    double middle, middle_hidden, middle_wanted, middle_variance;
};

static struct rate_counts count_masks(struct sampler *sampler,
                                      const struct sampler_options *options, uint64_t first,
                                      uint64_t end)
{
    enum { MIDDLE = 50 };
    struct rate_counts counts = {.samples = (double)(end - first)};
    struct packed_batch batch;
    struct sample_plan plan;
    packed_batch_init(&batch);
    for (uint64_t i = first; i < end; i++) {
        const double rate = sampler_masking_rate(options, i);
        fill_one(sampler, i, &plan, &batch);
        const int wanted = (int)rint(rate * plan.tokens);
        assert_int_equal(batch.labelled, wanted < 1 ? 1 : wanted);
        counts.tokens += plan.tokens;
        counts.masked += batch.labelled;
        counts.wanted += rate * plan.tokens;
        if (plan.tokens <= MIDDLE + 1 || (int)plan.a.count + 1 == MIDDLE)
            continue;
        const double chance = (double)batch.labelled / (plan.tokens - 3);
        counts.middle++;
        counts.middle_wanted += chance;
        counts.middle_variance += chance * (1 - chance);
        for (int m = 0; m < batch.labelled; m++)
            counts.middle_hidden += batch.labelled_rows[m] == MIDDLE;
    }
    packed_batch_release(&batch);
    return counts;
}

/* The counts of sequences are rounded, each by a half at most, with the variance 1/12; a place is hidden or not by
 * lot. */
static void assert_rate(const struct rate_counts *counts, double rate)
{
    const double rounding = sqrt(counts->samples / 12);
    assert_true(counts->tokens > 50 * counts->samples && counts->middle > 0.5 * counts->samples);
    assert_true(fabs(counts->masked - counts->wanted) < 3 * rounding);
    assert_true(fabs(counts->masked - rate * counts->tokens) < 3 * rounding);
    assert_true(fabs(counts->middle_hidden - counts->middle_wanted) <
                3 * sqrt(counts->middle_variance));
}

/* Of 100 tokens each of these rates is a whole number. */
static void masking_rates_come_out(void **state)
{
    (void)state;
    static const double rates[] = {0.15, 0.2, 0.3, 0.4};
    struct fixture f;
    struct sampler_options options = defaults;
    fixture_open(&f, &shape);
    options.sequence_length = 100;
    options.max_predictions = 0;
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
        options.sampling.masked_lm_probability = rates[r];
        struct sampler *sampler = new_sampler(&f, &options);
        const struct rate_counts counts = count_masks(sampler, &options, 0, 3000);
        assert_rate(&counts, rates[r]);
        sampler_free(sampler);
    }
    fixture_close(&f);
}

static void a_masking_rate_changes_from_sample_to_sample(void **state)
{
    (void)state;
    enum { SAMPLES = 20000, PART = 1000 }; /* in a part the rate changes by 0.01: a token of 100 */
    struct fixture f;
    struct sampler_options options = defaults;
    fixture_open(&f, &shape);
    options.sequence_length = 100;
    options.max_predictions = 0;
    options.sampling.masked_lm_probability = 0.4;
    options.masking_change = (struct masking_change){.end = 0.2, .samples = SAMPLES};
    assert_true(sampler_masking_rate(&options, 0) == 0.4);
    assert_true(fabs(sampler_masking_rate(&options, SAMPLES / 4) - 0.35) < 1e-15);
    assert_true(fabs(sampler_masking_rate(&options, SAMPLES / 2) - 0.3) < 1e-15);
    assert_true(fabs(sampler_masking_rate(&options, SAMPLES - 1) - (0.2 + 0.2 / SAMPLES)) < 1e-15);
    assert_true(sampler_masking_rate(&options, SAMPLES) == 0.2);
    assert_true(sampler_masking_rate(&options, UINT64_MAX) == 0.2);

    struct sampler *sampler = new_sampler(&f, &options);
    const uint64_t middle = SAMPLES / 2;
    struct rate_counts counts = count_masks(sampler, &options, middle - PART, middle + PART);
    assert_rate(&counts, 0.3);
    counts = count_masks(sampler, &options, 0, PART); /* the mean of its rates */
    assert_rate(&counts, 0.4 - 0.1 * PART / SAMPLES);
    counts = count_masks(sampler, &options, SAMPLES - PART, SAMPLES);
    assert_rate(&counts, 0.2 + 0.1 * PART / SAMPLES);
    sampler_free(sampler);

    /* A limit holds whatever the rate. */
    options.max_predictions = 30;
    sampler = new_sampler(&f, &options);
    struct packed_batch batch;
    struct sample_plan plan;
    int most = 0;
    packed_batch_init(&batch);
    for (uint64_t i = 0; i < PART; i++) {
        fill_one(sampler, i, &plan, &batch);
        most = batch.labelled > most ? batch.labelled : most;
    }
    assert_int_equal(most, 30);
    packed_batch_release(&batch);
    sampler_free(sampler);
    fixture_close(&f);
}

/* Another rate hides more or less of what is the same text. */
static void a_masking_rate_changes_no_text(void **state)
{
    (void)state;
    struct fixture f;
    struct packed_batch few, many;
    struct sample_plan a, b;
    struct sampler_options options = defaults;
    fixture_open(&f, &shape);
    packed_batch_init(&few);
    packed_batch_init(&many);
    struct sampler *one = new_sampler(&f, &options);
    options.sampling.masked_lm_probability = 0.4;
    options.max_predictions = 0;
    struct sampler *two = new_sampler(&f, &options);
    for (uint64_t i = 0; i < 300; i++) {
        fill_one(one, i, &a, &few);
        fill_one(two, i, &b, &many);
        assert_int_equal(few.tokens, many.tokens);
        assert_int_equal(a.a.first, b.a.first);
        assert_int_equal(a.next_sentence_label, b.next_sentence_label);
        for (int m = 0; m < few.labelled; m++)
            few.input_ids[few.labelled_rows[m]] = few.row_labels[m];
        for (int m = 0; m < many.labelled; m++)
            many.input_ids[many.labelled_rows[m]] = many.row_labels[m];
        assert_memory_equal(few.input_ids, many.input_ids, (size_t)few.tokens * sizeof(int32_t));
    }
    sampler_free(one);
    sampler_free(two);
    packed_batch_release(&few);
    packed_batch_release(&many);
    fixture_close(&f);
}

/* The "##" pieces of a word are hidden with the piece before them. */
static void whole_words_are_hidden_together(void **state)
{
    (void)state;
    struct fixture f;
    struct packed_batch batch;
    struct sample_plan plan;
    struct sampler_options options = defaults;
    options.sampling.masking = MASK_WHOLE_WORDS;
    fixture_open(&f, &shape);
    packed_batch_init(&batch);
    const uint8_t *continuation = vocabulary_continuation(f.vocabulary);
    struct sampler *sampler = new_sampler(&f, &options);
    int together = 0;
    for (uint64_t i = 0; i < 300; i++) {
        uint8_t hidden[128] = {0};
        fill_one(sampler, i, &plan, &batch);
        for (int m = 0; m < batch.labelled; m++) {
            hidden[batch.labelled_rows[m]] = 1;
            batch.input_ids[batch.labelled_rows[m]] = batch.row_labels[m];
        }
        for (int t = 2; t < plan.tokens - 1; t++)
            if (continuation[batch.input_ids[t]] && batch.input_ids[t - 1] >= FIRST_WORD) {
                assert_int_equal(hidden[t], hidden[t - 1]);
                together += hidden[t];
            }
    }
    assert_true(together > 100);
    sampler_free(sampler);
    packed_batch_release(&batch);
    fixture_close(&f);
}

/* What the store says of words is masked together, whatever "##" says; with single tokens it changes nothing. */
static void words_of_segmented_text_are_hidden_together(void **state)
{
    (void)state;
    struct fixture f, plain;
    struct packed_batch batch, other;
    struct sample_plan plan;
    struct shape segmented = shape;
    struct sampler_options options = defaults;
    segmented.segmented = true;
    fixture_open(&f, &segmented);
    fixture_open(&plain, &shape);
    packed_batch_init(&batch);
    packed_batch_init(&other);
    options.sampling.masking = MASK_WHOLE_WORDS;
    struct sampler *sampler = new_sampler(&f, &options), *tokens = new_sampler(&f, &defaults),
                   *same = new_sampler(&plain, &defaults);
    int together = 0;
    for (uint64_t i = 0; i < 600; i++) {
        uint8_t hidden[128] = {0};
        fill_one(sampler, i, &plan, &batch);
        for (int m = 0; m < batch.labelled; m++)
            hidden[batch.labelled_rows[m]] = 1;
        const struct token_run *runs[] = {&plan.a, &plan.b};
        for (int r = 0; r < 2; r++) {
            const uint32_t place = r == 0 ? 1 : plan.a.count + 2;
            for (uint32_t t = 1; t < runs[r]->count; t++)
                if (!made_begins_word(runs[r]->document, runs[r]->first + t)) {
                    assert_int_equal(hidden[place + t], hidden[place + t - 1]);
                    together += hidden[place + t];
                }
        }
        fill_one(tokens, i, &plan, &batch);
        fill_one(same, i, &plan, &other);
        assert_int_equal(batch.tokens, other.tokens);
        assert_memory_equal(batch.input_ids, other.input_ids,
                            (size_t)other.tokens * sizeof *other.input_ids);
    }
    assert_true(together > 1000);
    sampler_free(sampler);
    sampler_free(tokens);
    sampler_free(same);
    packed_batch_release(&batch);
    packed_batch_release(&other);
    fixture_close(&f);
    fixture_close(&plain);
}

/* --- other objectives --- */

/* As it was before masking, and what is where. */
static void assert_sound(const struct sample_plan *plan, struct packed_batch *batch)
{
    const int a_end = (int)plan->a.count + 1;
    assert_true(plan->tokens <= 128);
    assert_int_equal(plan->tokens, plan->a.count + plan->b.count + (plan->b.count > 0 ? 3 : 2));
    assert_int_equal(batch->next_sentence_label[0], plan->next_sentence_label);
    for (int t = 0; t < plan->tokens; t++)
        assert_int_equal(batch->token_type_ids[t], t > a_end);
    for (int m = 0; m < batch->labelled; m++)
        batch->input_ids[batch->labelled_rows[m]] = batch->row_labels[m];
    assert_int_equal(batch->input_ids[0], 2);
    assert_int_equal(batch->input_ids[a_end], 3);
    assert_int_equal(batch->input_ids[plan->tokens - 1], 3);
    assert_run(&shape, &plan->a, batch->input_ids + 1);
    assert_run(&shape, &plan->b, batch->input_ids + a_end + 1);
}

static void order_pairs_are_neighbours_in_either_order(void **state)
{
    (void)state;
    struct fixture f;
    struct packed_batch batch;
    struct sample_plan plan;
    struct sampler_options options = defaults;
    options.sampling.sentence_pairs = PAIRS_SOP;
    fixture_open(&f, &shape);
    packed_batch_init(&batch);
    struct sampler *sampler = new_sampler(&f, &options);
    double pairs = 0, swapped = 0, alone = 0;
    for (uint64_t i = 0; i < 2000; i++) {
        fill_one(sampler, i, &plan, &batch);
        assert_sound(&plan, &batch);
        if (plan.b.count == 0) {
            assert_int_equal(plan.next_sentence_label, -1);
            alone++;
            continue;
        }
        assert_int_equal(plan.b.document, plan.a.document);
        if (plan.next_sentence_label == 1)
            assert_true(plan.b.first + plan.b.count <= plan.a.first);
        else
            assert_true(plan.a.first + plan.a.count <= plan.b.first);
        pairs++;
        swapped += plan.next_sentence_label;
    }
    assert_true(alone > 0 && pairs > 1500);
    assert_true(fabs(swapped - pairs / 2) < 4 * sqrt(pairs / 4));
    sampler_free(sampler);
    packed_batch_release(&batch);
    fixture_close(&f);
}

static void single_segments_fill_the_sequence(void **state)
{
    (void)state;
    struct fixture f;
    struct packed_batch batch;
    struct sample_plan plan;
    struct sampler_options options = defaults;
    options.sampling.sentence_pairs = PAIRS_NONE;
    fixture_open(&f, &shape);
    packed_batch_init(&batch);
    struct sampler *sampler = new_sampler(&f, &options);
    int full = 0;
    for (uint64_t i = 0; i < 2000; i++) {
        fill_one(sampler, i, &plan, &batch);
        assert_sound(&plan, &batch);
        assert_int_equal(plan.b.count, 0);
        assert_int_equal(plan.next_sentence_label, -1);
        full += plan.tokens == 128;
    }
    assert_true(full > 500);
    sampler_free(sampler);
    packed_batch_release(&batch);
    fixture_close(&f);
}

static void one_document_is_enough_without_random_pairs(void **state)
{
    (void)state;
    const struct shape one = {1, 300, 20, 1, 700, false};
    struct fixture f;
    struct sampler *sampler;
    struct sampler_options options = defaults;
    struct error err;
    fixture_open(&f, &one);
    assert_int_equal(sampler_new(&sampler, f.store, f.vocabulary, &options, &err), -1);
    assert_non_null(strstr(err.text, "data.sentence_pairs"));
    for (options.sampling.sentence_pairs = PAIRS_SOP; options.sampling.sentence_pairs <= PAIRS_NONE;
         options.sampling.sentence_pairs++) {
        sampler = new_sampler(&f, &options);
        assert_true(sampler_epoch_samples(sampler, 0) > 5);
        sampler_free(sampler);
    }
    fixture_close(&f);
}

/* Each other document is as likely to give B; a document's own is never. */
static void partners_are_uniform(void **state)
{
    (void)state;
    const struct shape five = {5, 300, 3, 1, 700, false};
    struct fixture f;
    struct sample_plan plan;
    double count[5][5] = {{0}}, of_a[5] = {0};
    fixture_open(&f, &five);
    struct sampler *sampler = new_sampler(&f, &defaults);
    for (uint64_t i = 0; i < 6000; i++) {
        sampler_plan(sampler, i, &plan, NULL);
        if (plan.next_sentence_label) {
            count[plan.a.document][plan.b.document]++;
            of_a[plan.a.document]++;
        }
    }
    for (int a = 0; a < 5; a++)
        for (int b = 0; b < 5; b++)
            if (a == b)
                assert_true(count[a][b] == 0);
            else
                assert_true(fabs(count[a][b] - of_a[a] / 4) < 4.5 * sqrt(of_a[a] / 4));
    sampler_free(sampler);
    fixture_close(&f);
}

/* --- purity --- */

static void assert_same(const struct packed_batch *a, const struct packed_batch *b)
{
    assert_int_equal(a->sequences, b->sequences);
    assert_int_equal(a->tokens, b->tokens);
    assert_int_equal(a->labelled, b->labelled);
    size_t tokens = (size_t)a->tokens, masked = (size_t)a->labelled;
    assert_memory_equal(a->input_ids, b->input_ids, tokens * sizeof(int32_t));
    assert_memory_equal(a->token_type_ids, b->token_type_ids, tokens);
    assert_memory_equal(a->labelled_rows, b->labelled_rows, masked * sizeof(int32_t));
    assert_memory_equal(a->row_labels, b->row_labels, masked * sizeof(int32_t));
    assert_int_equal(a->next_sentence_label[0], b->next_sentence_label[0]);
    assert_int_equal(a->sample_index[0], b->sample_index[0]);
    assert_int_equal(a->sample_key[0], b->sample_key[0]);
}

/* The same index gives the same sample, whatever was asked before, over epochs, from any sampler,
 * with any cache, planned by one thread or many. */
static void a_sample_depends_on_its_index_alone(void **state)
{
    (void)state;
    struct fixture f;
    struct packed_batch x, y;
    struct sample_plan plan;
    struct sampler_options small_cache = defaults;
    small_cache.cache_bytes = 0;
    fixture_open(&f, &shape);
    packed_batch_init(&x);
    packed_batch_init(&y);
    struct sampler *a = new_sampler(&f, &defaults), *b = new_sampler(&f, &small_cache);
    sampler_set_parallel(b, false);
    uint64_t range = sampler_epoch_samples(a, 0) * 5 / 2; /* two and a half epochs */
    for (uint64_t i = 0; i < 300; i++) {
        uint64_t index = i * 7919 % range;
        fill_one(a, index, &plan, &x);
        fill_one(b, (i * 104729 + 5) % range, &plan, &y);
        fill_one(b, index, &plan, &y);
        assert_same(&x, &y);
        if (i % 20 != 0)
            continue;
        struct sampler *fresh = new_sampler(&f, &defaults);
        fill_one(fresh, index, &plan, &y);
        assert_same(&x, &y);
        sampler_free(fresh);
    }
    sampler_free(a);
    sampler_free(b);
    packed_batch_release(&x);
    packed_batch_release(&y);
    fixture_close(&f);
}

static int same_plans(const struct fixture *f, const struct sampler_options *a,
                      const struct sampler_options *b)
{
    struct sampler *x = new_sampler(f, a), *y = new_sampler(f, b);
    struct sample_plan p, q;
    int same = 0;
    for (uint64_t i = 0; i < 200; i++) {
        sampler_plan(x, i, &p, NULL);
        sampler_plan(y, i, &q, NULL);
        same += p.a.document == q.a.document && p.a.first == q.a.first && p.tokens == q.tokens;
    }
    sampler_free(x);
    sampler_free(y);
    return same;
}

static void seed_and_phase_change_the_samples(void **state)
{
    (void)state;
    struct fixture f;
    struct sampler_options seed = defaults, phase = defaults;
    seed.seed++;
    phase.phase++;
    fixture_open(&f, &shape);
    assert_int_equal(same_plans(&f, &defaults, &defaults), 200);
    assert_true(same_plans(&f, &defaults, &seed) < 10);
    assert_true(same_plans(&f, &defaults, &phase) < 10);
    fixture_close(&f);
}

/* Segments come again by chance now and then, masks hardly ever. */
static void epochs_cut_and_mask_anew(void **state)
{
    (void)state;
    const struct shape two = {2, 1, 40, 1, 700, false}; /* two documents of one sentence */
    struct fixture f;
    struct packed_batch x, y;
    struct sample_plan plan;
    struct sampler_options options = defaults;
    options.sampling.short_sequence_probability = 0;
    fixture_open(&f, &two);
    packed_batch_init(&x);
    packed_batch_init(&y);
    struct sampler *sampler = new_sampler(&f, &options);
    assert_int_equal(sampler_epoch_samples(sampler, 0), 2);
    int same = 0;
    for (uint64_t i = 2; i < 102; i++) {
        fill_one(sampler, i, &plan, &x);
        fill_one(sampler, i - 2, &plan, &y);
        same += x.tokens == y.tokens && x.labelled == y.labelled &&
                memcmp(x.labelled_rows, y.labelled_rows, (size_t)x.labelled * sizeof(int32_t)) == 0;
    }
    assert_true(same < 20);
    sampler_free(sampler);
    packed_batch_release(&x);
    packed_batch_release(&y);
    fixture_close(&f);
}

/* [CLS] a [SEP] b [SEP] with one masked: for any two samples it is the same one half of the time.
 */
static void every_sample_has_masks_of_its_own(void **state)
{
    (void)state;
    enum { SAMPLES = 400, LAGS = 5 };
    const struct shape two_words = {2, 1, 1, 1, 700, false};
    struct fixture f;
    struct packed_batch batch;
    struct sample_plan plan;
    int32_t place[SAMPLES];
    fixture_open(&f, &two_words);
    packed_batch_init(&batch);
    struct sampler *sampler = new_sampler(&f, &defaults);
    for (uint64_t i = 0; i < SAMPLES; i++) {
        fill_one(sampler, i, &plan, &batch);
        assert_int_equal(batch.labelled, 1);
        place[i] = batch.labelled_rows[0];
    }
    for (int lag = 1; lag <= LAGS; lag++) {
        int same = 0, pairs = SAMPLES - lag;
        for (int i = 0; i < pairs; i++)
            same += place[i] == place[i + lag];
        assert_true(fabs(same - pairs / 2.0) < 4.5 * sqrt(pairs / 4.0));
    }
    sampler_free(sampler);
    packed_batch_release(&batch);
    fixture_close(&f);
}

static void samples_are_appended(void **state)
{
    (void)state;
    struct fixture f;
    struct packed_batch all, one;
    struct sample_plan plan;
    struct error err;
    fixture_open(&f, &shape);
    packed_batch_init(&all);
    packed_batch_init(&one);
    struct sampler *sampler = new_sampler(&f, &defaults);
    for (uint64_t i = 0; i < 50; i++) {
        sampler_plan(sampler, i, &plan, NULL);
        assert_int_equal(sampler_fill(sampler, &plan, &all, &err), 0);
    }
    for (int i = 0; i < 50; i++) {
        struct packed_batch slice;
        packed_batch_init(&slice);
        packed_batch_slice(&all, i, 1, &slice);
        fill_one(sampler, (uint64_t)i, &plan, &one);
        assert_same(&slice, &one);
        packed_batch_release(&slice);
    }
    sampler_free(sampler);
    packed_batch_release(&all);
    packed_batch_release(&one);
    fixture_close(&f);
}

static void the_shortest_sequences_work(void **state)
{
    (void)state;
    struct fixture f;
    struct packed_batch batch;
    struct sample_plan plan;
    struct sampler_options options = defaults;
    options.sequence_length = 5;
    fixture_open(&f, &shape);
    packed_batch_init(&batch);
    struct sampler *sampler = new_sampler(&f, &options);
    for (uint64_t i = 0; i < 300; i++) {
        fill_one(sampler, i, &plan, &batch);
        assert_int_equal(batch.tokens, 5);
        assert_int_equal(batch.labelled, 1);
    }
    sampler_free(sampler);
    packed_batch_release(&batch);
    fixture_close(&f);
}

/* --- errors --- */

static void too_few_documents_are_refused(void **state)
{
    (void)state;
    const struct shape one = {1, 10, 10, 1, 700, false};
    struct fixture f;
    struct sampler *sampler;
    struct document_store *empty;
    struct error err;
    fixture_open(&f, &one);
    assert_int_equal(sampler_new(&sampler, f.store, f.vocabulary, &defaults, &err), -1);
    assert_non_null(strstr(err.text, "only one document"));
    assert_int_equal(document_store_open(&empty, NULL, 0, 0, 705, &err), 0);
    assert_int_equal(sampler_new(&sampler, empty, f.vocabulary, &defaults, &err), -1);
    assert_non_null(strstr(err.text, "no documents"));
    document_store_close(empty);
    fixture_close(&f);
}

static void change_byte(const char *path, long place_of, int from_end)
{
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, place_of, from_end ? SEEK_END : SEEK_SET), 0);
    int byte = fgetc(file);
    assert_int_equal(fseek(file, -1, SEEK_CUR), 0);
    fputc(byte ^ 0xff, file);
    fclose(file);
}

/* Ids lie first in a shard; index and description last. */
static void damage_is_found_before_it_does_harm(void **state)
{
    (void)state;
    struct fixture f;
    struct packed_batch batch;
    struct sample_plan plan;
    struct sampler *sampler;
    struct error err;
    fixture_open(&f, &shape);
    packed_batch_init(&batch);
    change_byte(f.paths[1], 2000, 0);
    sampler = new_sampler(&f, &defaults);
    int failures = 0;
    for (uint64_t i = 0; i < 2000; i++) {
        sampler_plan(sampler, i, &plan, NULL);
        packed_batch_reset(&batch);
        if (sampler_fill(sampler, &plan, &batch, &err) < 0) {
            assert_non_null(strstr(err.text, "made-1.shard"));
            failures++;
        }
    }
    assert_true(failures > 0 && failures < 2000);
    sampler_free(sampler);
    /* the table of 5 sections and the end take 240 bytes, META 64, BLOCKS before it */
    change_byte(f.paths[2], -240 - 64 - 500, 1);
    assert_int_equal(sampler_new(&sampler, f.store, f.vocabulary, &defaults, &err), -1);
    assert_non_null(strstr(err.text, "made-2.shard"));
    packed_batch_release(&batch);
    fixture_close(&f);
}

/* Writes noise over part of a section of a shard, as a host does that has gone mad, while it is mapped. */
static void write_noise(const char *path, const char *section, struct rng *rng)
{
    struct container shard;
    struct error err;
    const void *data;
    size_t size;
    uint8_t noise[256];
    assert_int_equal(container_open(&shard, path, SHARD_KIND, SHARD_WORDS_VERSION, &err), 0);
    container_section_unchecked(&shard, section, &data, &size);
    const size_t count = size < sizeof noise ? size : sizeof noise;
    const size_t at = rng_below(rng, (uint32_t)(size - count + 1));
    const off_t place = (const uint8_t *)data - shard.map.data + (off_t)at;
    container_close(&shard);
    for (size_t i = 0; i < count; i++) /* small numbers, large ones, and zeros */
        noise[i] = (uint8_t)(rng_below(rng, 3) * rng_below(rng, 128));
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, place, SEEK_SET), 0);
    assert_int_equal(fwrite(noise, 1, count, file), count);
    fclose(file);
}

/* Samples of a store whose file changes under the sampler: each is one, or an error that names the file; and an
 * index of documents that is noise is told. */
static void assert_noise_is_told(const struct fixture *f, const char *path, const char *section,
                                 uint64_t key, int *told)
{
    struct packed_batch batch;
    struct sample_plan plan;
    struct error err;
    struct rng rng;
    struct sampler_options options = defaults;
    options.sampling.masking = MASK_WHOLE_WORDS;
    options.sampling.sentence_pairs = key % 3 == 0   ? PAIRS_NSP
                                      : key % 3 == 1 ? PAIRS_SOP
                                                     : PAIRS_NONE;
    rng_init(&rng, rng_key(8, RNG_TEST, key, 0));
    packed_batch_init(&batch);
    struct sampler *sampler = new_sampler(f, &options);
    sampler_plan(sampler, 0, &plan, NULL);
    write_noise(path, section, &rng);
    const uint64_t samples = sampler_epoch_samples(sampler, 0);
    for (uint64_t i = 0; i < samples + 200; i += 1 + samples / 150) {
        sampler_plan(sampler, i, &plan, NULL);
        assert_in_range(plan.tokens, 2, options.sequence_length);
        packed_batch_reset(&batch);
        if (sampler_fill(sampler, &plan, &batch, &err) == 0)
            continue;
        assert_non_null(strstr(err.text, ".shard"));
        ++*told;
    }
    sampler_free(sampler);
    packed_batch_release(&batch);
}

static void an_index_that_is_written_over_is_told(void **state)
{
    (void)state;
    static const char *const sections[] = {"DOCS", "LENGTHS", "BLOCKS", "IDS", "WORDS"};
    for (size_t s = 0; s < sizeof sections / sizeof *sections; s++) {
        int told = 0;
        for (uint64_t key = 0; key < 6; key++) {
            struct fixture f;
            struct shape segmented = shape;
            segmented.segmented = true;
            fixture_open(&f, &segmented);
            assert_noise_is_told(&f, f.paths[key % 3], sections[s], key, &told);
            fixture_close(&f);
        }
        assert_true(strcmp(sections[s], "WORDS") == 0 ? told == 0 : told > 0);
    }
}

/* --- ready samples --- */

enum { READY = 90 };

/* In place of the fixture's store. */
static void make_ready(struct fixture *f)
{
    struct error err;
    char *path = path_join(f->folder, "ready.shard");
    document_store_close(f->store);
    write_samples(path, f->vocabulary, 0, READY);
    assert_int_equal(document_store_open(&f->store, &path, 1, vocabulary_hash(f->vocabulary),
                                         vocabulary_size(f->vocabulary), &err),
                     0);
    free(path);
}

static void assert_ready(const struct sample_plan *plan, const struct packed_batch *batch)
{
    const struct ready_sample *made = made_sample(plan->a.document);
    assert_int_equal(plan->tokens, made->tokens);
    assert_int_equal(batch->tokens, made->tokens);
    assert_memory_equal(batch->input_ids, made->ids, made->tokens * sizeof *made->ids);
    for (uint32_t t = 0; t < made->tokens; t++)
        assert_int_equal(batch->token_type_ids[t], t >= made->a_tokens);
    assert_int_equal(batch->labelled, made->masks);
    for (uint32_t m = 0; m < made->masks; m++) {
        assert_int_equal(batch->labelled_rows[m], made->positions[m]);
        assert_int_equal(batch->row_labels[m], made->labels[m]);
    }
    assert_int_equal(batch->next_sentence_label[0], made->next_sentence_label);
    assert_int_equal(batch->sample_index[0], plan->index);
}

static void ready_samples_come_as_they_are_once_an_epoch(void **state)
{
    (void)state;
    struct fixture f;
    struct packed_batch batch;
    struct sample_plan plan;
    uint64_t order[3][READY];
    int seen[3][READY] = {{0}};
    fixture_open(&f, &shape);
    make_ready(&f);
    struct sampler *sampler = new_sampler(&f, &defaults);
    packed_batch_init(&batch);
    assert_int_equal(sampler_epoch_samples(sampler, 7), READY);
    for (uint64_t k = 0; k < 3 * READY; k++) {
        uint64_t i = k * 61 % (3 * READY); /* any order of asking */
        fill_one(sampler, i, &plan, &batch);
        assert_ready(&plan, &batch);
        seen[i / READY][plan.a.document]++;
        order[i / READY][i % READY] = plan.a.document;
    }
    for (int i = 0; i < 3 * READY; i++)
        assert_int_equal(seen[i / READY][i % READY], 1);
    assert_memory_not_equal(order[0], order[1], sizeof order[0]);
    assert_memory_not_equal(order[1], order[2], sizeof order[0]);
    packed_batch_release(&batch);
    sampler_free(sampler);
    fixture_close(&f);
}

static void ready_samples_that_are_written_over_are_told(void **state)
{
    (void)state;
    static const char *const sections[] = {"DOCS",   "LENGTHS",   "BLOCKS",  "IDS",
                                           "MASKED", "POSITIONS", "MASK_IDS"};
    for (size_t s = 0; s < sizeof sections / sizeof *sections; s++) {
        int told = 0;
        for (uint64_t key = 0; key < 6; key++) {
            struct fixture f;
            fixture_open(&f, &shape);
            make_ready(&f);
            char *path = path_join(f.folder, "ready.shard");
            assert_noise_is_told(&f, path, sections[s], key, &told);
            free(path);
            fixture_close(&f);
        }
        assert_true(told > 0);
    }
}

static void ready_samples_that_are_too_long_are_refused(void **state)
{
    (void)state;
    struct fixture f;
    struct sampler *sampler;
    struct error err;
    struct sampler_options options = defaults;
    uint32_t longest = 0;
    fixture_open(&f, &shape);
    make_ready(&f);
    for (uint64_t i = 0; i < READY; i++)
        longest = made_sample(i)->tokens > longest ? made_sample(i)->tokens : longest;
    options.sequence_length = (int)longest;
    assert_int_equal(sampler_new(&sampler, f.store, f.vocabulary, &options, &err), 0);
    sampler_free(sampler);
    options.sequence_length--;
    assert_int_equal(sampler_new(&sampler, f.store, f.vocabulary, &options, &err), -1);
    assert_non_null(strstr(err.text, "ready-made and up to"));
    fixture_close(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(samples_do_not_depend_on_what_is_mapped),
        cmocka_unit_test(samples_hold_the_documents_tokens),
        cmocka_unit_test(labels_tell_where_b_is_from),
        cmocka_unit_test(every_token_comes_once_an_epoch),
        cmocka_unit_test(no_two_samples_of_an_epoch_are_alike),
        cmocka_unit_test(b_is_random_half_of_the_time),
        cmocka_unit_test(documents_are_cut_short_now_and_then),
        cmocka_unit_test(masking_rates_come_out),
        cmocka_unit_test(a_masking_rate_changes_from_sample_to_sample),
        cmocka_unit_test(a_masking_rate_changes_no_text),
        cmocka_unit_test(whole_words_are_hidden_together),
        cmocka_unit_test(words_of_segmented_text_are_hidden_together),
        cmocka_unit_test(order_pairs_are_neighbours_in_either_order),
        cmocka_unit_test(single_segments_fill_the_sequence),
        cmocka_unit_test(one_document_is_enough_without_random_pairs),
        cmocka_unit_test(partners_are_uniform),
        cmocka_unit_test(a_sample_depends_on_its_index_alone),
        cmocka_unit_test(seed_and_phase_change_the_samples),
        cmocka_unit_test(epochs_cut_and_mask_anew),
        cmocka_unit_test(every_sample_has_masks_of_its_own),
        cmocka_unit_test(samples_are_appended),
        cmocka_unit_test(the_shortest_sequences_work),
        cmocka_unit_test(too_few_documents_are_refused),
        cmocka_unit_test(damage_is_found_before_it_does_harm),
        cmocka_unit_test(an_index_that_is_written_over_is_told),
        cmocka_unit_test(ready_samples_come_as_they_are_once_an_epoch),
        cmocka_unit_test(ready_samples_that_are_written_over_are_told),
        cmocka_unit_test(ready_samples_that_are_too_long_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
