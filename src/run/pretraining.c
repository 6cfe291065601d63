/* Pre-training as work: the corpora of the phases, their samples, and held-out evaluation. */
#include <inttypes.h>
#include <stdlib.h>

#include "lambert/base/activity.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/run/corpora.h"
#include "lambert/run/evaluate.h"
#include "lambert/run/options.h"
#include "lambert/run/pair_scorer.h"
#include "lambert/sample/sampled_batches.h"
#include "run_internal.h"
#include "run_log.h"
#include "work.h"

struct pretraining {
    struct work work; /* the first member, as work.h wants it */
    struct corpora corpora;
    struct pair_scorer *pairs; /* NULL: none to evaluate on */
    /* Of the phase that is open: */
    int phase;
    struct sampler *sampler;
    struct evaluator *evaluator; /* NULL: nothing to evaluate on */
};

/* --- a phase ---------------------------------------------------------------------------------- */

static void announce(const struct pretraining *pretraining, const struct config_phase *settings)
{
    const struct schedule schedule = schedule_of(settings);
    const uint64_t epoch = sampler_epoch_samples(pretraining->sampler, 0);
    const double epochs = (double)settings->steps * settings->global_batch / (double)epoch;
    log_info("phase %s: sequences of up to %d, %d steps of %d, peak rate %g, warm-up %.0f steps; "
             "an epoch has %" PRIu64 " samples, this phase sees %.2f epochs",
             settings->name, settings->sequence_length, settings->steps, settings->global_batch,
             settings->learning_rate, schedule.warmup, epoch, epochs);
    if (epochs > 1000) /* masks are new each time, yet such a corpus is learnt by heart */
        log_warning(
            "phase %s reads each sample of this corpus %.0f times: too small a corpus, or too "
            "many steps (phase.%s.steps) or sequences (phase.%s.global_batch)",
            settings->name, epochs, settings->name, settings->name);
}

static void close_phase(struct work *work)
{
    struct pretraining *pretraining = (struct pretraining *)work;
    sampler_free(pretraining->sampler);
    evaluator_free(pretraining->evaluator);
    pretraining->sampler = NULL;
    pretraining->evaluator = NULL;
}

static int open_phase(struct work *work, const struct dist *dist, int phase, uint64_t first,
                      uint64_t end, struct batch_source **source, struct error *err)
{
    struct pretraining *pretraining = (struct pretraining *)work;
    const struct config *config = &work->config;
    const struct config_phase *settings = &config->phases[phase];
    const struct corpus *corpus = corpora_of(&pretraining->corpora, phase);
    struct sampler_options options = sampler_options_of(config, phase);
    struct sampled_batches_options batches = sampled_batches_options_of(config, phase, dist);
    batches.first_batch = first;
    batches.end_batch = end;
    pretraining->phase = phase;
    activity_task("planning the epochs of phase number", phase + 1);
    if (sampler_new(&pretraining->sampler, corpus_store(corpus, CORPUS_TRAIN),
                    corpus_vocabulary(corpus), &options, err) < 0) {
        pretraining->sampler = NULL;
        return error_prefix(err, "phase %s, %s", settings->name, corpus_folder(corpus));
    }
    if (evaluator_new(&pretraining->evaluator, config, phase, corpus, err) < 0)
        goto fail;
    announce(pretraining, settings);
    if (sampled_batches_open(source, pretraining->sampler, &batches, err) == 0)
        return 0;
fail:
    close_phase(work);
    return -1;
}

static int evaluate_heldout(struct pretraining *pretraining, struct run *run, struct error *err)
{
    const struct config_phase *settings = &pretraining->work.config.phases[pretraining->phase];
    struct evaluation result;
    if (evaluator_run(pretraining->evaluator, run->dist, trainer_bert(run->trainer),
                      trainer_weights(run->trainer), &result, err) < 0)
        return -1;
    run_log_evaluation(run, settings, &result);
    int status = metrics_evaluation(&run->metrics, settings->name, &run->state,
                                    settings->sequence_length, &result, err);
    return dist_agree(run->dist, status, err);
}

static int evaluate_pairs(struct pretraining *pretraining, struct run *run, struct error *err)
{
    const struct work *work = &pretraining->work;
    const int count = pair_scorer_count(pretraining->pairs);
    const double accuracy =
        pair_scorer_accuracy(pretraining->pairs, run->dist, trainer_bert(run->trainer),
                             trainer_weights(run->trainer), &work->options.bert.capacity);
    run_log_pairs(run, accuracy, count);
    int status = metrics_pairs(&run->metrics, work->config.phases[pretraining->phase].name,
                               &run->state, accuracy, count, err);
    return dist_agree(run->dist, status, err);
}

static int evaluate(struct work *work, struct run *run, struct error *err)
{
    struct pretraining *pretraining = (struct pretraining *)work;
    activity_task("evaluation after step", run->state.total_steps);
    if (pretraining->evaluator && evaluate_heldout(pretraining, run, err) < 0)
        return -1;
    return pretraining->pairs ? evaluate_pairs(pretraining, run, err) : 0;
}

/* --- the corpora ------------------------------------------------------------------------------ */

static void close_pretraining(struct work *work)
{
    struct pretraining *pretraining = (struct pretraining *)work;
    close_phase(work);
    checkpoint_meta_release(&work->meta);
    pair_scorer_free(pretraining->pairs);
    corpora_close(&pretraining->corpora);
    free(pretraining);
}

static void make_options(struct pretraining *pretraining)
{
    struct work *work = &pretraining->work;
    const struct corpora *corpora = &pretraining->corpora;
    const struct corpus *first = corpora_of(corpora, 0);
    work->options = trainer_options_of(&work->config, vocabulary_size(corpus_vocabulary(first)));
    for (int c = 0; c < corpora->count; c++)
        bert_capacity_widen(&work->options.bert.capacity, corpora->opened[c]);
    work->cache = (size_t)work->config.data.cache_megabytes << 20;
    work->what = "corpus";
    work->key = "data.corpus";
    work->place = corpus_folder(first);
}

/* Sentences may be as long as what is trained on: positions beyond that are as they began. */
static int open_pairs(struct pretraining *pretraining, struct error *err)
{
    const struct corpus *corpus = corpora_of(&pretraining->corpora, 0);
    const char *path = pretraining->work.config.train.evaluate_pairs;
    struct minimal_pairs pairs;
    if (!path[0])
        return 0;
    if (minimal_pairs_read(&pairs, path, err) < 0)
        return error_prefix(err, "train.evaluate_pairs");
    int status = pair_scorer_new(&pretraining->pairs, &pairs, corpus_vocabulary(corpus),
                                 corpus_lower_case(corpus),
                                 pretraining->work.options.bert.capacity.longest, err);
    minimal_pairs_release(&pairs);
    return status < 0 ? error_prefix(err, "train.evaluate_pairs") : 0;
}

int pretraining_open(struct work **work, const struct dist *dist, const struct config *config,
                     struct error *err)
{
    static const struct work_operations operations = {.open_phase = open_phase,
                                                      .close_phase = close_phase,
                                                      .evaluate = evaluate,
                                                      .close = close_pretraining};
    struct pretraining *pretraining = memory_new(1, sizeof *pretraining);
    pretraining->work = (struct work){.operations = &operations, .config = *config};
    *work = &pretraining->work;
    if (dist_agree(dist, corpora_open(&pretraining->corpora, &pretraining->work.config, err), err) <
        0) {
        *work = NULL;
        free(pretraining);
        return -1;
    }
    const struct corpus *first = corpora_of(&pretraining->corpora, 0);
    work_make_meta(*work, corpus_vocabulary(first), corpus_lower_case(first),
                   corpora_hash(&pretraining->corpora));
    make_options(pretraining);
    if (dist_agree(dist, open_pairs(pretraining, err), err) < 0) {
        *work = NULL;
        close_pretraining(&pretraining->work);
        return -1;
    }
    return 0;
}
