#include <inttypes.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#include "artificial_corpus.h"
#include "bench_tools.h"
#include "lambert/base/clock.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/base/progress.h"
#include "lambert/base/temporary_folder.h"
#include "lambert/config/config.h"
#include "lambert/kernels/cpu.h"
#include "lambert/kernels/kernels.h"
#include "lambert/model/bert.h"
#include "lambert/run/options.h"
#include "lambert/sample/sampler.h"

static const double tokens_per_sentence = 20.8;
enum { SHARD_DOCUMENTS = 7000, REPEAT = 5, SLICE = 64 };

struct store_arguments {
    long long documents, samples;
    double sentences_per_document;
    const char *folder;
    bool json;
};

static const struct command_option store_options[] = {
    {.name = "documents",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct store_arguments, documents),
     .min = 2,
     .max = UINT32_MAX,
     .metavar = "N",
     .help = "of the corpus"},
    {.name = "sentences-per-document",
     .kind = OPTION_REAL,
     OPTION_PLACE(struct store_arguments, sentences_per_document),
     .real_min = 1,
     .real_max = 1000,
     .metavar = "X",
     .help = "their mean, about"},
    {.name = "samples",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct store_arguments, samples),
     .min = 1,
     .max = 10000000,
     .metavar = "N",
     .help = "to make at each length"},
    {.name = "folder",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct store_arguments, folder),
     .metavar = "DIR",
     .completion = COMPLETE_FOLDERS,
     .standard = "TMPDIR, or /tmp",
     .help = "where the temporary folder is made"},
    BENCH_JSON(struct store_arguments),
    {0}};

/* What all measurements see. */
struct store_bench {
    const struct store_arguments *arguments;
    struct bench_report report;
    int threads;
    double peak, peak_one; /* operations a second of all threads, of one */
    struct vocabulary *vocabulary;
    struct config config; /* the defaults: BERT-Base */
    char *folder;
    char **paths; /* [shards] */
    int shards;
    struct document_store *store;
};

/* --- the store -------------------------------------------------------------------------------- */

static int make_store(struct store_bench *bench, struct error *err)
{
    const struct store_arguments *arguments = bench->arguments;
    const struct artificial_corpus corpus = {.documents = (uint64_t)arguments->documents,
                                             .sentences_per_document =
                                                 arguments->sentences_per_document,
                                             .tokens_per_sentence = tokens_per_sentence,
                                             .shard_documents = SHARD_DOCUMENTS};
    double started = clock_seconds();
    if (temporary_folder_make(&bench->folder, arguments->folder, "lambert-bench", err) < 0)
        return -1;
    log_info("the corpus goes to %s", bench->folder);
    if (artificial_corpus_write(&corpus, bench->vocabulary, bench->folder, &bench->paths,
                                &bench->shards, err) < 0)
        return -1;
    bench_report_add(&bench->report, "generate", clock_seconds() - started, "s",
                     "all threads, not part of any goal");
    return 0;
}

static int open_store(void *context, struct error *err)
{
    struct store_bench *bench = context;
    document_store_close(bench->store);
    bench->store = NULL;
    return document_store_open(&bench->store, bench->paths, bench->shards,
                               vocabulary_hash(bench->vocabulary),
                               vocabulary_size(bench->vocabulary), err);
}

static int check_index(void *context, struct error *err)
{
    struct store_bench *bench = context;
    return document_store_check_index(bench->store, err);
}

static int measure_index(struct store_bench *bench, struct error *err)
{
    struct bench_report *report = &bench->report;
    double seconds;
    if (bench_time(open_store, bench, REPEAT, &seconds, err) < 0)
        return -1;
    const struct document_store *store = bench->store;
    uint64_t bytes = 0;
    for (int i = 0; i < bench->shards; i++)
        bytes += document_store_shard(store, i).bytes;
    bench_report_add(report, "documents", (double)document_store_documents(store), "", NULL);
    bench_report_add(report, "sentences", (double)document_store_sentences(store), "", NULL);
    bench_report_add(report, "tokens", (double)document_store_tokens(store), "", NULL);
    bench_report_add(report, "shards", bench->shards, "", NULL);
    bench_report_add(report, "size", (double)bytes / 1e9, "GB", NULL);
    bench_report_add(report, "open", seconds, "s", "from the page cache");
    if (bench_time(check_index, bench, REPEAT, &seconds, err) < 0)
        return -1;
    bench_report_add(report, "check-index", seconds, "s", "all threads");
    omp_set_num_threads(1);
    int status = bench_time(check_index, bench, 1, &seconds, err);
    omp_set_num_threads(bench->threads);
    if (status < 0)
        return -1;
    bench_report_add(report, "check-index-one-thread", seconds, "s", NULL);
    return 0;
}

/* --- samples ---------------------------------------------------------------------------------- */

/* Seconds a sample, and the model's operations a sample. */
struct sample_cost {
    double plan, fill;
    double operations;
};

/* The first samples of an epoch lie anywhere in the corpus. */
static int measure_fill(struct store_bench *bench, struct sampler *sampler, uint64_t count,
                        struct sample_cost *cost, struct error *err)
{
    const struct bert_config model =
        bert_config_of(&bench->config, vocabulary_size(bench->vocabulary));
    struct sample_plan *plans = memory_new(count, sizeof *plans);
    struct packed_batch batch;
    int status = 0;
    *cost = (struct sample_cost){0};
    packed_batch_init(&batch);
    sampler_plan(sampler, 0, &plans[0], NULL); /* goes back to epoch 0, which plans it again */
    double started = clock_seconds();
    for (uint64_t i = 0; i < count; i++)
        sampler_plan(sampler, i, &plans[i], NULL);
    cost->plan = (clock_seconds() - started) / (double)count;
    for (uint64_t first = 0; first < count && status == 0; first += SLICE) {
        packed_batch_reset(&batch);
        started = clock_seconds();
        for (uint64_t i = first; i < count && i < first + SLICE && status == 0; i++)
            status = sampler_fill(sampler, &plans[i], &batch, err);
        cost->fill += (clock_seconds() - started) / (double)count;
        cost->operations += bert_operations(&model, &batch) / (double)count;
    }
    packed_batch_release(&batch);
    free(plans);
    return status;
}

static int measure_samples(struct store_bench *bench, int length, struct error *err)
{
    struct bench_report *report = &bench->report;
    struct sampler_options options = sampler_options_of(&bench->config, 0);
    struct sampler *sampler;
    struct sample_cost cost;
    options.sequence_length = length;
    options.max_predictions = length == 128 ? 20 : 80; /* Google's for these lengths */
    double started = clock_seconds();
    if (sampler_new(&sampler, bench->store, bench->vocabulary, &options, err) < 0)
        return -1;
    bench_report_add_at(report, length, "sampler", clock_seconds() - started, "s",
                        "new, with the index checked");

    /* Epoch 0 wakes the threads and has the marks' memory; the others are timed. */
    const uint64_t samples = sampler_epoch_samples(sampler, 0);
    started = clock_seconds();
    sampler_epoch_samples(sampler, 1);
    const double all = clock_seconds() - started;
    sampler_set_parallel(sampler, false);
    started = clock_seconds();
    sampler_epoch_samples(sampler, 2);
    const double one = clock_seconds() - started;
    bench_report_add_at(report, length, "samples", (double)samples, "", "in an epoch");
    bench_report_add_at(report, length, "plan-epoch", all, "s", "all threads");
    bench_report_add_at(report, length, "plan-epoch-one-thread", one, "s", NULL);

    const uint64_t count = min_u64(samples, (uint64_t)bench->arguments->samples);
    int status = measure_fill(bench, sampler, count, &cost, err);
    sampler_free(sampler);
    if (status < 0)
        return -1;
    const double ours = cost.plan + cost.fill, step = cost.operations / bench->peak;
    bench_report_add_at(report, length, "plan-sample", 1e6 * cost.plan, "us", "one thread");
    bench_report_add_at(report, length, "fill-sample", 1e6 * cost.fill, "us",
                        "one thread, blocks not cached");
    bench_report_add_at(report, length, "step-sample", 1e6 * step, "us",
                        "BERT-Base's arithmetic at the peak of all threads");
    bench_report_add_at(report, length, "share-of-step", 100 * ours / step, "%", "goal: below 1");
    bench_report_add_at(report, length, "cores-fed", cost.operations / bench->peak_one / ours,
                        "cores", "that one sampling thread keeps busy, at their peak");
    return 0;
}

/* --- memory ----------------------------------------------------------------------------------- */

/* A line of /proc/self/status, in MB; 0 where there is none. */
static double status_megabytes(const char *format)
{
    FILE *file = fopen("/proc/self/status", "r");
    char line[256];
    double kilobytes = 0;
    while (file && fgets(line, sizeof line, file) && sscanf(line, format, &kilobytes) != 1)
        ;
    if (file)
        fclose(file);
    return kilobytes / 1e3;
}

/* --- all -------------------------------------------------------------------------------------- */

static int measure_store(const void *context, struct error *err)
{
    struct store_bench bench = {.arguments = context, .threads = omp_get_max_threads()};
    struct bench_report *report = &bench.report;
    int status = -1;
    bench.vocabulary = artificial_vocabulary();
    config_defaults(&bench.config);
    bench_report_begin(report, "store", bench.threads, bench.arguments->json);
    if (kernels_select(err) < 0)
        goto done;
    bench.peak = cpu_peak_flops(TYPE_FLOAT32, bench.threads);
    bench.peak_one = cpu_peak_flops(TYPE_FLOAT32, 1);
    if (make_store(&bench, err) < 0 || measure_index(&bench, err) < 0 ||
        measure_samples(&bench, 128, err) < 0 || measure_samples(&bench, 512, err) < 0)
        goto done;
    bench_report_add(report, "peak", bench.peak / 1e9, "GFLOP/s", "of fused multiply-adds");
    bench_report_add(report, "peak-memory", status_megabytes("VmHWM: %lf"), "MB",
                     "with the pages of mapped shards that the system can take back");
    bench_report_add(report, "memory", status_megabytes("RssAnon: %lf"), "MB",
                     "without these, at the end");
    status = 0;
done:
    document_store_close(bench.store);
    artificial_corpus_free_paths(bench.paths, bench.shards);
    temporary_folder_remove(bench.folder);
    vocabulary_free(bench.vocabulary);
    if (status < 0)
        bench_report_drop(report);
    else
        bench_report_end(report);
    return status;
}

const struct command command_bench_store = {
    .name = "store",
    .summary = "a corpus index of Wikipedia's size: opening it, planning and reading samples",
    .description =
        "Makes an artificial corpus of Wikipedia's size (7 million documents, about 130 million "
        "sentences and 2.7 billion tokens: 4.5 GB in a temporary folder, removed at the end; a "
        "minute or two on 2 cores) and measures what training asks of it: opening it, checking its "
        "index, planning an epoch, and making samples from a cold cache; and which part that is of a "
        "BERT-Base step, were the step done at the measured peak of this machine's arithmetic.",
    .examples = "lambert bench store\n"
                "lambert bench store --documents 100000\n",
    .options = store_options,
    COMMAND_ARGUMENTS(struct store_arguments, .documents = 7000000, .samples = 20000,
                      .sentences_per_document = 18.6),
    .run = measure_store};
