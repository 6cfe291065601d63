#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_model.h"
#include "lambert/base/memory.h"
#include "lambert/base/progress.h"
#include "lambert/base/rng.h"
#include "lambert/corpus/sampler.h"
#include "lambert/kernels/cpu.h"
#include "lambert/kernels/parallel.h"
#include "lambert/kernels/parts.h"
#include "lambert/train/options.h"

/* --- the optimizer ---------------------------------------------------------------------------- */

/* Bytes an update of one element cannot do without, in floats: the gradient's norm reads g; the first
 * pass reads w, g, m, v and writes m, v and u; the second reads w and u and writes w; and clearing
 * the gradients writes g. */
enum { FLOATS_MOVED = 1 + 7 + 3 + 1 };

static double update_once(struct bench_model *bench)
{
    struct optimizer_report report;
    double started = clock_seconds();
    optimizer_step(bench->optimizer, bench->dist, 1e-9, bench->shard_grads, bench->params, &report,
                   NULL);
    array_clear(bench->grads, bench->table->size);
    return clock_seconds() - started;
}

void bench_model_optimizer(struct bench_model *bench)
{
    double seconds[BENCH_MOST_REPEATS];
    const int repeat = (int)bench->arguments->repeat;
    const double bytes = FLOATS_MOVED * sizeof(real) * (double)bench->shard;
    for (int r = -1; r < repeat; r++) {
        for (size_t i = 0; i < bench->shard; i++) /* the step before has used them up */
            bench->shard_grads[i] = (real)1e-4 * (real)(i % 17);
        double once = update_once(bench);
        if (r >= 0)
            seconds[r] = once;
    }
    bench->update_seconds = bench_median(seconds, repeat);
    bench_report_add(&bench->report, "update", 1e3 * bench->update_seconds, "ms",
                     "norms, moments, weights, clearing of gradients");
    bench_report_add(&bench->report, "update-bandwidth", bytes / bench->update_seconds / 1e9,
                     "GB/s", "of the bytes that have to move");
    bench_report_add(&bench->report, "update-share-of-bandwidth",
                     100 * bytes / bench->update_seconds / bench->bandwidth, "%", NULL);
}

/* --- micro-batches ---------------------------------------------------------------------------- */

/* A sequence of full length: ids, masks and label made up, as many masks as the phase asks for. */
static void add_made_up(struct bench_model *bench, const struct config_phase *phase, uint64_t index)
{
    const int S = phase->sequence_length, most = phase->max_predictions_per_sequence;
    int masked = (int)rint(bench->config.data.masked_lm_probability * S);
    struct packed_batch *batch = &bench->batch;
    struct rng rng;
    masked = most > 0 && masked > most ? most : masked;
    rng_init(&rng, rng_key(2, RNG_TEST, index, 0));
    const int n = batch->sequences, m = batch->masked;
    const int row = packed_batch_append(batch, S, masked);
    for (int t = 0; t < S; t++) {
        batch->input_ids[row + t] =
            (int32_t)(5 + rng_below(&rng, (uint32_t)bench->model.vocab - 5));
        batch->token_type_ids[row + t] = t >= S / 2;
    }
    for (int i = 0; i < masked; i++) {
        batch->masked_rows[m + i] = row + 1 + i * (S - 2) / masked;
        batch->masked_labels[m + i] =
            (int32_t)(5 + rng_below(&rng, (uint32_t)bench->model.vocab - 5));
    }
    batch->next_sentence_label[n] = (int32_t)(index % 2);
    batch->sample_index[n] = index;
    batch->sample_key[n] = rng_key(1, RNG_DROPOUT, 0, index);
}

/* As many sequences as the budget of rows holds. */
static int make_batch(struct bench_model *bench, int phase, struct sampler *sampler,
                      struct error *err)
{
    const int budget = capacity_of(&bench->config).tokens;
    const struct config_phase *settings = &bench->config.phases[phase];
    packed_batch_reset(&bench->batch);
    for (uint64_t i = 0; bench->batch.tokens + settings->sequence_length <= budget; i++) {
        struct sample_plan plan;
        if (!sampler) {
            add_made_up(bench, settings, i);
            continue;
        }
        sampler_plan(sampler, i, &plan, NULL);
        if (sampler_fill(sampler, &plan, &bench->batch, err) < 0)
            return -1;
    }
    return 0;
}

static double forward_once(struct bench_model *bench)
{
    struct bert_sums sums = {0};
    double started = clock_seconds();
    bert_evaluate(bench->bert, bench->params, &bench->batch, &sums);
    return clock_seconds() - started;
}

static double train_once(struct bench_model *bench)
{
    struct bert_sums sums = {0};
    double started = clock_seconds();
    bert_train(bench->bert, bench->params, &bench->batch, 1e-3, 1e-3, bench->grads, &sums);
    return clock_seconds() - started;
}

/* The clock of a CPU changes with the load, and on a shared machine by itself: the peak is measured
 * anew behind each repeat, and bench->peak becomes the median of these. */
static double median_of(struct bench_model *bench, double (*once)(struct bench_model *bench))
{
    double seconds[BENCH_MOST_REPEATS], peaks[BENCH_MOST_REPEATS];
    const int repeat = (int)bench->arguments->repeat;
    once(bench);
    for (int r = 0; r < repeat; r++) {
        dist_barrier(bench->dist);
        seconds[r] = once(bench);
        peaks[r] = cpu_peak_flops(omp_get_max_threads());
    }
    bench->peak = bench_median(peaks, repeat);
    return bench_median(seconds, repeat);
}

/* A name with the sequence length behind it. */
static void add_at(struct bench_model *bench, int length, const char *name, double value,
                   const char *unit, const char *note)
{
    char *full = memory_text("%s-%d", name, length);
    bench_report_add(&bench->report, full, value, unit, note);
    free(full);
}

/* Parts of the time of all threads in one micro-batch. */
static void report_parts(struct bench_model *bench, int length)
{
    double seconds[PARTS], all, gemm = 0, rest;
    parts_start();
    all = train_once(bench) * bench->threads;
    parts_stop(seconds);
    rest = all;
    for (int p = 0; p < PARTS; p++) {
        char name[64];
        snprintf(name, sizeof name, "part-%s", part_name((enum part)p));
        add_at(bench, length, name, 100 * seconds[p] / all, "%", NULL);
        gemm += part_is_gemm((enum part)p) ? seconds[p] : 0;
        rest -= seconds[p];
    }
    add_at(bench, length, "part-waiting", 100 * rest / all, "%", "for other threads");
    add_at(bench, length, "not-gemm", 100 * (1 - gemm / all), "%", "of a micro-batch");
}

/* A step of the global batch: its share of this rank, an update, and nothing else. */
static double step_seconds(struct bench_model *bench, int phase, double micro)
{
    const double sequences = (double)bench->config.phases[phase].global_batch /
                             dist_size(bench->dist) / bench->batch.sequences;
    if (!bench->arguments->whole)
        return sequences * micro + bench->update_seconds;
    double started = clock_seconds();
    for (int i = 0; i < (int)ceil(sequences); i++)
        train_once(bench);
    return (clock_seconds() - started) * sequences / ceil(sequences) + update_once(bench);
}

static void report_step(struct bench_model *bench, int phase, double micro, double operations)
{
    const struct config_phase *settings = &bench->config.phases[phase];
    const int S = settings->sequence_length;
    const double seconds = step_seconds(bench, phase, micro);
    const double batches = (double)settings->global_batch / dist_size(bench->dist) /
                           bench->batch.sequences;
    char note[64];
    snprintf(note, sizeof note, "global batch of %d", settings->global_batch);
    add_at(bench, S, "step", seconds, "s", note);
    add_at(bench, S, "step-useful", batches * operations / seconds / 1e9, "GFLOP/s", NULL);
    add_at(bench, S, "step-share-of-peak", 100 * batches * operations / seconds / bench->peak, "%",
           "useful operations");
    add_at(bench, S, "tokens", batches * bench->batch.tokens / seconds, "1/s", NULL);
    add_at(bench, S, "sequences", batches * bench->batch.sequences / seconds, "1/s", NULL);
}

static void report_one_thread(struct bench_model *bench, int length, double all)
{
    omp_set_num_threads(1);
    const double peak = bench->peak;
    double one = median_of(bench, train_once);
    bench->peak = peak;
    omp_set_num_threads(bench->threads);
    add_at(bench, length, "speed-up", one / all, "", "all threads against one");
}

static void measure_micro(struct bench_model *bench, int phase)
{
    const int S = bench->config.phases[phase].sequence_length;
    const double operations = bert_operations(&bench->model, &bench->batch);
    char note[64];
    snprintf(note, sizeof note, "%d sequences, %d tokens", bench->batch.sequences,
             bench->batch.tokens);
    double forward = median_of(bench, forward_once);
    add_at(bench, S, "forward", 1e3 * forward, "ms", note);
    add_at(bench, S, "forward-share-of-peak", 100 * operations / 3 / forward / bench->peak, "%",
           NULL);
    double micro = median_of(bench, train_once);
    add_at(bench, S, "peak", bench->peak / 1e9, "GFLOP/s", "measured between the repeats");
    add_at(bench, S, "micro-batch", 1e3 * micro, "ms", "forward with dropout, and backward");
    add_at(bench, S, "micro-batch-tokens", bench->batch.tokens, "", NULL);
    add_at(bench, S, "micro-batch-share-of-peak", 100 * operations / micro / bench->peak, "%", NULL);
    report_parts(bench, S);
    if (bench->arguments->one_thread)
        report_one_thread(bench, S, micro);
    report_step(bench, phase, micro, operations);
}

int bench_model_phase(struct bench_model *bench, int phase, struct error *err)
{
    struct sampler_options options = sampler_options_of(&bench->config, phase);
    struct sampler *sampler = NULL;
    if (bench->corpus &&
        sampler_new(&sampler, corpus_store(bench->corpus, CORPUS_TRAIN),
                    corpus_vocabulary(bench->corpus), &options, err) < 0)
        return -1;
    int status = make_batch(bench, phase, sampler, err);
    sampler_free(sampler);
    if (status == 0)
        measure_micro(bench, phase);
    return status;
}
