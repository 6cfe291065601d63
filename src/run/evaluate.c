#include "lambert/run/evaluate.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/activity.h"
#include "lambert/base/aside.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/dist/call_off.h"
#include "lambert/run/metrics.h"
#include "lambert/run/options.h"

/* What one corpus is evaluated on. */
struct heldout_set {
    const struct corpus *corpus;
    double share; /* of the phase's samples */
    struct sampler *sampler;
    uint64_t sequences;
    double *unigram_loss; /* [V] -log of each id's frequency */
    int32_t commonest;
};

/* Seconds between two looks whether an evaluation is given up, while held-out text is read, and those that are granted to
 * the reader then. */
static const double LISTENING = 0.05, PATIENCE = 5;

/* This rank's samples of a set, read micro-batch by micro-batch. */
struct reading {
    const struct heldout_set *set;
    uint64_t next,
        stride; /* the sample that is read next, and how far it is from one to the other */
    int status;
    struct error error;
};

struct evaluator {
    struct heldout_set *sets; /* [count], of the corpora that have held-out text */
    int count;
    bool several; /* the phase has several corpora, though they may not all have a set */
    struct packed_batch batch;
    struct reading reading;
    bool left; /* the thread that was reading does not come back: nothing is ever used again */
    int token_budget;
    enum float_type compute_type; /* of the model, as it is configured */
    double masking;               /* as in struct evaluation */
    bool masked_as_trained;
};

/* -log((count + 1) / (total + V)) for each id, and the id that occurs most. */
static int unigram_init(struct heldout_set *set, struct error *err)
{
    int vocab = vocabulary_size(corpus_vocabulary(set->corpus));
    uint64_t *counts = memory_new((size_t)vocab, sizeof *counts), total = 0;
    if (corpus_token_counts(set->corpus, counts, err) < 0) {
        free(counts);
        return -1;
    }
    set->unigram_loss = memory_new((size_t)vocab, sizeof *set->unigram_loss);
    for (int id = 0; id < vocab; id++) {
        total += counts[id];
        if (counts[id] > counts[set->commonest])
            set->commonest = id;
    }
    for (int id = 0; id < vocab; id++)
        set->unigram_loss[id] = log((double)total + vocab) - log((double)counts[id] + 1);
    free(counts);
    return 0;
}

static bool takes_single_documents(const struct corpus *corpus,
                                   const struct sampler_options *options)
{
    return corpus_contents(corpus) == SHARD_READY_SAMPLES ||
           options->sampling.sentence_pairs != PAIRS_NSP;
}

/* Whether there is enough to evaluate on. */
static bool has_heldout(const struct corpus *corpus, const struct sampler_options *options)
{
    const struct document_store *store = corpus_store(corpus, CORPUS_HELDOUT);
    return store &&
           document_store_documents(store) >= (takes_single_documents(corpus, options) ? 1U : 2U);
}

bool evaluator_has_text(const struct config *config, int phase, const struct corpora *corpora)
{
    const struct sampler_options options = sampler_options_of(config, phase);
    for (int p = 0; p < corpora_parts(corpora, phase); p++)
        if (has_heldout(corpora_of(corpora, phase, p), &options))
            return true;
    return false;
}

static void warn_of_too_little(const struct corpus *corpus, const struct sampler_options *options)
{
    log_warning("%s has %s: no evaluation (prepare it with a larger --heldout, or more text)",
                corpus_folder(corpus),
                corpus_contents(corpus) == SHARD_READY_SAMPLES ? "no held-out samples"
                : takes_single_documents(corpus, options)      ? "no held-out documents"
                                                          : "fewer than two held-out documents");
}

/* The set does not depend on what other corpora there are, nor on their order. */
static int set_init(struct heldout_set *set, const struct config *config,
                    const struct sampler_options *options, struct error *err)
{
    if (sampler_new(&set->sampler, corpus_store(set->corpus, CORPUS_HELDOUT),
                    corpus_vocabulary(set->corpus), options, err) < 0 ||
        unigram_init(set, err) < 0)
        return -1;
    const uint64_t epoch = sampler_epoch_samples(set->sampler, 0);
    set->sequences = min_u64((uint64_t)config->train.evaluate_sequences, epoch);
    return 0;
}

static bool is_masked_as_trained(const struct config *config, int phase,
                                 const struct sampler_options *options)
{
    const struct sampler_options trained = sampler_options_of(config, phase);
    return trained.sampling.masked_lm_probability == options->sampling.masked_lm_probability &&
           trained.masking_change.samples == 0 &&
           trained.sampling.mask_replace_prob == options->sampling.mask_replace_prob &&
           trained.sampling.random_replace_prob == options->sampling.random_replace_prob;
}

int evaluator_new(struct evaluator **out, const struct config *config, int phase,
                  const struct corpora *corpora, struct error *err)
{
    const int parts = corpora_parts(corpora, phase);
    struct sampler_options options = evaluation_sampler_options_of(config, phase);
    options.cache_bytes /= (size_t)parts;
    *out = NULL;
    struct evaluator *evaluator = memory_new(1, sizeof *evaluator);
    packed_batch_init(&evaluator->batch);
    evaluator->sets = memory_new((size_t)parts, sizeof *evaluator->sets);
    evaluator->several = parts > 1;
    evaluator->compute_type = config->train.compute_type;
    evaluator->masked_as_trained = is_masked_as_trained(config, phase, &options);
    evaluator->token_budget = bert_options_of(config).capacity.tokens;
    for (int p = 0; p < parts; p++) {
        const struct corpus *corpus = corpora_of(corpora, phase, p);
        if (!has_heldout(corpus, &options)) {
            warn_of_too_little(corpus, &options);
            continue;
        }
        struct heldout_set *set = &evaluator->sets[evaluator->count++];
        if (corpus_contents(corpus) != SHARD_READY_SAMPLES)
            evaluator->masking = options.sampling.masked_lm_probability;
        set->corpus = corpus;
        set->share = mixture_share(corpora_mixture(corpora, phase), p);
        if (set_init(set, config, &options, err) < 0) {
            evaluator_free(evaluator);
            return -1;
        }
    }
    if (evaluator->count > 0)
        *out = evaluator;
    else
        evaluator_free(evaluator);
    return 0;
}

uint64_t evaluator_sequences(const struct evaluator *evaluator)
{
    uint64_t all = 0;
    for (int s = 0; evaluator && s < evaluator->count; s++)
        all += evaluator->sets[s].sequences;
    return all;
}

void evaluator_free(struct evaluator *evaluator)
{
    if (!evaluator)
        return;
    require(!evaluator->left);
    for (int s = 0; s < evaluator->count; s++) {
        sampler_free(evaluator->sets[s].sampler);
        free(evaluator->sets[s].unigram_loss);
    }
    packed_batch_release(&evaluator->batch);
    free(evaluator->sets);
    free(evaluator);
}

/* --- one set ------------------------------------------------------------------------------------ */

/* What an evaluation adds up over the ranks: nothing but doubles, so that it travels as an array.
 */
struct evaluation_sums {
    double unigram_loss, unigram_correct, masked;
    struct objective_sums objectives[OBJECTIVE_MOST]; /* those that the model has travel */
};

static void run_batch(struct evaluator *evaluator, const struct heldout_set *set, struct bert *bert,
                      const real *params, struct evaluation_sums *sums)
{
    struct packed_batch *batch = &evaluator->batch;
    bert_evaluate(bert, params, batch, sums->objectives);
    sums->masked += batch->labelled;
    for (int m = 0; m < batch->labelled; m++) {
        int32_t label = batch->row_labels[m];
        sums->unigram_loss += set->unigram_loss[label];
        sums->unigram_correct += label == set->commonest;
    }
}

/* The next samples of the reading, packed up to the token budget; none are left where the batch is empty then. Of the
 * evaluator it touches the batch and the reading. */
static void read_batch(void *context)
{
    struct evaluator *evaluator = context;
    struct packed_batch *batch = &evaluator->batch;
    struct reading *reading = &evaluator->reading;
    struct sample_plan plan;
    packed_batch_reset(batch);
    for (; reading->next < reading->set->sequences; reading->next += reading->stride) {
        sampler_plan(reading->set->sampler, reading->next, &plan, NULL);
        if (batch->sequences > 0 && batch->tokens + plan.tokens > evaluator->token_budget)
            break;
        reading->status = sampler_fill(reading->set->sampler, &plan, batch, &reading->error);
        if (reading->status < 0)
            break;
    }
}

/* read_batch() by a thread, for the disk may not answer, and who is told to end is not to be held by it: the evaluation
 * may be given up meanwhile. */
static int read_aside(struct evaluator *evaluator, const struct dist *dist, bool (*told)(void),
                      struct call_off *call_off, bool *given_up, struct error *err)
{
    struct aside *aside;
    if (aside_begin(&aside, "heldout", read_batch, evaluator, err) < 0)
        return -1;
    *given_up = false;
    while (!*given_up && !aside_wait(aside, LISTENING))
        *given_up = call_off_heard(dist, call_off, told());
    evaluator->left = !aside_end(aside, *given_up ? PATIENCE : 0);
    return 0;
}

/* This rank's samples; no more of them when the evaluation is given up. */
static int run_own(struct evaluator *evaluator, const struct heldout_set *set,
                   const struct dist *dist, struct bert *bert, const real *params,
                   bool (*told)(void), struct call_off *call_off, struct evaluation_sums *sums,
                   struct error *err)
{
    const struct packed_batch *batch = &evaluator->batch;
    struct reading *reading = &evaluator->reading;
    bool given_up = false;
    *reading = (struct reading){
        .set = set, .next = (uint64_t)dist_rank(dist), .stride = (uint64_t)dist_size(dist)};
    for (;;) {
        activity_at("reading held-out text", -1);
        if (!told)
            read_batch(evaluator);
        else if (read_aside(evaluator, dist, told, call_off, &given_up, err) < 0)
            return -1;
        if (given_up)
            return 0;
        if (reading->status < 0) {
            *err = reading->error;
            return -1;
        }
        if (batch->sequences == 0 || (told && call_off_heard(dist, call_off, told())))
            return 0;
        run_batch(evaluator, set, bert, params, sums);
    }
}

/* As evaluator_run(), of one set. */
static int run_set(struct evaluator *evaluator, const struct heldout_set *set,
                   const struct dist *dist, struct bert *bert, const real *params,
                   bool (*told)(void), struct evaluation *result, struct error *err)
{
    struct evaluation_sums sums = {.masked = 0};
    struct call_off call_off;
    const struct objective_list objectives = bert_objectives(bert);
    const size_t bytes = offsetof(struct evaluation_sums, objectives) +
                         (size_t)objectives.count * sizeof(struct objective_sums);
    call_off_begin(&call_off);
    int status = run_own(evaluator, set, dist, bert, params, told, &call_off, &sums, err);
    const bool given_up = told && call_off_agree(dist, &call_off);
    if (dist_agree(dist, status, err) < 0)
        return -1;
    if (given_up)
        return 1;
    dist_sum_double(dist, &sums.unigram_loss, (int)(bytes / sizeof(double)));
    *result =
        (struct evaluation){.objectives = objectives,
                            .unigram_loss = metrics_mean(sums.unigram_loss, sums.masked),
                            .unigram_accuracy = metrics_mean(sums.unigram_correct, sums.masked),
                            .sequences = set->sequences,
                            .compute_type = evaluator->compute_type,
                            .masking = evaluator->masking,
                            .masked_as_trained = evaluator->masked_as_trained};
    memcpy(result->sums, sums.objectives, sizeof result->sums);
    return 0;
}

/* --- all sets ----------------------------------------------------------------------------------- */

/* A mean of the corpora's means, weighted by their shares. */
struct weighted_mean {
    double sum, weights;
};

/* A mean of nothing has no weight. */
static void add_mean(struct weighted_mean *mean, double share, double sum, double terms)
{
    if (terms == 0)
        return;
    mean->sum += share * sum / terms;
    mean->weights += share;
}

static void sum_up(struct evaluation *all)
{
    struct weighted_mean guess_loss = {0}, guess_accuracy = {0};
    for (int c = 0; c < all->corpus_count; c++) {
        const struct corpus_evaluation *corpus = &all->corpora[c];
        const double masked = !isnan(corpus->own.unigram_loss);
        add_mean(&guess_loss, corpus->share, corpus->own.unigram_loss, masked);
        add_mean(&guess_accuracy, corpus->share, corpus->own.unigram_accuracy, masked);
        all->sequences += corpus->own.sequences;
    }
    all->unigram_loss = metrics_mean(guess_loss.sum, guess_loss.weights);
    all->unigram_accuracy = metrics_mean(guess_accuracy.sum, guess_accuracy.weights);
    for (int o = 0; o < all->objectives.count; o++) {
        struct weighted_mean loss = {0}, accuracy = {0};
        struct objective_sums *sums = &all->sums[o];
        for (int c = 0; c < all->corpus_count; c++) {
            const struct corpus_evaluation *corpus = &all->corpora[c];
            const struct objective_sums *own = &corpus->own.sums[o];
            add_mean(&loss, corpus->share, own->loss, own->terms);
            add_mean(&accuracy, corpus->share, own->correct, own->terms);
            sums->terms += own->terms;
        }
        if (sums->terms > 0) {
            sums->loss = loss.sum / loss.weights * sums->terms;
            sums->correct = accuracy.sum / accuracy.weights * sums->terms;
        }
    }
}

bool evaluator_is_left(const struct evaluator *evaluator)
{
    return evaluator->left;
}

int evaluator_run(struct evaluator *evaluator, const struct dist *dist, struct bert *bert,
                  const real *params, bool (*told)(void), struct evaluation *result,
                  struct error *err)
{
    require(!evaluator->left);
    if (!evaluator->several)
        return run_set(evaluator, evaluator->sets, dist, bert, params, told, result, err);
    *result = (struct evaluation){
        .objectives = bert_objectives(bert),
        .compute_type = evaluator->compute_type,
        .masking = evaluator->masking,
        .masked_as_trained = evaluator->masked_as_trained,
        .corpora = memory_new((size_t)evaluator->count, sizeof *result->corpora)};
    for (int s = 0; s < evaluator->count; s++) {
        const struct heldout_set *set = &evaluator->sets[s];
        struct corpus_evaluation *corpus = &result->corpora[result->corpus_count];
        const int status = run_set(evaluator, set, dist, bert, params, told, &corpus->own, err);
        if (status != 0) {
            evaluation_release(result);
            return status;
        }
        corpus->folder = memory_copy_text(corpus_folder(set->corpus));
        corpus->share = set->share;
        result->corpus_count++;
    }
    sum_up(result);
    return 0;
}

void evaluation_release(struct evaluation *evaluation)
{
    for (int c = 0; c < evaluation->corpus_count; c++)
        free(evaluation->corpora[c].folder);
    free(evaluation->corpora);
    *evaluation = (struct evaluation){0};
}
