/* ranks: 1 2 3 */
/* An evaluation by all ranks against one that each makes for itself, a sample at a time. */
#include "lambert/run/evaluate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "dist/ranks.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/run/options.h"
#include "small_run.h"
#include "store/sample.h"

struct fixture {
    struct config config;
    struct corpora corpora;
    const struct corpus *corpus;
    struct bert *bert;
    real *params;
    int vocab;
};

static void fixture_init(struct fixture *fixture, double heldout)
{
    struct error err;
    scratch_open(ranks);
    if (dist_rank(ranks) == 0)
        small_corpus_make("corpus", &(struct small_corpus){.heldout = heldout});
    dist_barrier(ranks);
    small_config(&fixture->config, "corpus", "run", "train.evaluate_sequences=17", NULL);
    assert_int_equal(corpora_open(&fixture->corpora, &fixture->config, &err), 0);
    fixture->corpus = corpora_of(&fixture->corpora, 0, 0);
    fixture->vocab = vocabulary_size(corpus_vocabulary(fixture->corpus));
    const struct bert_config model = bert_config_of(&fixture->config, fixture->vocab);
    struct config most_masked = fixture->config; /* there is room for all that these tests mask */
    most_masked.train.evaluate_masked_lm_probability = 0.4;
    const struct bert_options options = bert_options_of(&most_masked);
    assert_int_equal(bert_new(&fixture->bert, &model, &options, &err), 0);
    const struct param_table *table = bert_params(fixture->bert);
    fixture->params = memory_new(table->size, sizeof *fixture->params);
    param_table_initialise(table, 0.1, 5, fixture->params);
}

static void fixture_release(struct fixture *fixture)
{
    bert_free(fixture->bert);
    free(fixture->params);
    corpora_close(&fixture->corpora);
    scratch_close(ranks);
}

static void assert_near(double found, double wanted)
{
    if (!(fabs(found - wanted) <= 1e-6 * fabs(wanted)))
        fail_msg("%.9g is not %.9g", found, wanted);
}

enum { MOST_TOKENS = 1000 }; /* of a document */

/* Tokens of the training documents, counted where they lie. */
static void count_tokens(const struct fixture *fixture, uint64_t *counts)
{
    const struct document_store *store = corpus_store(fixture->corpus, CORPUS_TRAIN);
    struct error err;
    struct block_cache *cache = block_cache_new(1 << 20);
    for (uint64_t d = 0; d < document_store_documents(store); d++) {
        int32_t ids[MOST_TOKENS];
        const struct document_view view = document_store_view(store, d);
        uint32_t tokens = 0;
        for (uint32_t s = 0; s < view.sentences; s++)
            tokens += view.lengths[s];
        assert_in_range(tokens, 1, MOST_TOKENS);
        assert_int_equal(document_store_read(store, cache, &view, 0, tokens, ids, &err), 0);
        for (uint32_t t = 0; t < tokens; t++)
            counts[ids[t]]++;
    }
    block_cache_free(cache);
}

/* The set, sample by sample, in batches of one. */
static struct evaluation expect(const struct fixture *fixture, uint64_t sequences)
{
    const struct sampler_options options = evaluation_sampler_options_of(&fixture->config, 0);
    struct evaluation expected = {.sequences = sequences};
    struct sampler *sampler;
    struct packed_batch batch;
    struct error err;
    uint64_t *counts = memory_new((size_t)fixture->vocab, sizeof *counts), total = 0;
    int commonest = 0, masked = 0;
    count_tokens(fixture, counts);
    for (int id = 0; id < fixture->vocab; id++) {
        total += counts[id];
        commonest = counts[id] > counts[commonest] ? id : commonest;
    }
    assert_int_equal(sampler_new(&sampler, corpus_store(fixture->corpus, CORPUS_HELDOUT),
                                 corpus_vocabulary(fixture->corpus), &options, &err),
                     0);
    packed_batch_init(&batch);
    for (uint64_t i = 0; i < sequences; i++) {
        struct sample_plan plan;
        packed_batch_reset(&batch);
        sampler_plan(sampler, i, &plan, NULL);
        assert_int_equal(sampler_fill(sampler, &plan, &batch, &err), 0);
        bert_evaluate(fixture->bert, fixture->params, &batch, expected.sums);
        masked += batch.labelled;
        for (int m = 0; m < batch.labelled; m++) {
            const double count = (double)counts[batch.row_labels[m]];
            expected.unigram_loss -= log((count + 1) / ((double)total + fixture->vocab));
            expected.unigram_accuracy += batch.row_labels[m] == commonest;
        }
    }
    assert_true(masked > 0);
    assert_true(sequences == 1 || expected.unigram_accuracy > 0);
    expected.unigram_loss /= masked;
    expected.unigram_accuracy /= masked;
    packed_batch_release(&batch);
    sampler_free(sampler);
    free(counts);
    return expected;
}

static bool the_first(void)
{
    return dist_rank(ranks) == 0;
}

static void check(struct fixture *fixture, uint64_t sequences)
{
    struct evaluator *evaluator;
    struct evaluation found;
    struct error err;
    assert_int_equal(evaluator_new(&evaluator, &fixture->config, 0, &fixture->corpora, &err), 0);
    assert_non_null(evaluator);
    const struct evaluation expected = expect(fixture, sequences);
    for (int again = 0; again < 2; again++) { /* it is the same set each time */
        /* Given up by all, when one is told: nothing of that is left for the next. */
        assert_int_equal(evaluator_run(evaluator, ranks, fixture->bert, fixture->params, the_first,
                                       &found, &err),
                         1);
        assert_int_equal(
            evaluator_run(evaluator, ranks, fixture->bert, fixture->params, NULL, &found, &err), 0);
        assert_int_equal(found.sequences, sequences);
        assert_int_equal(found.objectives.count, PRETRAINING_OBJECTIVES);
        for (int o = 0; o < PRETRAINING_OBJECTIVES; o++) {
            assert_true(found.sums[o].terms > 0);
            assert_true(found.sums[o].terms == expected.sums[o].terms);
            assert_true(found.sums[o].correct == expected.sums[o].correct);
            assert_near(found.sums[o].loss, expected.sums[o].loss);
        }
        assert_near(found.unigram_loss, expected.unigram_loss);
        assert_near(found.unigram_accuracy, expected.unigram_accuracy);
    }
    evaluator_free(evaluator);
}

static void all_ranks_find_what_one_finds(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, 0.4);
    check(&fixture, 17);
    fixture.config.train.evaluate_masked_lm_probability = 0.4;
    check(&fixture, 17);
    fixture.config.train.evaluate_sequences = 1; /* other ranks have no sample */
    check(&fixture, 1);
    fixture_release(&fixture);
}

static struct evaluation evaluate(struct fixture *fixture)
{
    struct evaluator *evaluator;
    struct evaluation result;
    struct error err;
    assert_int_equal(evaluator_new(&evaluator, &fixture->config, 0, &fixture->corpora, &err), 0);
    assert_int_equal(
        evaluator_run(evaluator, ranks, fixture->bert, fixture->params, NULL, &result, &err), 0);
    evaluator_free(evaluator);
    return result;
}

/* However training masks, to the bit; unless the evaluation's own rate is another. */
static void an_evaluation_does_not_depend_on_what_training_masks(void **state)
{
    (void)state;
    struct fixture fixture;
    fixture_init(&fixture, 0.4);
    struct config_phase *phase = &fixture.config.phases[0];
    const struct evaluation usual = evaluate(&fixture);
    assert_true(usual.masking == 0.15 && usual.masked_as_trained);
    fixture.config.data.sampling.mask_replace_prob = 1;
    fixture.config.data.sampling.random_replace_prob = 0;
    for (int way = 0; way < 3; way++) {
        phase->masked_lm_probability = way > 0 ? 0.3 : 0;
        phase->masked_lm_probability_end = way > 1 ? 0.15 : 0;
        phase->max_predictions_per_sequence = way > 0 ? 8 : 0;
        const struct evaluation other = evaluate(&fixture);
        assert_true(other.masking == 0.15 && !other.masked_as_trained);
        assert_memory_equal(other.sums, usual.sums, sizeof usual.sums);
        assert_true(other.unigram_loss == usual.unigram_loss);
        assert_true(other.unigram_accuracy == usual.unigram_accuracy);
    }
    fixture.config.train.evaluate_masked_lm_probability = 0.3;
    const struct evaluation more = evaluate(&fixture);
    assert_true(more.masking == 0.3);
    assert_true(more.sums[PRETRAINING_MLM].terms > 1.5 * usual.sums[PRETRAINING_MLM].terms);
    assert_true(more.sums[PRETRAINING_NSP].terms == usual.sums[PRETRAINING_NSP].terms);
    fixture_release(&fixture);
}

/* As many as an epoch has, where more are wanted. */
static void the_set_is_one_epoch_at_most(void **state)
{
    (void)state;
    struct fixture fixture;
    struct sampler *sampler;
    struct error err;
    fixture_init(&fixture, 0.4);
    const struct sampler_options options = sampler_options_of(&fixture.config, 0);
    assert_int_equal(sampler_new(&sampler, corpus_store(fixture.corpus, CORPUS_HELDOUT),
                                 corpus_vocabulary(fixture.corpus), &options, &err),
                     0);
    fixture.config.train.evaluate_sequences = 100000;
    check(&fixture, sampler_epoch_samples(sampler, 0));
    sampler_free(sampler);
    fixture_release(&fixture);
}

static void nothing_held_out_is_no_failure(void **state)
{
    (void)state;
    struct fixture fixture;
    struct evaluator *evaluator;
    struct buffer said = {0};
    struct error err;
    fixture_init(&fixture, 0);
    catch_begin();
    int status = evaluator_new(&evaluator, &fixture.config, 0, &fixture.corpora, &err);
    catch_end(&said);
    assert_int_equal(status, 0);
    assert_null(evaluator);
    assert_non_null(strstr(buffer_text(&said), "fewer than two held-out documents: no evaluation"));
    buffer_release(&said);
    evaluator_free(evaluator);
    fixture_release(&fixture);
}

/* Each corpus is evaluated as if it were alone, wherever it stands, and together they are their means,
 * weighted by the shares of the samples. */
static void several_corpora_are_weighted_by_their_shares(void **state)
{
    (void)state;
    struct fixture fixture;
    struct evaluator *evaluator;
    struct evaluation all, alone[2];
    struct corpora corpora;
    struct error err;
    char list[CONFIG_TEXT];
    fixture_init(&fixture, 0.4);
    if (dist_rank(ranks) == 0) {
        small_corpus_make("more", &(struct small_corpus){.heldout = 0.3, .documents = 70});
        small_corpus_make("whole", &(struct small_corpus){0});
    }
    dist_barrier(ranks);
    for (int c = 0; c < 2; c++) {
        struct config config = fixture.config;
        strcpy(config.data.corpus, scratch_path(c == 0 ? "corpus" : "more"));
        assert_int_equal(corpora_open(&corpora, &config, &err), 0);
        assert_int_equal(evaluator_new(&evaluator, &config, 0, &corpora, &err), 0);
        assert_int_equal(
            evaluator_run(evaluator, ranks, fixture.bert, fixture.params, NULL, &alone[c], &err),
            0);
        assert_int_equal(alone[c].corpus_count, 0);
        evaluator_free(evaluator);
        corpora_close(&corpora);
    }

    /* The third has nothing held out: the shares of the others are 3 to 1. */
    struct buffer said = {0};
    struct config config = fixture.config;
    snprintf(list, sizeof list, "%s, ", scratch_path("whole"));
    snprintf(list + strlen(list), sizeof list - strlen(list), "%s, ", scratch_path("corpus"));
    snprintf(list + strlen(list), sizeof list - strlen(list), "%s", scratch_path("more"));
    strcpy(config.data.corpus, list);
    config.data.weight_count = 3;
    memcpy(config.data.weights, (const double[]){4, 3, 1}, 3 * sizeof(double));
    assert_int_equal(corpora_open(&corpora, &config, &err), 0);
    catch_begin();
    assert_int_equal(evaluator_new(&evaluator, &config, 0, &corpora, &err), 0);
    catch_end(&said);
    assert_non_null(strstr(buffer_text(&said), "whole has fewer than two held-out documents"));
    buffer_release(&said);
    assert_int_equal(
        evaluator_run(evaluator, ranks, fixture.bert, fixture.params, NULL, &all, &err), 0);
    assert_int_equal(all.corpus_count, 2);
    assert_true(all.sequences == alone[0].sequences + alone[1].sequences);
    for (int c = 0; c < 2; c++) {
        const struct corpus_evaluation *corpus = &all.corpora[c];
        assert_string_equal(corpus->folder, scratch_path(c == 0 ? "corpus" : "more"));
        assert_true(corpus->share == (c == 0 ? 3 : 1) / 8.0);
        assert_true(corpus->own.unigram_loss == alone[c].unigram_loss);
        for (int o = 0; o < PRETRAINING_OBJECTIVES; o++)
            assert_true(corpus->own.sums[o].loss == alone[c].sums[o].loss);
    }
    assert_near(all.unigram_loss, 0.75 * alone[0].unigram_loss + 0.25 * alone[1].unigram_loss);
    for (int o = 0; o < PRETRAINING_OBJECTIVES; o++) {
        const struct objective_sums *a = &alone[0].sums[o], *b = &alone[1].sums[o];
        assert_true(all.sums[o].terms == a->terms + b->terms);
        assert_near(all.sums[o].loss / all.sums[o].terms,
                    0.75 * a->loss / a->terms + 0.25 * b->loss / b->terms);
        assert_near(all.sums[o].correct / all.sums[o].terms,
                    0.75 * a->correct / a->terms + 0.25 * b->correct / b->terms);
    }
    evaluation_release(&all);
    evaluator_free(evaluator);
    corpora_close(&corpora);
    fixture_release(&fixture);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(all_ranks_find_what_one_finds),
        RANKS_TEST(an_evaluation_does_not_depend_on_what_training_masks),
        RANKS_TEST(the_set_is_one_epoch_at_most),
        RANKS_TEST(nothing_held_out_is_no_failure),
        RANKS_TEST(several_corpora_are_weighted_by_their_shares),
    };
    return RANKS_RUN(tests, &argc, &argv);
}
