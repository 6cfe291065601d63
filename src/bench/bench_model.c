#include "bench_model.h"

#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench_bandwidth.h"
#include "bench_tools.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/dist/threads.h"
#include "lambert/kernels/blas.h"
#include "lambert/kernels/cpu.h"
#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"
#include "lambert/run/options.h"
#include "lambert/run/shared_config.h"

static const struct command_option model_options[] = {
    OPTION_CONFIG(struct bench_model_arguments, config, words),
    {.name = "samples",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct bench_model_arguments, samples),
     .help = "take the samples of data.corpus"},
    BENCH_REPEAT(struct bench_model_arguments),
    {.name = "gemm",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct bench_model_arguments, gemm_only),
     .help = "only the machine and the matrix products"},
    {.name = "steps",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct bench_model_arguments, steps_only),
     .help = "only micro-batches and steps"},
    {.name = "phase",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct bench_model_arguments, phase),
     .metavar = "NAME",
     .help = "only this phase of the configuration"},
    {.name = "one-thread",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct bench_model_arguments, one_thread),
     .help = "what all threads do, as a multiple of what one does"},
    {.name = "one-rank",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct bench_model_arguments, one_rank),
     .help = "under mpirun: what all ranks do, as a multiple of what one does"},
    {.name = "whole",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct bench_model_arguments, whole),
     .help = "do a whole step once, instead of adding up its parts"},
    BENCH_JSON(struct bench_model_arguments),
    {0}};

static int open_bench(struct bench_model *bench, struct error *err)
{
    const struct bench_model_arguments *arguments = bench->arguments;
    struct config *config = &bench->config;
    if (config_load_shared(config, bench->dist, arguments->config, arguments->words.at,
                           arguments->words.count, err) < 0 ||
        kernels_select(err) < 0)
        return -1;
    bench->phase_end = config->phase_count;
    bench->type = config->train.compute_type;
    if (arguments->phase) {
        bench->phase_begin = config_find_phase(config, arguments->phase, err);
        bench->phase_end = bench->phase_begin + 1;
        if (bench->phase_begin < 0)
            return -1;
    }
    struct threads threads;
    if (threads_start(&threads, bench->dist, config->run.threads, err) < 0)
        return -1;
    bench->threads = threads.count;
    if (arguments->samples && corpora_open(&bench->corpora, config, err) < 0)
        return -1;
    const bool samples = bench->corpora.count > 0;
    bench->model = bert_config_of(
        config,
        samples ? vocabulary_size(corpus_vocabulary(bench->corpora.opened[0])) : BENCH_VOCABULARY);
    if (arguments->gemm_only)
        return 0;

    struct bert_options options = bert_options_of(config);
    const int rank = dist_rank(bench->dist);
    corpora_widen(&bench->corpora, &options.capacity);
    if (bert_new(&bench->bert, &bench->model, &options, err) < 0)
        return -1;
    bench->table = bert_params(bench->bert);
    bench->activations = bert_memory(&bench->model, &options);
    sharding_init(&bench->sharding, bench->table->size, SHARDING_BUCKET, dist_size(bench->dist));
    bench->shard = sharding_count(&bench->sharding, rank);
    const size_t bytes = bench->table->size * sizeof(real);
    if (memory_big((void **)&bench->params, bytes, "weights", err) < 0 ||
        memory_big((void **)&bench->grads, bytes, "gradients", err) < 0 ||
        memory_big((void **)&bench->shard_grads, bench->shard * sizeof(real), "reduced gradients",
                   err) < 0 ||
        optimizer_new(&bench->optimizer, bench->table, &bench->sharding, rank, &config->optimizer,
                      err) < 0)
        return -1;
    param_table_initialise(bench->table, config->model.initializer_range,
                           (uint64_t)config->run.seed, bench->params);
    return 0;
}

/* For people a line, for programs what decides which numbers may be compared. */
static void describe_kernels(struct bench_model *bench)
{
    struct blas_info blas;
    struct buffer products = {0};
    const char *type = config_word("train.compute_type", bench->type);
    cJSON *object = bench->report.object;
    if (bench->type == TYPE_BFLOAT16)
        kernels_describe_bfloat16(&products);
    else
        buffer_print(&products, "%s", gemm_maker(bench->type));
    blas_describe(&blas);
    if (object) {
        cJSON_AddStringToObject(object, "compute_type", type);
        cJSON_AddStringToObject(object, "products", buffer_text(&products));
        cJSON_AddNumberToObject(object, "ranks", dist_size(bench->dist));
        cJSON_AddNumberToObject(object, "hidden_size", bench->model.hidden);
        cJSON_AddNumberToObject(object, "intermediate_size", bench->model.intermediate);
    } else {
        printf("products in %s by %s; row kernels %s; %s, core type %s\n", type,
               buffer_text(&products), kernels->name, blas.library, blas.core);
    }
    buffer_release(&products);
}

static int measure(struct bench_model *bench, struct error *err)
{
    struct bench_bandwidth bandwidth;
    struct bench_report *report = &bench->report;
    describe_kernels(bench);
    const double peaks[] = {[TYPE_FLOAT32] = cpu_peak_flops(TYPE_FLOAT32, bench->threads),
                            [TYPE_BFLOAT16] = cpu_peak_flops(TYPE_BFLOAT16, bench->threads)};
    bench->peak = peaks[bench->type];
    bench->peak_one = cpu_peak_flops(bench->type, 1);
    bench_bandwidth_measure(&bandwidth, bench->arguments->repeat);
    bench_report_add(report, "peak", bench->peak / 1e9, "GFLOP/s",
                     "multiplying and adding in this type, all threads");
    bench_report_add(report, "peak-one-thread", bench->peak_one / 1e9, "GFLOP/s", NULL);
    bench_report_add(report, "peak-float32", peaks[TYPE_FLOAT32] / 1e9, "GFLOP/s", "all threads");
    bench_report_add(report, "peak-bfloat16", peaks[TYPE_BFLOAT16] / 1e9, "GFLOP/s", "all threads");
    bench_report_add(report, "bandwidth-read", bandwidth.read / 1e9, "GB/s", NULL);
    bench_report_add(report, "bandwidth-mixed", bandwidth.mixed / 1e9, "GB/s",
                     "four arrays read, three of them written, as LAMB's first pass does");
    if (!bench->arguments->steps_only)
        bench_model_gemms(bench);
    if (bench->arguments->gemm_only)
        return 0;
    bench_model_optimizer(bench);
    for (int p = bench->phase_begin; p < bench->phase_end; p++)
        if (bench_model_phase(bench, p, err) < 0)
            return -1;
    bench_report_add(report, "activations", (double)bench->activations / 1e9, "GB",
                     "beyond weights, gradients and moments");
    return 0;
}

static int measure_model(struct dist *dist, const void *context, struct error *err)
{
    struct bench_model bench = {.arguments = context, .dist = dist};
    packed_batch_init(&bench.batch);
    int status = dist_agree(dist, open_bench(&bench, err), err);
    if (status == 0) {
        const bool silent = dist_rank(dist) != 0; /* collects, and drops it */
        bench_report_begin(&bench.report, "model", bench.threads, bench.arguments->json || silent);
        status = dist_agree(dist, measure(&bench, err), err);
        if (status < 0 || silent)
            bench_report_drop(&bench.report);
        else
            bench_report_end(&bench.report);
    }
    const size_t bytes = bench.table ? bench.table->size * sizeof(real) : 0;
    optimizer_free(bench.optimizer);
    memory_big_free(bench.params, bytes);
    memory_big_free(bench.grads, bytes);
    memory_big_free(bench.shard_grads, bench.shard * sizeof(real));
    packed_batch_release(&bench.batch);
    bert_free(bench.bert);
    corpora_close(&bench.corpora);
    return status;
}

const struct command command_bench_model = {
    .name = "model",
    .summary = "a training step: matrix products, forward, backward, optimizer",
    .description =
        "Measures what a training step of this configuration is made of: the peaks of the cores, "
        "memory bandwidth, every matrix product, and for each phase's sequence length a micro-batch "
        "forward and backward, its parts, the optimizer and a whole step of the phase's global "
        "batch. Sequences are of full length and made up, or with --samples come from data.corpus. "
        "Computes in train.compute_type, and shares of peak are of the peak of that type. They "
        "count useful operations only: no padding, nothing the loss does not need, nothing done "
        "twice.",
    .examples = "lambert bench model configs/bert-base-512.ini\n"
                "lambert bench model configs/bert-base-512.ini train.compute_type=bfloat16\n"
                "lambert bench model configs/bert-large-512.ini model.num_hidden_layers=4\n",
    .options = model_options,
    COMMAND_ARGUMENTS(struct bench_model_arguments, .repeat = 5),
    .run_on_ranks = measure_model};
