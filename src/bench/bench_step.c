#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_bandwidth.h"
#include "bench_model.h"
#include "lambert/base/clock.h"
#include "lambert/base/memory.h"
#include "lambert/base/progress.h"
#include "lambert/kernels/cpu.h"
#include "lambert/kernels/parallel.h"
#include "lambert/kernels/product_counts.h"
#include "lambert/kernels/profile.h"
#include "lambert/run/options.h"
#include "lambert/run/product_shares.h"
#include "lambert/sample/made_up.h"
#include "lambert/sample/mixed_sampler.h"

/* --- the optimizer ---------------------------------------------------------------------------- */

/* Bytes an update of one element cannot do without, in floats: the gradient's norm reads g; the
 * first pass reads w, g, m, v and writes m, v and u; the second reads w and u and writes w; and
 * clearing the gradients writes g. */
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

static double update_again(struct bench_model *bench)
{
    for (size_t i = 0; i < bench->shard; i++) /* the update before has used them up */
        bench->shard_grads[i] = (real)1e-4 * (real)(i % 17);
    return update_once(bench);
}

void bench_model_optimizer(struct bench_model *bench)
{
    double seconds[BENCH_MOST_REPEATS], shares[BENCH_MOST_REPEATS];
    const int repeat = bench->arguments->repeat;
    const double bytes = FLOATS_MOVED * sizeof(real) * (double)bench->shard;
    struct bench_bandwidth bandwidth;
    bench_bandwidth_open(&bandwidth);
    update_again(bench);
    for (int r = 0; r < repeat; r++) {
        seconds[r] = update_again(bench);
        shares[r] = 100 * bytes / seconds[r] / bench_bandwidth_mixed(&bandwidth);
    }
    bench_bandwidth_close(&bandwidth);
    bench->update_seconds = bench_median(seconds, repeat);
    bench_report_add(&bench->report, "update", 1e3 * bench->update_seconds, "ms",
                     "norms, moments, weights, clearing of gradients");
    bench_report_add(&bench->report, "update-bandwidth", bytes / bench->update_seconds / 1e9,
                     "GB/s", "of the bytes that have to move");
    bench_report_add(&bench->report, "update-share-of-bandwidth", bench_median(shares, repeat), "%",
                     "of bandwidth-mixed, measured in turn with it");
}

/* --- micro-batches ---------------------------------------------------------------------------- */

double bench_model_masking(const struct bench_model *bench, int phase)
{
    const struct config_masking masking = config_phase_masking(&bench->config, phase);
    return (masking.begin + masking.end) / 2;
}

/* As many sequences as the budget of rows holds: samples of the corpus, or made up. */
static int make_batch(struct bench_model *bench, int phase, struct error *err)
{
    const int budget = bert_options_of(&bench->config).capacity.tokens;
    const struct config_phase *settings = &bench->config.phases[phase];
    const int masked = made_up_masked_of(&bench->config, phase);
    struct mixed_sampler *sampler = NULL;
    int status = 0;
    if (bench->corpora.count > 0 &&
        corpora_sampler(&bench->corpora, &bench->config, phase, CORPUS_TRAIN, &sampler, err) < 0)
        return -1;
    packed_batch_reset(&bench->batch);
    for (uint64_t i = 0; bench->batch.tokens + settings->sequence_length <= budget; i++) {
        struct sample_plan plan;
        if (!sampler) {
            made_up_append(&bench->batch, settings->sequence_length, masked, bench->model.vocab, i);
            continue;
        }
        mixed_sampler_plan(sampler, i, &plan, NULL, NULL);
        if ((status = mixed_sampler_fill(sampler, &plan, &bench->batch, err)) < 0)
            break;
    }
    mixed_sampler_free(sampler);
    return status;
}

static double forward_once(struct bench_model *bench)
{
    struct objective_sums sums[OBJECTIVE_MOST] = {{0}};
    double started = clock_seconds();
    bert_evaluate(bench->bert, bench->params, &bench->batch, sums);
    return clock_seconds() - started;
}

static double train_once(struct bench_model *bench)
{
    static const double scales[PRETRAINING_OBJECTIVES] = {1e-3, 1e-3};
    struct objective_sums sums[OBJECTIVE_MOST] = {{0}};
    double started = clock_seconds();
    bert_train(bench->bert, bench->params, &bench->batch, scales, bench->grads, sums);
    return clock_seconds() - started;
}

struct timing {
    double seconds;  /* median */
    double possible; /* operations that could have been done meanwhile, median */
};

/* The clock of a CPU changes with the load, and on a shared machine by itself: the peak is measured
 * before and behind each repeat. bench->peak becomes the median of these. */
static struct timing timing_of(struct bench_model *bench, double (*once)(struct bench_model *bench))
{
    double seconds[BENCH_MOST_REPEATS], possible[BENCH_MOST_REPEATS], peaks[BENCH_MOST_REPEATS];
    const int repeat = bench->arguments->repeat;
    once(bench);
    double before = cpu_peak_flops(bench->type, bench->threads);
    for (int r = 0; r < repeat; r++) {
        dist_barrier(bench->dist);
        seconds[r] = once(bench);
        peaks[r] = cpu_peak_flops(bench->type, bench->threads);
        possible[r] = seconds[r] * (before + peaks[r]) / 2;
        before = peaks[r];
    }
    bench->peak = bench_median(peaks, repeat);
    return (struct timing){bench_median(seconds, repeat), bench_median(possible, repeat)};
}

/* Parts of the time of all threads in one micro-batch. */
static void report_parts(struct bench_model *bench, int length)
{
    double seconds[PROFILE_PARTS], all, gemm = 0, rest;
    profile_start();
    all = train_once(bench) * bench->threads;
    profile_stop(seconds);
    rest = all;
    for (int p = 0; p < PROFILE_PARTS; p++) {
        char name[64];
        snprintf(name, sizeof name, "part-%s", profile_part_name((enum profile_part)p));
        bench_report_add_at(&bench->report, length, name, 100 * seconds[p] / all, "%", NULL);
        gemm += profile_part_is_gemm((enum profile_part)p) ? seconds[p] : 0;
        rest -= seconds[p];
    }
    bench_report_add_at(&bench->report, length, "part-waiting", 100 * rest / all, "%",
                        "for other threads");
    bench_report_add_at(&bench->report, length, "not-gemm", 100 * (1 - gemm / all), "%",
                        "of a micro-batch");
}

/* A step of the global batch: its share of this rank, an update, and nothing else. It is put
 * together from the times of its pieces, or with --whole done once. */
static void report_step(struct bench_model *bench, int phase, const struct timing *micro,
                        double operations)
{
    const struct config_phase *settings = &bench->config.phases[phase];
    const int S = settings->sequence_length;
    const double batches =
        (double)settings->global_batch / dist_size(bench->dist) / bench->batch.sequences;
    double seconds = batches * micro->seconds + bench->update_seconds;
    double possible = batches * micro->possible + bench->update_seconds * bench->peak;
    if (bench->arguments->whole) {
        const double started = clock_seconds();
        for (int i = 0; i < (int)ceil(batches); i++)
            train_once(bench);
        seconds = (clock_seconds() - started) * batches / ceil(batches) + update_once(bench);
        possible = seconds * bench->peak;
    }
    char note[64];
    snprintf(note, sizeof note, "global batch of %d", settings->global_batch);
    bench_report_add_at(&bench->report, S, "step", seconds, "s", note);
    bench_report_add_at(&bench->report, S, "step-useful", batches * operations / seconds / 1e9,
                        "GFLOP/s", NULL);
    bench_report_add_at(&bench->report, S, "step-share-of-peak",
                        100 * batches * operations / possible, "%", "useful operations");
    bench_report_add_at(&bench->report, S, "tokens", batches * bench->batch.tokens / seconds, "1/s",
                        NULL);
    bench_report_add_at(&bench->report, S, "sequences", batches * bench->batch.sequences / seconds,
                        "1/s", NULL);
}

/* All threads and one, in turn; and the peak of the cores beside it, whose clocks may be lower
 * where all of them work. */
static void report_one_thread(struct bench_model *bench, int length)
{
    double ratios[BENCH_MOST_REPEATS], peaks[BENCH_MOST_REPEATS];
    const int repeat = bench->arguments->repeat;
    for (int r = 0; r < repeat; r++) {
        const double all = train_once(bench), peak = cpu_peak_flops(bench->type, bench->threads);
        omp_set_num_threads(1);
        ratios[r] = train_once(bench) / all;
        peaks[r] = peak / cpu_peak_flops(bench->type, 1);
        omp_set_num_threads(bench->threads);
    }
    bench_report_add_at(&bench->report, length, "thread-speed-up", bench_median(ratios, repeat), "",
                        "all threads against one, in turn");
    bench_report_add_at(&bench->report, length, "peak-speed-up", bench_median(peaks, repeat), "",
                        "the FMA peak: all threads against one, in turn");
}

/* All ranks at once and the first alone, in turn. */
static void report_one_rank(struct bench_model *bench, int length)
{
    double ratios[BENCH_MOST_REPEATS];
    const int repeat = bench->arguments->repeat, ranks = dist_size(bench->dist);
    for (int r = 0; r < repeat; r++) {
        dist_barrier(bench->dist);
        double together = train_once(bench), alone = 0;
        dist_max_double(bench->dist, &together, 1);
        if (dist_rank(bench->dist) == 0)
            alone = train_once(bench);
        dist_max_double(bench->dist, &alone, 1);
        ratios[r] = ranks * alone / together;
    }
    bench_report_add_at(&bench->report, length, "rank-speed-up", bench_median(ratios, repeat), "",
                        "all ranks against one, in turn");
}

/* Which kernels did which share of the products of all that was measured. */
static void report_products(struct bench_model *bench, int length)
{
    struct product_shares shares;
    product_shares_take(bench->dist, &shares);
    for (int i = 0; i < shares.count; i++) {
        const struct product_share *row = &shares.at[i];
        char *name = memory_text("made-by-%s-on-%s", row->maker,
                                 config_word("train.compute_type", row->type));
        bench_report_add_at(&bench->report, length, name, 100 * row->share, "%",
                            "of the products' operations");
        free(name);
    }
}

int bench_model_phase(struct bench_model *bench, int phase, struct error *err)
{
    const int length = bench->config.phases[phase].sequence_length;
    struct bench_report *report = &bench->report;
    if (make_batch(bench, phase, err) < 0)
        return -1;
    product_counts_reset();
    const double operations = bert_operations(&bench->model, &bench->batch);
    const struct timing forward = timing_of(bench, forward_once);
    const struct timing micro = timing_of(bench, train_once);
    char note[64];
    snprintf(note, sizeof note, "%d sequences, %d tokens", bench->batch.sequences,
             bench->batch.tokens);
    bench_report_add_at(report, length, "forward", 1e3 * forward.seconds, "ms", note);
    bench_report_add_at(report, length, "forward-share-of-peak",
                        100 * operations / 3 / forward.possible, "%", NULL);
    bench_report_add_at(report, length, "peak", bench->peak / 1e9, "GFLOP/s",
                        "measured between the repeats");
    bench_report_add_at(report, length, "micro-batch", 1e3 * micro.seconds, "ms",
                        "forward with dropout, and backward");
    bench_report_add_at(report, length, "micro-batch-tokens", bench->batch.tokens, "", NULL);
    bench_report_add_at(report, length, "micro-batch-share-of-peak",
                        100 * operations / micro.possible, "%", NULL);
    report_parts(bench, length);
    if (bench->arguments->one_thread)
        report_one_thread(bench, length);
    if (bench->arguments->one_rank)
        report_one_rank(bench, length);
    report_step(bench, phase, &micro, operations);
    report_products(bench, length);
    return 0;
}
