#include "job.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/kernels/cpu.h"
#include "lambert/train/options.h"

static double megabytes(size_t bytes)
{
    return (double)bytes / 1e6;
}

/* Says what this rank will hold before it takes it. */
static void announce_memory(const struct job *job, size_t weights, size_t shard, size_t moments,
                            size_t activations)
{
    log_info("memory a rank: weights %.0f MB, gradients %.0f MB, reduced shard %.0f MB, moments "
             "%.0f MB, activations %.0f MB, corpus cache %d MB: %.0f MB in all",
             megabytes(weights), megabytes(weights), megabytes(shard), megabytes(moments),
             megabytes(activations), job->config->data.cache_megabytes,
             megabytes(2 * weights + shard + moments + activations) +
                 job->config->data.cache_megabytes);
}

static int allocate(struct job *job, struct error *err)
{
    struct bert_capacity capacity = capacity_of(job->config);
    for (int c = 0; c < job->corpora.count; c++)
        capacity_widen(&capacity, job->corpora.opened[c]);
    struct optimizer_options options = optimizer_options_of(job->config);
    struct param_table table;
    int rank = dist_rank(job->dist);
    param_table_init(&table, &job->bert_config);
    sharding_init(&job->sharding, table.size, SHARDING_BUCKET, dist_size(job->dist));
    size_t weights = table.size * sizeof(real);
    size_t shard = sharding_count(&job->sharding, rank) * sizeof(real);
    announce_memory(job, weights, shard, optimizer_memory(&table, &job->sharding, rank, &options),
                    bert_memory(&job->bert_config, &capacity));
    log_info("model: %d layers, hidden %d, %d heads, vocabulary %d: %zu tensors, %.2f million "
             "weights",
             job->bert_config.layers, job->bert_config.hidden, job->bert_config.heads,
             job->bert_config.vocab, (size_t)table.count, (double)table.weights / 1e6);
    param_table_release(&table);

    if (bert_new(&job->bert, &job->bert_config, &capacity, err) < 0)
        return -1;
    job->table = bert_params(job->bert);
    if (memory_big((void **)&job->params, weights, "weights", err) < 0 ||
        memory_big((void **)&job->grads, weights, "gradients", err) < 0 ||
        memory_big((void **)&job->shard_grads, shard, "reduced gradients", err) < 0)
        return -1;
    if (job->config->train.report_every > 0)
        job->tensors = memory_new((size_t)job->table->count, sizeof *job->tensors);
    packed_batch_reserve(&job->micro, capacity.sequences, capacity.tokens, capacity.masked);
    return optimizer_new(&job->optimizer, job->table, &job->sharding, rank, &options, err);
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

int job_init(struct job *job, struct dist *dist, const struct config *config, int threads,
             struct error *err)
{
    *job = (struct job){.dist = dist, .config = config, .lock = -1};
    packed_batch_init(&job->micro);
    balance_init(&job->balance, dist_size(dist));
    if (dist_agree(dist, open_corpora(job, err), err) < 0 ||
        dist_same(dist, "the corpus", job->state.corpus_hash, err) < 0)
        return -1;
    if (dist_agree(dist, allocate(job, err), err) < 0)
        return -1;
    param_table_initialise(job->table, config->model.initializer_range, (uint64_t)config->run.seed,
                           job->params);
    job->peak = cpu_peak_flops(threads);
    dist_sum_double(dist, &job->peak, 1);
    return 0;
}

void job_release(struct job *job)
{
    size_t weights = job->table ? job->table->size * sizeof(real) : 0;
    size_t shard =
        job->table ? sharding_count(&job->sharding, dist_rank(job->dist)) * sizeof(real) : 0;
    metrics_close(&job->metrics);
    if (job->lock >= 0)
        close(job->lock);
    checkpoint_meta_release(&job->meta);
    optimizer_free(job->optimizer);
    memory_big_free(job->params, weights);
    memory_big_free(job->grads, weights);
    memory_big_free(job->shard_grads, shard);
    packed_batch_release(&job->micro);
    balance_release(&job->balance);
    free(job->tensors);
    bert_free(job->bert);
    corpora_close(&job->corpora);
}
