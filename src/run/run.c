#include "lambert/run/run.h"
#include "lambert/base/clock.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "job.h"
#include "lambert/base/activity.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/progress.h"
#include "lambert/run/evaluate.h"
#include "lambert/run/options.h"
#include "lambert/sample/sampled_batches.h"
#include "lambert/store/checkpoint_folder.h"
#include "signals.h"
#include "start.h"
#include "watchdog.h"

/* One phase as it runs. */
struct phase_run {
    const struct config_phase *phase;
    struct schedule schedule;
    struct sampler *sampler;
    struct batch_source *source;
    struct evaluator *evaluator; /* NULL: nothing to evaluate on */
    struct progress progress;
};

enum outcome { RUN_ON, RUN_STOPPED, RUN_FAILED };

/* --- checkpoints ------------------------------------------------------------------------------ */

static int save(struct job *job, struct error *err)
{
    const char *folder = job->config->run.folder;
    char *path = checkpoint_path(folder, job->state.total_steps);
    double started = clock_seconds();
    activity_task("checkpoint after step", job->state.total_steps);
    job->meta.state = job->state;
    int status = nonfinite_check_state(job, err);
    if (status == 0) {
        struct checkpoint_arrays arrays = job_arrays(job);
        status = checkpoint_write(&arrays, path, &job->meta, err);
    }
    if (status == 0) {
        log_info("checkpoint %s written in %.1f s", path, clock_seconds() - started);
        if (dist_rank(job->dist) == 0)
            status = checkpoint_prune(folder, job->config->train.checkpoint_keep, err);
        status = dist_agree(job->dist, status, err);
    }
    free(path);
    return status;
}

static int write_config(const struct config *config, struct error *err)
{
    struct buffer text = {0};
    char *path = path_join(config->run.folder, "config.ini");
    config_print(config, false, &text);
    int status = file_write(path, text.data, text.size, err);
    buffer_release(&text);
    free(path);
    return status;
}

/* Two runs in one folder would take each other's checkpoints for their own. */
static int lock_folder(struct job *job, struct error *err)
{
    char *path = path_join(job->config->run.folder, "lock");
    int status = file_lock(path, &job->lock, err);
    free(path);
    return status < 0 ? error_prefix(err, "another run uses this folder") : 0;
}

/* Before a checkpoint is chosen: whoever holds the folder may write a newer one. A folder that is
 * not there is made, and locked, when nothing else can be wrong any more. */
static int lock_existing(struct job *job, struct error *err)
{
    bool mine = dist_rank(job->dist) == 0 && folder_exists(job->config->run.folder);
    return dist_agree(job->dist, mine ? lock_folder(job, err) : 0, err);
}

static int prepare_folder(struct job *job, struct error *err)
{
    const char *folder = job->config->run.folder;
    if (dist_rank(job->dist) != 0)
        return 0;
    if (folder_create(folder, err) < 0 || (job->lock < 0 && lock_folder(job, err) < 0) ||
        write_config(job->config, err) < 0)
        return -1;
    return metrics_open(&job->metrics, folder, 0, job->state.total_steps, err);
}

/* --- a phase ---------------------------------------------------------------------------------- */

enum { PAIR_TEXT = 64, MASKED_TEXT = 128 };

/* "MLM loss 4.1250, accuracy 25.0%"; of ready samples none may have a mask. */
static const char *masked_text(const struct objective_sums *mlm, char text[MASKED_TEXT])
{
    if (mlm->terms == 0)
        return "nothing masked";
    snprintf(text, MASKED_TEXT, "MLM loss %.4f, accuracy %.1f%%", mlm->loss / mlm->terms,
             100 * mlm->correct / mlm->terms);
    return text;
}

/* The same, beside what guessing from frequencies gives in brackets. */
static const char *heldout_text(const struct evaluation *e, char text[MASKED_TEXT])
{
    if (e->masked == 0)
        return "nothing masked";
    snprintf(text, MASKED_TEXT, "MLM loss %.4f (unigram guess %.4f), accuracy %.1f%% (%.1f%%)",
             e->mlm_loss, e->unigram_loss, 100 * e->mlm_accuracy, 100 * e->unigram_accuracy);
    return text;
}

/* "; NSP loss 0.6931, accuracy 50.0%", or nothing where no sequence has a label. */
static const char *pair_text(const struct config *config, double loss, double accuracy,
                             char text[PAIR_TEXT])
{
    const bool order = config->data.sentence_pairs == PAIRS_SOP;
    text[0] = '\0';
    if (!isnan(loss))
        snprintf(text, PAIR_TEXT, "; %s loss %.4f, accuracy %.1f%%", order ? "SOP" : "NSP", loss,
                 100 * accuracy);
    return text;
}

static int evaluate(struct job *job, struct phase_run *run, struct error *err)
{
    struct evaluation result;
    char pair[PAIR_TEXT], masked[MASKED_TEXT];
    if (!run->evaluator)
        return 0;
    activity_task("evaluation after step", job->state.total_steps);
    if (evaluator_run(run->evaluator, job->dist, job->bert, job->param_sync.weights, &result, err) <
        0)
        return -1;
    log_info("step %" PRId64 ", held-out: %s%s; %" PRIu64 " sequences of up to %d",
             job->state.total_steps, heldout_text(&result, masked),
             pair_text(job->config, result.nsp_loss, result.nsp_accuracy, pair), result.sequences,
             run->phase->sequence_length);
    int status = metrics_evaluation(&job->metrics, run->phase->name, &job->state,
                                    run->phase->sequence_length, &result, err);
    return dist_agree(job->dist, status, err);
}

enum { LATE_TEXT = 64 };

/* "; rank 3 slowest, 1.27 of the mean time", or nothing where the ranks finished together. */
static const char *late_text(const struct balance_report *balance, char text[LATE_TEXT])
{
    text[0] = '\0';
    if (balance->late)
        snprintf(text, LATE_TEXT, "; rank %d slowest, %.2f of the mean time", balance->slowest,
                 balance->imbalance);
    return text;
}

static void log_step(const struct job *job, const struct phase_run *run,
                     const struct step_metrics *step, double peak)
{
    const struct objective_sums *mlm = &step->sums[PRETRAINING_MLM];
    const struct objective_sums *nsp = &step->sums[PRETRAINING_NSP];
    char masked[MASKED_TEXT], pair[PAIR_TEXT], late[LATE_TEXT];
    pair_text(job->config, metrics_mean(nsp->loss, nsp->terms),
              metrics_mean(nsp->correct, nsp->terms), pair);
    log_info("phase %s, step %" PRId64 " of %d: %s%s; rate %.3g; gradient norm %.3g; "
             "%.0f sequences/s, %.0f tokens/s, %.0f%% of peak%s",
             run->phase->name, job->state.phase_step, run->phase->steps, masked_text(mlm, masked),
             pair, step->rate, step->report.gradient_norm, (double)step->sequences / step->seconds,
             (double)step->tokens / step->seconds, peak, late_text(&step->balance, late));
}

static void report_step(const struct job *job, struct phase_run *run,
                        const struct step_metrics *step)
{
    const struct objective_sums *mlm = &step->sums[PRETRAINING_MLM];
    const double peak = 100 * step->operations / step->seconds / step->peak;
    const double sequences_per_second = (double)step->sequences / step->seconds;
    bool first = job->state.phase_step == (int64_t)run->progress.initial + 1;
    if (first || job->state.phase_step % job->config->train.log_every == 0)
        log_step(job, run, step, peak);
    if (mlm->terms > 0)
        progress_update(&run->progress, (double)job->state.phase_step,
                        "loss %.3f, MLM %.1f%%, %.0f seq/s, %.0f%% of peak",
                        metrics_loss(step->sums), 100 * mlm->correct / mlm->terms,
                        sequences_per_second, peak);
    else
        progress_update(&run->progress, (double)job->state.phase_step,
                        "nothing masked, %.0f seq/s, %.0f%% of peak", sequences_per_second, peak);
}

static bool due(int64_t step, int every)
{
    return every > 0 && step % every == 0;
}

static void count_step(struct job *job, struct step_metrics *metrics)
{
    job->state.phase_step++;
    job->state.total_steps++;
    job->state.sequences += metrics->sequences;
    job->state.tokens += metrics->tokens;
    metrics->skipped_steps = job->state.total_steps - optimizer_updates(job->optimizer);
    if (metrics->updated)
        job->skips_in_a_row = 0;
}

static void log_tensors(const struct job *job, const struct tensor_report *tensors)
{
    if (dist_rank(job->dist) != 0)
        return;
    for (int t = 0; t < job->table->count; t++)
        log_debug("step %" PRId64 ", %s: norms of weights %.4g, gradient %.4g, update %.4g; trust "
                  "ratio %.4g",
                  job->state.total_steps, job->table->infos[t].name, tensors[t].weight_norm,
                  tensors[t].gradient_norm, tensors[t].update_norm, tensors[t].trust_ratio);
}

static int write_metrics(struct job *job, const struct phase_run *run,
                         const struct step_metrics *metrics, struct error *err)
{
    const char *phase = run->phase->name;
    int status = metrics_step(&job->metrics, phase, &job->state, metrics, err);
    if (metrics->tensors && metrics->updated) {
        log_tensors(job, metrics->tensors);
        if (status == 0)
            status = metrics_tensors(&job->metrics, phase, &job->state, job->table,
                                     metrics->tensors, err);
    }
    return dist_agree(job->dist, status, err);
}

/* One update with everything around it. */
static int train_step(struct job *job, struct phase_run *run, struct error *err)
{
    struct batch batch;
    struct step_metrics metrics = {0};
    struct nonfinite nonfinite;
    double started = clock_seconds(), waited = activity_waited();
    activity_task("step", job->state.total_steps + 1);
    activity_at("waiting for data", -1);
    int status = batch_source_next(run->source, &batch, err);
    require(status != 0); /* it has a batch for each step of the phase */
    double data = clock_seconds() - started;
    activity_at("data is there", -1);
    if (dist_agree(job->dist, status < 0 ? -1 : 0, err) < 0)
        return -1;
    if (due(job->state.total_steps + 1, job->config->train.report_every))
        metrics.tensors = job->tensors;
    job_step(job, &batch, schedule_rate(&run->schedule, job->state.phase_step), &metrics,
             &nonfinite);
    double work = clock_seconds() - started - (activity_waited() - waited);
    activity_at("comparing the ranks' times", -1);
    balance_step(&job->balance, job->dist, (struct balance_times){work, data}, &metrics.balance);
    if (!metrics.updated && nonfinite_met(job, &metrics, &nonfinite, err) < 0)
        return -1;
    metrics.seconds = clock_seconds() - started;
    count_step(job, &metrics);
    activity_at("writing metrics", -1);
    report_step(job, run, &metrics);
    return write_metrics(job, run, &metrics, err);
}

/* Evaluation, checkpoint, signal: what may follow a step. */
static enum outcome after_step(struct job *job, struct phase_run *run, struct error *err)
{
    const struct config_train *train = &job->config->train;
    bool last = job->state.phase_step == run->phase->steps;
    bool stop = dist_any(job->dist, signals_caught() != NULL);
    bool evaluates = last || due(job->state.total_steps, train->evaluate_every);
    bool periodic = due(job->state.total_steps, train->checkpoint_every) && !job->skips_in_a_row;
    if (evaluates || periodic || stop)
        param_sync_settle(&job->param_sync);
    if (evaluates && !stop && evaluate(job, run, err) < 0)
        return RUN_FAILED;
    if ((last || stop || periodic) && save(job, err) < 0)
        return RUN_FAILED;
    if (evaluates && stop && evaluate(job, run, err) < 0) /* there may be little time: save first */
        return RUN_FAILED;
    pass_finished_phases(job);
    return stop ? RUN_STOPPED : RUN_ON;
}

/* Masks are new each time, yet a corpus read a thousand times is learnt by heart. */
static void warn_of_repetition(const struct config_phase *phase, double epoch)
{
    double times = (double)phase->steps * phase->global_batch / epoch;
    if (times > 1000)
        log_warning(
            "phase %s reads each sample of this corpus %.0f times: too small a corpus, or too "
            "many steps (phase.%s.steps) or sequences (phase.%s.global_batch)",
            phase->name, times, phase->name, phase->name);
}

static int phase_open(struct job *job, struct phase_run *run, struct error *err)
{
    int number = job->state.phase;
    struct sampler_options options = sampler_options_of(job->config, number);
    activity_task("planning the epochs of phase number", number + 1);
    *run = (struct phase_run){.phase = &job->config->phases[number]};
    run->schedule = schedule_of(run->phase);
    const struct corpus *corpus = corpora_of(&job->corpora, number);
    if (sampler_new(&run->sampler, corpus_store(corpus, CORPUS_TRAIN), corpus_vocabulary(corpus),
                    &options, err) < 0)
        return error_prefix(err, "phase %s, %s", run->phase->name, corpus_folder(corpus));
    if (evaluator_new(&run->evaluator, job->config, number, corpus, err) < 0)
        return -1;
    uint64_t epoch = sampler_epoch_samples(run->sampler, 0);
    log_info("phase %s: sequences of up to %d, %d steps of %d, peak rate %g, warm-up %.0f steps; "
             "an epoch has %" PRIu64 " samples, this phase sees %.2f epochs",
             run->phase->name, run->phase->sequence_length, run->phase->steps,
             run->phase->global_batch, run->phase->learning_rate, run->schedule.warmup, epoch,
             (double)run->phase->steps * run->phase->global_batch / (double)epoch);
    warn_of_repetition(run->phase, (double)epoch);
    struct sampled_batches_options source = {.first_batch = (uint64_t)job->state.phase_step,
                                             .end_batch = (uint64_t)run->phase->steps,
                                             .global_batch = run->phase->global_batch,
                                             .group = group_of(job->config, number),
                                             .rank = dist_rank(job->dist),
                                             .ranks = dist_size(job->dist)};
    return sampled_batches_open(&run->source, run->sampler, &source, err);
}

static void phase_close(struct phase_run *run)
{
    batch_source_close(run->source);
    sampler_free(run->sampler);
    evaluator_free(run->evaluator);
}

static enum outcome phase_steps(struct job *job, struct phase_run *run, struct error *err)
{
    int number = job->state.phase;
    enum outcome outcome = RUN_ON;
    if (job->state.total_steps == 0 && evaluate(job, run, err) < 0)
        return RUN_FAILED;
    progress_init(&run->progress, run->phase->name, run->phase->steps, "steps", INFINITY);
    run->progress.initial = (double)job->state.phase_step;
    while (outcome == RUN_ON && job->state.phase == number)
        outcome = train_step(job, run, err) < 0 ? RUN_FAILED : after_step(job, run, err);
    progress_release(&run->progress);
    return outcome;
}

static enum outcome run_phase(struct job *job, struct error *err)
{
    struct phase_run run;
    enum outcome outcome = RUN_FAILED;
    if (dist_agree(job->dist, phase_open(job, &run, err), err) == 0)
        outcome = phase_steps(job, &run, err);
    phase_close(&run);
    return outcome;
}

/* --- the run ---------------------------------------------------------------------------------- */

static int run_phases(struct job *job, struct error *err)
{
    enum outcome outcome = RUN_ON;
    const struct config *config = job->config;
    if (job->state.phase >= config->phase_count) {
        const char *last = config->phases[config->phase_count - 1].name;
        log_info("nothing is left to do; more steps in the last phase: phase.%s.steps=... --resume "
                 "--accept phase.%s.steps",
                 last, last);
    }
    while (outcome == RUN_ON && job->state.phase < job->config->phase_count)
        outcome = run_phase(job, err);
    if (outcome == RUN_FAILED)
        return -1;
    if (outcome == RUN_STOPPED)
        log_info("stopped by %s after step %" PRId64 " with a checkpoint; --resume goes on",
                 signals_caught() ? signals_caught() : "a signal to another rank",
                 job->state.total_steps);
    else
        log_info("done: %" PRId64 " steps, %" PRIu64 " sequences, %" PRIu64 " tokens; %s",
                 job->state.total_steps, job->state.sequences, job->state.tokens,
                 job->config->run.folder);
    return 0;
}

static int run_watched(struct dist *dist, const struct run_request *request, struct error *err)
{
    struct job job;
    int threads = start_threads(dist, request->config);
    announce_machine(dist, threads);
    activity_task("getting corpus and memory", -1);
    int status = job_init(&job, dist, request->config, threads, err);
    activity_task("getting the first weights", -1);
    if (status == 0)
        status = lock_existing(&job, err);
    if (status == 0)
        status = start_run(&job, request, err);
    if (status == 0)
        status = dist_agree(dist, prepare_folder(&job, err), err);
    if (status == 0)
        status = run_phases(&job, err);
    job_release(&job);
    return status;
}

int run_training(struct dist *dist, const struct run_request *request, struct error *err)
{
    struct watchdog *watchdog;
    signals_watch(); /* from here on a signal waits for the end of a step */
    int status = watchdog_start(&watchdog, request->config->train.watchdog_seconds,
                                "--resume goes on from the last checkpoint", err);
    if (dist_agree(dist, status, err) == 0)
        status = run_watched(dist, request, err);
    else
        status = -1;
    watchdog_stop(watchdog);
    return status;
}
