#include "lambert/run/evaluate.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/run/metrics.h"
#include "lambert/run/options.h"

struct evaluator {
    struct sampler *sampler;
    struct packed_batch batch;
    uint64_t sequences; /* of the set */
    int token_budget;
    enum float_type compute_type; /* of the model, as it is configured */
    double *unigram_loss;         /* [V] -log of each id's frequency */
    int32_t commonest;
};

/* -log((count + 1) / (total + V)) for each id, and the id that occurs most. */
static int unigram_init(struct evaluator *evaluator, const struct corpus *corpus, struct error *err)
{
    int vocab = vocabulary_size(corpus_vocabulary(corpus));
    uint64_t *counts = memory_new((size_t)vocab, sizeof *counts), total = 0;
    if (corpus_token_counts(corpus, counts, err) < 0) {
        free(counts);
        return -1;
    }
    evaluator->unigram_loss = memory_new((size_t)vocab, sizeof *evaluator->unigram_loss);
    for (int id = 0; id < vocab; id++) {
        total += counts[id];
        if (counts[id] > counts[evaluator->commonest])
            evaluator->commonest = id;
    }
    for (int id = 0; id < vocab; id++)
        evaluator->unigram_loss[id] = log((double)total + vocab) - log((double)counts[id] + 1);
    free(counts);
    return 0;
}

int evaluator_new(struct evaluator **out, const struct config *config, int phase,
                  const struct corpus *corpus, struct error *err)
{
    const struct document_store *store = corpus_store(corpus, CORPUS_HELDOUT);
    struct sampler_options options = sampler_options_of(config, phase);
    *out = NULL;
    const bool ready = corpus_contents(corpus) == SHARD_READY_SAMPLES;
    const bool single = ready || options.sampling.sentence_pairs != PAIRS_NSP;
    if (!store || document_store_documents(store) < (single ? 1U : 2U)) {
        log_warning("%s has %s: no evaluation (prepare it with a larger --heldout, or more text)",
                    corpus_folder(corpus),
                    ready    ? "no held-out samples"
                    : single ? "no held-out documents"
                             : "fewer than two held-out documents");
        return 0;
    }
    struct evaluator *evaluator = memory_new(1, sizeof *evaluator);
    packed_batch_init(&evaluator->batch);
    if (sampler_new(&evaluator->sampler, store, corpus_vocabulary(corpus), &options, err) < 0 ||
        unigram_init(evaluator, corpus, err) < 0) {
        evaluator_free(evaluator);
        return -1;
    }
    uint64_t epoch = sampler_epoch_samples(evaluator->sampler, 0);
    uint64_t wanted = (uint64_t)config->train.evaluate_sequences;
    evaluator->sequences = wanted < epoch ? wanted : epoch;
    evaluator->compute_type = config->train.compute_type;
    evaluator->token_budget = bert_options_of(config).capacity.tokens;
    *out = evaluator;
    return 0;
}

void evaluator_free(struct evaluator *evaluator)
{
    if (!evaluator)
        return;
    sampler_free(evaluator->sampler);
    packed_batch_release(&evaluator->batch);
    free(evaluator->unigram_loss);
    free(evaluator);
}

/* What an evaluation adds up over the ranks: nothing but doubles, so that it travels as an array.
 */
struct evaluation_sums {
    double unigram_loss, unigram_correct, masked;
    struct objective_sums objectives[OBJECTIVE_MOST]; /* those that the model has travel */
};

static void run_batch(struct evaluator *evaluator, struct bert *bert, const real *params,
                      struct evaluation_sums *sums)
{
    struct packed_batch *batch = &evaluator->batch;
    bert_evaluate(bert, params, batch, sums->objectives);
    sums->masked += batch->labelled;
    for (int m = 0; m < batch->labelled; m++) {
        int32_t label = batch->row_labels[m];
        sums->unigram_loss += evaluator->unigram_loss[label];
        sums->unigram_correct += label == evaluator->commonest;
    }
    packed_batch_reset(batch);
}

/* This rank's samples, packed up to the token budget. */
static int run_own(struct evaluator *evaluator, const struct dist *dist, struct bert *bert,
                   const real *params, struct evaluation_sums *sums, struct error *err)
{
    struct packed_batch *batch = &evaluator->batch;
    struct sample_plan plan;
    packed_batch_reset(batch);
    for (uint64_t i = (uint64_t)dist_rank(dist); i < evaluator->sequences;
         i += (uint64_t)dist_size(dist)) {
        sampler_plan(evaluator->sampler, i, &plan, NULL);
        if (batch->sequences > 0 && batch->tokens + plan.tokens > evaluator->token_budget)
            run_batch(evaluator, bert, params, sums);
        if (sampler_fill(evaluator->sampler, &plan, batch, err) < 0)
            return -1;
    }
    if (batch->sequences > 0)
        run_batch(evaluator, bert, params, sums);
    return 0;
}

int evaluator_run(struct evaluator *evaluator, const struct dist *dist, struct bert *bert,
                  const real *params, struct evaluation *result, struct error *err)
{
    struct evaluation_sums sums = {.masked = 0};
    const struct objective_list objectives = bert_objectives(bert);
    const size_t bytes = offsetof(struct evaluation_sums, objectives) +
                         (size_t)objectives.count * sizeof(struct objective_sums);
    int status = run_own(evaluator, dist, bert, params, &sums, err);
    if (dist_agree(dist, status, err) < 0)
        return -1;
    dist_sum_double(dist, &sums.unigram_loss, (int)(bytes / sizeof(double)));
    *result =
        (struct evaluation){.objectives = objectives,
                            .unigram_loss = metrics_mean(sums.unigram_loss, sums.masked),
                            .unigram_accuracy = metrics_mean(sums.unigram_correct, sums.masked),
                            .sequences = evaluator->sequences,
                            .compute_type = evaluator->compute_type};
    memcpy(result->sums, sums.objectives, sizeof result->sums);
    return 0;
}
