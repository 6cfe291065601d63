#include "lambert/plan/trial.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/clock.h"
#include "lambert/base/file.h"
#include "lambert/base/machine_memory.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/base/sorting.h"
#include "lambert/base/temporary_folder.h"
#include "lambert/run/evaluate.h"
#include "lambert/run/needs.h"
#include "lambert/run/options.h"
#include "lambert/sample/made_up.h"
#include "lambert/sample/sampled_batches.h"

/* Of a measurement: the first steps touch memory for the first time, and wait for the thread that makes samples. */
enum { UNTIMED_STEPS = 2, LEAST_STEPS = 3, MOST_STEPS = 400 };
static const double RATE = 1e-6; /* so that no weight goes astray */

struct trial {
    const struct dist *dist;
    const struct config *config;
    const struct corpora *corpora;
    struct trainer_options options;
    struct trainer *trainer;
    double start, seconds;
};

/* Where the batches of a measurement come from: the corpora, or one that is made up, again and again. */
struct trial_batches {
    struct mixed_sampler *sampler; /* NULL: made up */
    struct batch_source *source;
    struct packed_batch share;
    struct batch batch;
};

/* --- opening -------------------------------------------------------------------------------------- */

static int check_memory(const struct trial *trial, int threads, struct error *err)
{
    const struct job_layout layout = {
        .nodes = 1, .ranks_per_node = dist_local_size(trial->dist), .threads = threads};
    const uint64_t available = machine_memory_available("");
    struct run_needs needs;
    run_needs_of_job(&needs, trial->config, &trial->options, &layout);
    if (available == UINT64_MAX || needs.machine <= (double)available)
        return 0;
    return error_set(
        err,
        "this machine has %.0f MB of memory, and %.0f MB are wanted to try steps of this run on one node; "
        "plan with --bench, from where nodes are larger",
        (double)available / 1e6, needs.machine / 1e6);
}

int trial_open(struct trial **out, const struct dist *dist, const struct config *config,
               const struct corpora *corpora, int vocab, double seconds, struct error *err)
{
    struct trial *trial = memory_new(1, sizeof *trial);
    const double started = clock_seconds();
    *trial = (struct trial){.dist = dist, .config = config, .corpora = corpora, .seconds = seconds};
    trial->options = trainer_options_of(config, vocab);
    corpora_widen(corpora, &trial->options.bert.capacity);
    *out = NULL;
    if (dist_agree(dist, check_memory(trial, 1, err), err) < 0 ||
        trainer_new(&trial->trainer, dist, &trial->options, err) < 0) {
        free(trial);
        return -1;
    }
    trainer_initialise(trial->trainer, (uint64_t)config->run.seed);
    trial->start = clock_seconds() - started;
    *out = trial;
    return 0;
}

void trial_close(struct trial *trial)
{
    if (!trial)
        return;
    trainer_free(trial->trainer);
    free(trial);
}

double trial_start(const struct trial *trial)
{
    return trial->start;
}

const struct trainer_options *trial_trainer(const struct trial *trial)
{
    return &trial->options;
}

/* --- batches -------------------------------------------------------------------------------------- */

static void make_up(struct trial_batches *batches, const struct trial *trial, int phase,
                    const struct sampled_batches_options *options)
{
    const struct config_phase *settings = &trial->config->phases[phase];
    const int masked = made_up_masked_of(trial->config, phase);
    const int group = max_int(options->group, 1), most = options->sizes.first;
    /* Whole groups, as many on each rank. */
    const int each = (most / options->ranks + group - 1) / group * group;
    const int first = each * options->rank;
    for (int i = first; i < first + each; i++)
        made_up_append(&batches->share, settings->sequence_length, masked,
                       trial->options.model.vocab, (uint64_t)i);
    batches->batch = (struct batch){
        .share = &batches->share, .global_batch = each * options->ranks, .group = options->group};
}

static int batches_open(struct trial_batches *batches, const struct trial *trial, int phase,
                        int sequences, struct error *err)
{
    struct sampled_batches_options options =
        sampled_batches_options_of(trial->config, phase, trial->dist);
    options.sizes = (struct batch_sizes){.first = sequences};
    options.end_batch = UINT64_MAX / (uint64_t)sequences / 2; /* as many as are asked for */
    *batches = (struct trial_batches){0};
    packed_batch_init(&batches->share);
    if (trial->corpora->count == 0) {
        make_up(batches, trial, phase, &options);
        return 0;
    }
    if (corpora_sampler(trial->corpora, trial->config, phase, CORPUS_TRAIN, &batches->sampler,
                        err) < 0)
        return -1;
    return sampled_batches_open(&batches->source, batches->sampler, &options, err);
}

static int batches_next(struct trial_batches *batches, struct batch *batch, struct error *err)
{
    if (batches->source)
        return batch_source_next(batches->source, batch, err) < 0 ? -1 : 0;
    *batch = batches->batch;
    return 0;
}

static void batches_close(struct trial_batches *batches)
{
    batch_source_close(batches->source);
    mixed_sampler_free(batches->sampler);
    packed_batch_release(&batches->share);
}

/* --- steps ---------------------------------------------------------------------------------------- */

/* Of a step, over the ranks. */
struct timed_step {
    double seconds;
    double busiest; /* operations of the rank that has most */
    double sums, update;
    double speed; /* operations a second of that rank */
};

static int time_step(struct trial *trial, struct trial_batches *batches, struct timed_step *timed,
                     struct error *err)
{
    const double started = clock_seconds();
    struct step_report report;
    struct batch batch;
    const int status = batches_next(batches, &batch, err);
    if (trainer_step(trial->trainer, status < 0 ? NULL : &batch, RATE, false, &report, err) < 0)
        return -1;
    double means[] = {report.own_exchange, report.own_update};
    dist_sum_double(trial->dist, means, 2); /* as a run's ranks compare their times */
    timed->seconds = clock_seconds() - started;
    timed->sums = means[0] / dist_size(trial->dist);
    timed->update = means[1] / dist_size(trial->dist);
    timed->busiest = bert_operations(&trial->options.model, batch.share);
    dist_max_double(trial->dist, &timed->busiest, 1);
    dist_max_double(trial->dist, &timed->seconds, 1);
    return 0;
}

static double median_of(const struct timed_step *steps, int count, size_t member)
{
    double *values = memory_new((size_t)count, sizeof *values);
    for (int i = 0; i < count; i++)
        memcpy(&values[i], (const char *)&steps[i] + member, sizeof *values);
    sort_doubles(values, (size_t)count);
    const double median = (values[(count - 1) / 2] + values[count / 2]) / 2;
    free(values);
    return median;
}

/* What is left of a step behind updating, adding up and clearing is computing, by the rank that has most to do. Steps have
 * sequences of many lengths, so that each is judged by its own operations. */
static void speed_of(const struct trial *trial, struct timed_step *steps, int count,
                     struct trial_result *result)
{
    const struct step_shape shape = step_shape_of(&trial->options.model);
    const int ranks = dist_size(trial->dist);
    const double bytes = step_shape_elements(&shape) * sizeof(float);
    const double update = median_of(steps, count, offsetof(struct timed_step, update));
    const double sums = median_of(steps, count, offsetof(struct timed_step, sums));
    result->steps = count;
    result->step_seconds = median_of(steps, count, offsetof(struct timed_step, seconds));
    result->memory = bytes * STEP_FLOATS_UPDATED / fmax(update, 1e-9);
    const double rest = update + sums + bytes * ranks / result->memory;
    for (int i = 0; i < count; i++) /* (Clocks are too coarse for next to nothing to compute.) */
        steps[i].speed = steps[i].busiest / fmax(steps[i].seconds - rest, 0.01 * steps[i].seconds);
    result->speed = (struct plan_speed){
        .useful = ranks * median_of(steps, count, offsetof(struct timed_step, speed)),
        .sums = sums};
}

static int time_steps(struct trial *trial, struct trial_batches *batches,
                      struct trial_result *result, struct error *err)
{
    struct timed_step *steps = memory_new(MOST_STEPS, sizeof *steps), untimed;
    double passed = 0;
    int count = 0, status = 0;
    for (int i = 0; i < UNTIMED_STEPS && status == 0; i++)
        status = time_step(trial, batches, &untimed, err);
    while (status == 0 && count < MOST_STEPS && (count < LEAST_STEPS || passed < trial->seconds)) {
        status = time_step(trial, batches, &steps[count], err);
        passed += steps[count++].seconds; /* the same on all ranks */
    }
    if (status == 0)
        speed_of(trial, steps, count, result);
    free(steps);
    return status;
}

int trial_sequences(const struct trial *trial, const struct step_work *batch, int ranks)
{
    const double micro = step_micro_batches(batch, ranks, trial->options.bert.capacity.tokens);
    const double part = fmin(1, TRIAL_MICRO_BATCHES / micro);
    const int here = dist_size(trial->dist);
    return max_int(here, (int)rint(part * batch->sequences / ranks * here));
}

/* --- an evaluation -------------------------------------------------------------------------------- */

/* A part of one, once untimed. */
static int time_evaluation(struct trial *trial, int phase, double operations_a_sequence,
                           int sequences, struct plan_speed *speed, struct error *err)
{
    struct config config = *trial->config;
    struct evaluator *evaluator;
    speed->forward = speed->useful;
    if (trial->corpora->count == 0)
        return 0;
    config.train.evaluate_sequences = min_int(config.train.evaluate_sequences, sequences);
    const int status = evaluator_new(&evaluator, &config, phase, trial->corpora, err);
    if (dist_agree(trial->dist, status, err) < 0)
        return -1;
    trainer_settle(trial->trainer);
    for (int i = 0; i < 2 && evaluator; i++) {
        struct evaluation evaluation;
        const double started = clock_seconds();
        if (evaluator_run(evaluator, trial->dist, trainer_bert(trial->trainer),
                          trainer_weights(trial->trainer), NULL, &evaluation, err) < 0) {
            evaluator_free(evaluator);
            return -1;
        }
        double passed = clock_seconds() - started;
        dist_max_double(trial->dist, &passed, 1);
        speed->forward = (double)evaluation.sequences * operations_a_sequence / 3 / passed;
        evaluation_release(&evaluation);
    }
    evaluator_free(evaluator);
    return 0;
}

int trial_phase(struct trial *trial, int phase, const struct step_work *batch, int ranks,
                struct trial_result *result, struct error *err)
{
    const int sequences = trial_sequences(trial, batch, ranks);
    const double operations_a_sequence = batch->operations / batch->sequences;
    struct trial_batches batches;
    int status = dist_agree(trial->dist, batches_open(&batches, trial, phase, sequences, err), err);
    if (status == 0)
        status = time_steps(trial, &batches, result, err);
    batches_close(&batches);
    if (status == 0)
        status =
            time_evaluation(trial, phase, operations_a_sequence, sequences, &result->speed, err);
    result->sequences = sequences;
    return status;
}

/* --- checkpoints ---------------------------------------------------------------------------------- */

/* As run/saving.c takes one: weights settled and looked through, then copied, by rank 0. Once untimed. */
int trial_checkpoint(struct trial *trial, double *bytes_a_second, struct error *err)
{
    static char nothing[] = "";
    const struct checkpoint_meta meta = {
        .config = nothing, .vocabulary = nothing, .labels = nothing};
    const size_t bytes = trainer_snapshot_memory(trial->trainer);
    const uint64_t available = machine_memory_available("");
    struct checkpoint_snapshot *snapshot;
    *bytes_a_second = 0;
    if (dist_any(trial->dist, available < bytes))
        return 0;
    if (trainer_snapshot_new(trial->trainer, &snapshot, err) < 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        const double started = clock_seconds();
        trainer_settle(trial->trainer);
        trainer_is_finite(trial->trainer);
        trainer_take_snapshot(trial->trainer, snapshot, &meta);
        dist_barrier(trial->dist);
        double passed = clock_seconds() - started;
        dist_max_double(trial->dist, &passed, 1);
        *bytes_a_second = (double)bytes / passed;
    }
    checkpoint_snapshot_free(snapshot);
    return 0;
}

static int write_file(const char *path, double *bytes_a_second, struct error *err)
{
    enum { BYTES = 64 << 20, PIECE = 1 << 20 };
    struct file_writer writer;
    char *piece = memory_new(PIECE, 1);
    const double started = clock_seconds();
    memset(piece, 0x5a, PIECE);
    int status = file_writer_open(&writer, path, err);
    for (int done = 0; done < BYTES && status == 0; done += PIECE)
        status = file_writer_write(&writer, piece, PIECE, err);
    if (status == 0)
        status = file_writer_commit(&writer, err);
    *bytes_a_second = BYTES / (clock_seconds() - started);
    free(piece);
    return status;
}

int trial_disk(const char *run_folder, double *bytes_a_second, struct error *err)
{
    char *place = path_nearest(run_folder), *folder = NULL;
    int status = temporary_folder_make(&folder, place, "lambert-plan", err);
    if (status == 0) {
        char *path = path_join(folder, "written");
        status = write_file(path, bytes_a_second, err);
        free(path);
    }
    temporary_folder_remove(folder);
    free(place);
    return status;
}
