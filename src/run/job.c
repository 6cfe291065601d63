#include "job.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/kernels/cpu.h"
#include "lambert/kernels/gemm.h"
#include "lambert/run/options.h"
#include "memory_plan.h"

/* Says what this rank and its machine will hold before it is taken. */
static int plan_memory(const struct job *job, const struct param_table *table,
                       const struct bert_capacity *capacity, int threads, struct error *err)
{
    struct optimizer_options options = optimizer_options_of(job->config);
    struct param_sync_options param_sync =
        param_sync_options_of(job->config, &job->bert_config, capacity);
    int rank = dist_rank(job->dist);
    struct memory_plan plan = {
        .param_sync = param_sync_memory(&job->sharding, rank, &param_sync),
        .moments = optimizer_memory(table, &job->sharding, rank, &options),
        .activations = bert_memory(&job->bert_config, capacity),
        .products = gemm_memory(threads),
        .corpus_cache = (size_t)job->config->data.cache_megabytes << 20,
    };
    log_info("model: %d layers, hidden %d, %d heads, vocabulary %d: %zu tensors, %.2f million "
             "weights",
             job->bert_config.layers, job->bert_config.hidden, job->bert_config.heads,
             job->bert_config.vocab, (size_t)table->count, (double)table->weights / 1e6);
    return memory_plan_check(&plan, job->dist, err);
}

/* This rank's own part. */
static int allocate(struct job *job, const struct bert_capacity *capacity, struct error *err)
{
    struct optimizer_options options = optimizer_options_of(job->config);
    if (bert_new(&job->bert, &job->bert_config, capacity, err) < 0)
        return -1;
    job->table = bert_params(job->bert);
    if (job->config->train.report_every > 0)
        job->tensors = memory_new((size_t)job->table->count, sizeof *job->tensors);
    packed_batch_reserve(&job->micro, capacity->sequences, capacity->tokens, capacity->masked);
    return optimizer_new(&job->optimizer, job->table, &job->sharding, dist_rank(job->dist),
                         &options, err);
}

/* Collective. */
static int plan_and_allocate(struct job *job, int threads, struct error *err)
{
    struct bert_capacity capacity = capacity_of(job->config);
    for (int c = 0; c < job->corpora.count; c++)
        capacity_widen(&capacity, job->corpora.opened[c]);
    struct stages stages = dist_stages(job->dist, STAGES_SPLIT);
    struct param_sync_options param_sync =
        param_sync_options_of(job->config, &job->bert_config, &capacity);
    struct param_table table;
    param_table_init(&table, &job->bert_config);
    sharding_init_staged(&job->sharding, table.size, sharding_bucket(&stages), OPTIMIZER_UNIT,
                         &stages);
    int status = plan_memory(job, &table, &capacity, threads, err);
    param_table_release(&table);
    if (status < 0 || dist_agree(job->dist, allocate(job, &capacity, err), err) < 0)
        return -1;
    return param_sync_init(&job->param_sync, job->dist, &job->sharding, &param_sync, err);
}

/* The ranks of a node share an array: one of them writes it. */
static void initialise_weights(struct job *job)
{
    const struct config *config = job->config;
    if (!job->param_sync.shares || dist_local_rank(job->dist) == 0)
        param_table_initialise(job->table, config->model.initializer_range,
                               (uint64_t)config->run.seed, job->param_sync.weights);
    dist_barrier(job->dist);
}

/* What every checkpoint of this run carries besides numbers. */
static void describe(struct job *job)
{
    const struct corpus *corpus = corpora_of(&job->corpora, 0);
    const struct vocabulary *vocabulary = corpus_vocabulary(corpus);
    struct buffer text = {0};
    size_t size;
    config_print(job->config, true, &text);
    job->meta.config = memory_copy_text(buffer_text(&text));
    buffer_release(&text);
    const char *bytes = vocabulary_text(vocabulary, &size);
    job->meta.vocabulary = memory_new(size + 1, 1);
    memcpy(job->meta.vocabulary, bytes, size);
    job->meta.vocabulary_size = size;
    job->state.corpus_hash = corpora_hash(&job->corpora);
    job->state.vocabulary_hash = vocabulary_hash(vocabulary);
    job->state.lower_case = corpus_lower_case(corpus);
}

static int open_corpora(struct job *job, struct error *err)
{
    if (corpora_open(&job->corpora, job->config, err) < 0)
        return -1;
    const struct vocabulary *vocabulary = corpus_vocabulary(corpora_of(&job->corpora, 0));
    job->bert_config = bert_config_of(job->config, vocabulary_size(vocabulary));
    describe(job);
    return 0;
}

static int divide_nodes(struct dist *dist, int ranks, struct error *err)
{
    if (ranks == 0)
        return 0;
    if (dist_divide_nodes(dist, ranks)) {
        log_info("divided into %d nodes of %d rank(s)", dist_nodes(dist), ranks);
        return 0;
    }
    return error_set(
        err,
        "train.ranks_per_node (%d) does not divide the ranks of each machine (rank %d's "
        "has %d); choose a divisor, or 0",
        ranks, dist_rank(dist), dist_machine_size(dist));
}

int job_init(struct job *job, struct dist *dist, const struct config *config, int threads,
             struct error *err)
{
    *job = (struct job){.dist = dist, .config = config, .lock = -1};
    packed_batch_init(&job->micro);
    balance_init(&job->balance, dist_size(dist));
    if (dist_agree(dist, open_corpora(job, err), err) < 0 ||
        dist_same(dist, "the corpus", job->state.corpus_hash, err) < 0)
        return -1;
    if (divide_nodes(dist, config->train.ranks_per_node, err) < 0 ||
        plan_and_allocate(job, threads, err) < 0)
        return -1;
    initialise_weights(job);
    job->peak = cpu_peak_flops(threads);
    dist_sum_double(dist, &job->peak, 1);
    return 0;
}

struct checkpoint_arrays job_arrays(struct job *job)
{
    return (struct checkpoint_arrays){.dist = job->dist,
                                      .table = job->table,
                                      .sharding = &job->sharding,
                                      .weights = job->param_sync.weights,
                                      .optimizer = job->optimizer,
                                      .scratch = job->param_sync.grads};
}

void job_release(struct job *job)
{
    metrics_close(&job->metrics);
    if (job->lock >= 0)
        close(job->lock);
    checkpoint_meta_release(&job->meta);
    optimizer_free(job->optimizer);
    param_sync_release(&job->param_sync);
    packed_batch_release(&job->micro);
    balance_release(&job->balance);
    free(job->tensors);
    bert_free(job->bert);
    corpora_close(&job->corpora);
}
