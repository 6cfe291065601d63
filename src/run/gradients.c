#include "lambert/run/gradients.h"

#include <math.h>
#include <stdlib.h>

#include "job.h"
#include "lambert/base/memory.h"
#include "lambert/run/metrics.h"
#include "lambert/run/options.h"
#include "lambert/run/run.h"
#include "lambert/sample/sampled_batches.h"
#include "lambert/store/safetensors.h"
#include "start.h"

static int find_weights(struct job *job, const char *checkpoint, struct error *err)
{
    const char *path = checkpoint != NULL ? checkpoint : job->config->run.start_from;
    return path[0] != '\0' ? start_weights(job, path, err) : 0;
}

/* The one batch that is asked for. */
static int open_batch(const struct job *job, const struct gradients_request *request,
                      struct sampler **sampler, struct batch_source **source, struct batch *batch,
                      struct error *err)
{
    struct sampler_options options = sampler_options_of(job->config, request->phase);
    struct sampled_batches_options only = {.first_batch = request->batch,
                                           .end_batch = request->batch + 1,
                                           .global_batch =
                                               job->config->phases[request->phase].global_batch,
                                           .group = group_of(job->config, request->phase),
                                           .rank = dist_rank(job->dist),
                                           .ranks = dist_size(job->dist)};
    const struct corpus *corpus = corpora_of(&job->corpora, request->phase);
    if (sampler_new(sampler, corpus_store(corpus, CORPUS_TRAIN), corpus_vocabulary(corpus),
                    &options, err) < 0 ||
        sampled_batches_open(source, *sampler, &only, err) < 0)
        return -1;
    return batch_source_next(*source, batch, err) < 0 ? -1 : 0;
}

/* The whole gradient on every rank, in param_sync.grads. */
static void gather(struct job *job)
{
    const struct param_sync *param_sync = &job->param_sync;
    if (param_sync->shard_grads != param_sync->grads)
        shard_insert(&job->sharding, dist_rank(job->dist), param_sync->shard_grads,
                     param_sync->grads);
    shard_gather(job->dist, &job->sharding, param_sync->grads);
}

static int compute(struct job *job, const struct gradients_request *request,
                   struct step_metrics *metrics, struct error *err)
{
    struct sampler *sampler = NULL;
    struct batch_source *source = NULL;
    struct batch batch;
    struct nonfinite nonfinite;
    int status = open_batch(job, request, &sampler, &source, &batch, err);
    status = dist_agree(job->dist, status, err);
    if (status == 0) {
        job_gradient(job, &batch, metrics, &nonfinite);
        gather(job);
    }
    batch_source_close(source);
    sampler_free(sampler);
    return status;
}

static int write_file(const struct job *job, const char *path, struct error *err)
{
    const struct param_table *table = job->table;
    struct safetensors_entry *entries = memory_new((size_t)table->count, sizeof *entries);
    for (int t = 0; t < table->count; t++) {
        const struct param_info *info = &table->infos[t];
        entries[t] = (struct safetensors_entry){.name = info->name,
                                                .dimensions = info->dimensions,
                                                .shape = {info->shape[0], info->shape[1]},
                                                .values = job->param_sync.grads + info->offset};
    }
    int status = safetensors_write(path, SAFETENSORS_F32, entries, table->count, err);
    free(entries);
    return status;
}

static void summarise(const struct job *job, const struct step_metrics *metrics,
                      struct gradients_summary *summary)
{
    const struct objective_sums *mlm = &metrics->sums[PRETRAINING_MLM];
    const struct objective_sums *nsp = &metrics->sums[PRETRAINING_NSP];
    double squares = kernels->sum_squares(job->param_sync.grads, job->table->size);
    *summary = (struct gradients_summary){.mlm_loss = metrics_mean(mlm->loss, mlm->terms),
                                          .nsp_loss = nsp->loss / fmax(nsp->terms, 1),
                                          .gradient_norm = sqrt(squares),
                                          .sequences = metrics->sequences,
                                          .tokens = metrics->tokens,
                                          .masked = (uint64_t)mlm->terms};
}

int gradients_write(struct dist *dist, const struct gradients_request *request, const char *path,
                    struct gradients_summary *summary, struct error *err)
{
    struct job job;
    struct step_metrics metrics = {0};
    int threads = start_threads(dist, request->config);
    int status = job_init(&job, dist, request->config, threads, err);
    job.state.phase = request->phase;
    if (status == 0)
        status = find_weights(&job, request->checkpoint, err);
    if (status == 0)
        status = compute(&job, request, &metrics, err);
    if (status == 0) {
        summarise(&job, &metrics, summary);
        status = dist_rank(dist) == 0 ? write_file(&job, path, err) : 0;
        status = dist_agree(dist, status, err);
    }
    job_release(&job);
    return status;
}
