/* Pre-training as work: the corpora of the phases, their samples, and held-out evaluation. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "lambert/base/activity.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/run/corpora.h"
#include "lambert/run/evaluate.h"
#include "lambert/run/options.h"
#include "lambert/run/pair_scorer.h"
#include "lambert/run/run.h"
#include "lambert/sample/sampled_batches.h"
#include "phase_plan.h"
#include "run_internal.h"
#include "run_log.h"
#include "signals.h"
#include "stage.h"
#include "work.h"

struct pretraining {
    struct work work;    /* the first member, as work.h wants it */
    struct stage *stage; /* NULL: the corpora are read where they lie */
    struct corpora corpora;
    struct pair_scorer *pairs; /* NULL: none to evaluate on */
    /* Of the phase that is open: */
    int phase;
    struct mixed_sampler *sampler;
    struct evaluator *evaluator;       /* NULL: nothing to evaluate on */
    const struct batch_source *source; /* the run's */
    struct corpus_progress *progress;  /* [parts], made when it is asked for */
};

/* --- a phase ---------------------------------------------------------------------------------- */

/* Corpora that are read so often are worth little more each time (40 times: arXiv 2305.16264); alone,
 * one may be all that there is. */
enum { MANY_EPOCHS = 40, MANY_EPOCHS_ALONE = 1000 };

/* How often the phase goes through an epoch of so many samples with its share; NaN where it is not known how many steps
 * there will be. */
static double epochs_of(const struct phase_plan *plan, double share, uint64_t epoch)
{
    return phase_plan_is_counted(plan)
               ? share * (double)phase_plan_sequences_behind(plan, 0) / (double)epoch
               : NAN;
}

static void print_epochs(double epochs, struct buffer *text)
{
    if (!isnan(epochs))
        buffer_print(text, ", this phase sees %.2f epochs", epochs);
}

static void announce_part(const struct pretraining *pretraining, const struct phase_plan *plan,
                          int part)
{
    const int phase = pretraining->phase;
    const struct config_phase *settings = &pretraining->work.config.phases[phase];
    const struct corpus *corpus = corpora_of(&pretraining->corpora, phase, part);
    const double share = mixture_share(corpora_mixture(&pretraining->corpora, phase), part);
    const uint64_t epoch = mixed_sampler_epoch_samples(pretraining->sampler, part, 0);
    const double epochs = epochs_of(plan, share, epoch);
    struct buffer seen = {0};
    print_epochs(epochs, &seen);
    log_info("phase %s, %s: %.4g%% of the samples; it has %" PRIu64 " tokens, an epoch %" PRIu64
             " samples%s",
             settings->name, corpus_folder(corpus), 100 * share,
             document_store_tokens(corpus_store(corpus, CORPUS_TRAIN)), epoch, buffer_text(&seen));
    buffer_release(&seen);
    if (epochs > MANY_EPOCHS)
        log_warning(
            "phase %s reads each sample of %s %.0f times: too small a corpus for its share; "
            "lower its weight, or the temperature, or the steps",
            settings->name, corpus_folder(corpus), epochs);
}

/* What the phase's own keys ask for. */
static void announce_masking(const struct config *config, int phase)
{
    const struct config_phase *settings = &config->phases[phase];
    const struct config_masking masking = config_phase_masking(config, phase);
    if (masking.begin != masking.end)
        log_info("phase %s: %.4g%% of the tokens are masked at its beginning, %.4g%% at its end",
                 settings->name, 100 * masking.begin, 100 * masking.end);
    else if (settings->masked_lm_probability > 0)
        log_info("phase %s: %.4g%% of the tokens are masked", settings->name, 100 * masking.begin);
}

static void announce(const struct pretraining *pretraining)
{
    const struct config_phase *settings = &pretraining->work.config.phases[pretraining->phase];
    const struct phase_plan plan = phase_plan_of(settings);
    const int parts = corpora_parts(&pretraining->corpora, pretraining->phase);
    const char *name = settings->name;
    struct buffer text = {0};
    phase_plan_print(&plan, &text);
    if (parts > 1) {
        log_info("phase %s: sequences of up to %d, %s; %d corpora", name, settings->sequence_length,
                 buffer_text(&text), parts);
        for (int p = 0; p < parts; p++)
            announce_part(pretraining, &plan, p);
        buffer_release(&text);
        return;
    }
    const uint64_t epoch = mixed_sampler_epoch_samples(pretraining->sampler, 0, 0);
    const double epochs = epochs_of(&plan, 1, epoch);
    buffer_print(&text, "; an epoch has %" PRIu64 " samples", epoch);
    print_epochs(epochs, &text);
    log_info("phase %s: sequences of up to %d, %s", name, settings->sequence_length,
             buffer_text(&text));
    buffer_release(&text);
    if (epochs >
        MANY_EPOCHS_ALONE) /* masks are new each time, yet such a corpus is learnt by heart */
        log_warning(
            "phase %s reads each sample of this corpus %.0f times: too small a corpus, or too "
            "many steps (phase.%s.steps) or sequences (phase.%s.global_batch)",
            name, epochs, name, name);
}

static void close_phase(struct work *work)
{
    struct pretraining *pretraining = (struct pretraining *)work;
    if (work->reader_left)
        return;
    mixed_sampler_free(pretraining->sampler);
    evaluator_free(pretraining->evaluator);
    free(pretraining->progress);
    pretraining->sampler = NULL;
    pretraining->evaluator = NULL;
    pretraining->progress = NULL;
    pretraining->source = NULL;
}

static int open_phase(struct work *work, const struct dist *dist, int phase, uint64_t first,
                      uint64_t end, struct batch_source **source, struct error *err)
{
    struct pretraining *pretraining = (struct pretraining *)work;
    const struct config *config = &work->config;
    struct sampled_batches_options batches = sampled_batches_options_of(config, phase, dist);
    batches.first_batch = first;
    batches.end_batch = end;
    pretraining->phase = phase;
    activity_task("planning the epochs of phase number", phase + 1);
    if (corpora_sampler(&pretraining->corpora, config, phase, CORPUS_TRAIN, &pretraining->sampler,
                        err) < 0)
        return -1;
    if (evaluator_new(&pretraining->evaluator, config, phase, &pretraining->corpora, err) < 0)
        goto fail;
    announce(pretraining);
    announce_masking(config, phase);
    if (sampled_batches_open(source, pretraining->sampler, &batches, err) < 0)
        goto fail;
    pretraining->source = *source;
    return 0;
fail:
    close_phase(work);
    return -1;
}

static struct progress_list progress(struct work *work)
{
    struct pretraining *pretraining = (struct pretraining *)work;
    const int parts = corpora_parts(&pretraining->corpora, pretraining->phase);
    if (parts == 1)
        return (struct progress_list){0};
    const struct part_progress *samples = sampled_batches_progress(pretraining->source);
    if (!pretraining->progress)
        pretraining->progress = memory_new((size_t)parts, sizeof *pretraining->progress);
    for (int p = 0; p < parts; p++)
        pretraining->progress[p] = (struct corpus_progress){
            .folder = corpus_folder(corpora_of(&pretraining->corpora, pretraining->phase, p)),
            .samples = samples[p].samples,
            .epochs = samples[p].epochs};
    return (struct progress_list){.corpora = pretraining->progress, .count = parts};
}

static int evaluate_heldout(struct pretraining *pretraining, struct run *run, struct error *err)
{
    const struct config_phase *settings = &pretraining->work.config.phases[pretraining->phase];
    struct evaluation result;
    mlperf_log_evaluation_begins(&run->mlperf, &run->state);
    int status = evaluator_run(pretraining->evaluator, run->dist, trainer_bert(run->trainer),
                               trainer_weights(run->trainer), signals_stop, &result, err);
    if (evaluator_is_left(pretraining->evaluator))
        work_leave_reader(&pretraining->work, "held-out text");
    if (status != 0)
        return status < 0 ? -1 : RUN_STOPPED;
    run_log_evaluation(run, settings, &result);
    mlperf_log_evaluation(
        &run->mlperf, &run->state,
        metrics_mean(result.sums[PRETRAINING_MLM].correct, result.sums[PRETRAINING_MLM].terms),
        result.sequences);
    status = metrics_evaluation(&run->metrics, settings->name, &run->state,
                                settings->sequence_length, &result, err);
    evaluation_release(&result);
    return dist_agree(run->dist, status, err);
}

static int evaluate_pairs(struct pretraining *pretraining, struct run *run, struct error *err)
{
    const struct work *work = &pretraining->work;
    const int count = pair_scorer_count(pretraining->pairs);
    double accuracy;
    if (!pair_scorer_accuracy(pretraining->pairs, run->dist, trainer_bert(run->trainer),
                              trainer_weights(run->trainer), &work->options.bert.capacity,
                              signals_stop, &accuracy))
        return RUN_STOPPED;
    run_log_pairs(run, accuracy, count);
    int status = metrics_pairs(&run->metrics, work->config.phases[pretraining->phase].name,
                               &run->state, accuracy, count, err);
    return dist_agree(run->dist, status, err);
}

static int evaluate(struct work *work, struct run *run, struct error *err)
{
    struct pretraining *pretraining = (struct pretraining *)work;
    const struct evaluation_lines *there = &run->evaluated;
    int status = 0;
    activity_task("evaluation after step", run->state.total_steps);
    if (pretraining->evaluator && !there->evaluation)
        status = evaluate_heldout(pretraining, run, err);
    return status == 0 && pretraining->pairs && !there->pairs
               ? evaluate_pairs(pretraining, run, err)
               : status;
}

static bool owes_evaluation(const struct work *work, int phase,
                            const struct evaluation_lines *there)
{
    const struct pretraining *pretraining = (const struct pretraining *)work;
    return (pretraining->pairs && !there->pairs) ||
           (!there->evaluation && evaluator_has_text(&work->config, phase, &pretraining->corpora));
}

/* --- the corpora ------------------------------------------------------------------------------ */

static void close_pretraining(struct work *work)
{
    struct pretraining *pretraining = (struct pretraining *)work;
    close_phase(work);
    if (work->reader_left) {
        stage_leave(pretraining->stage);
        return;
    }
    checkpoint_meta_release(&work->meta);
    pair_scorer_free(pretraining->pairs);
    corpora_close(&pretraining->corpora);
    stage_close(pretraining->stage);
    free(pretraining);
}

static void make_options(struct pretraining *pretraining, const struct dist *dist)
{
    struct work *work = &pretraining->work;
    const struct corpora *corpora = &pretraining->corpora;
    const struct corpus *first = corpora_of(corpora, 0, 0);
    work->options = trainer_options_of(&work->config, vocabulary_size(corpus_vocabulary(first)));
    corpora_widen(corpora, &work->options.bert.capacity);
    work->cache = (size_t)work->config.data.cache_megabytes << 20;
    work->batches = sampled_batches_most_memory(&work->config, dist_size(dist));
    work->what = "corpus";
    work->key = "data.corpus";
    work->place = corpus_folder(first);
}

/* Sentences may be as long as what is trained on: positions beyond that are as they began. */
static int open_pairs(struct pretraining *pretraining, struct error *err)
{
    const struct corpus *corpus = corpora_of(&pretraining->corpora, 0, 0);
    const char *path = pretraining->work.config.train.evaluate_pairs;
    struct minimal_pairs pairs;
    if (!path[0])
        return 0;
    if (minimal_pairs_read(&pairs, path, err) < 0)
        return error_prefix(err, "train.evaluate_pairs");
    int status = pair_scorer_new(&pretraining->pairs, &pairs, corpus_vocabulary(corpus),
                                 corpus_tokenizer(corpus),
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
                                                      .owes_evaluation = owes_evaluation,
                                                      .progress = progress,
                                                      .close = close_pretraining};
    struct pretraining *pretraining = memory_new(1, sizeof *pretraining);
    pretraining->work = (struct work){.operations = &operations, .config = *config};
    *work = &pretraining->work;
    const struct config *own = &pretraining->work.config;
    int status = stage_open(&pretraining->stage, dist, own, 0, own->phase_count, err);
    if (status == 0)
        status = dist_agree(dist,
                            corpora_open_staged(&pretraining->corpora, pretraining->stage, own, 0,
                                                own->phase_count, err),
                            err);
    if (status != 0) {
        stage_close(pretraining->stage);
        *work = NULL;
        free(pretraining);
        return status;
    }
    /* All ranks deal samples alike, even where their C libraries round a temperature's shares
     * differently. */
    for (int p = 0; p < config->phase_count; p++)
        dist_broadcast(dist, 0, &pretraining->corpora.phases[p].mixture, sizeof(struct mixture));
    const struct corpus *first = corpora_of(&pretraining->corpora, 0, 0);
    work_make_meta(*work, corpus_vocabulary(first), corpus_tokenizer(first),
                   corpora_hash(&pretraining->corpora));
    (*work)->earlier_hash = corpora_hash_by_spelling(&pretraining->corpora, own);
    make_options(pretraining, dist);
    if (dist_agree(dist, open_pairs(pretraining, err), err) < 0) {
        *work = NULL;
        close_pretraining(&pretraining->work);
        return -1;
    }
    return 0;
}
