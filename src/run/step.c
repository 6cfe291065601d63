#include <math.h>

#include "job.h"
#include "lambert/base/activity.h"
#include "lambert/run/options.h"

/* Of each loss in the gradient: one over its terms in the global batch, or 0 where it has none. */
static void find_scales(const struct job *job, const struct packed_batch *share,
                        double scales[PRETRAINING_OBJECTIVES])
{
    bert_count_terms(job->bert, share, scales);
    dist_sum_double(job->dist, scales, PRETRAINING_OBJECTIVES);
    for (int o = 0; o < PRETRAINING_OBJECTIVES; o++)
        scales[o] = scales[o] > 0 ? 1 / scales[o] : 0;
}

/* Sequences of the share from `first` on that are computed together. */
static int micro_batch_fit(const struct job *job, const struct batch *batch, int first)
{
    return batch->group > 0
               ? batch_group_fit(batch, first)
               : packed_batch_fit(batch->share, first, capacity_of(job->config).tokens);
}

/* Adds the gradient of a micro-batch, in units of the global batch's mean losses. */
static void add_gradient(struct job *job, const double *scales, bool last,
                         struct step_metrics *metrics)
{
    param_sync_watch(&job->param_sync, job->bert, &job->micro, last);
    bert_train(job->bert, job->param_sync.weights, &job->micro, scales, job->param_sync.grads,
               metrics->sums);
    param_sync_unwatch(&job->param_sync, job->bert);
    metrics->operations += bert_operations(&job->bert_config, &job->micro);
}

/* The gradient of this rank's share; what is complete of it is sent off at once. */
static void accumulate_gradient(struct job *job, const struct batch *batch, const double *scales,
                                struct step_metrics *metrics, struct nonfinite *nonfinite)
{
    param_sync_start(&job->param_sync, batch_groups(batch));
    for (int first = 0; first < batch->share->sequences;) {
        int count = micro_batch_fit(job, batch, first);
        packed_batch_slice(batch->share, first, count, &job->micro);
        first += count;
        add_gradient(job, scales, first == batch->share->sequences, metrics);
        nonfinite_note(nonfinite, &job->micro, metrics->sums);
    }
}

/* This rank's sums become those of the job. */
static void sum_metrics(struct job *job, const struct packed_batch *share,
                        struct step_metrics *metrics)
{
    struct objective_sums *mlm = &metrics->sums[PRETRAINING_MLM];
    struct objective_sums *nsp = &metrics->sums[PRETRAINING_NSP];
    struct exchange_report report = param_sync_report(&job->param_sync);
    double all[] = {mlm->loss,           nsp->loss,           mlm->correct,
                    nsp->correct,        mlm->terms,          nsp->terms,
                    metrics->operations, share->sequences,    share->tokens,
                    report.wait_seconds, report.work_seconds, (double)report.bytes_sent};
    dist_sum_double(job->dist, all, (int)(sizeof all / sizeof *all));
    *mlm = (struct objective_sums){.loss = all[0], .correct = all[2], .terms = all[4]};
    *nsp = (struct objective_sums){.loss = all[1], .correct = all[3], .terms = all[5]};
    metrics->operations = all[6];
    metrics->sequences = (uint64_t)all[7];
    metrics->tokens = (uint64_t)all[8];
    metrics->waited = all[9] / dist_size(job->dist);
    metrics->exchanged = metrics->waited + all[10] / dist_size(job->dist);
    metrics->bytes_sent = all[11];
}

/* The optimizer's part, which a loss that is not finite keeps out. */
static void update(struct job *job, double rate, struct step_metrics *metrics)
{
    bool finite = isfinite(metrics->sums[PRETRAINING_MLM].loss) &&
                  isfinite(metrics->sums[PRETRAINING_NSP].loss);
    struct param_sync *param_sync = &job->param_sync;
    param_sync_own_weights(param_sync);
    if (finite)
        optimizer_step(job->optimizer, job->dist, rate, param_sync->shard_grads,
                       param_sync->weights, &metrics->report, metrics->tensors);
    else
        optimizer_measure(job->optimizer, job->dist, param_sync->shard_grads, &metrics->report);
    metrics->updated = finite && metrics->report.finite;
}

void job_gradient(struct job *job, const struct batch *batch, struct step_metrics *metrics,
                  struct nonfinite *nonfinite)
{
    activity_at("counting masked tokens", -1);
    double scales[PRETRAINING_OBJECTIVES];
    find_scales(job, batch->share, scales);
    *nonfinite = (struct nonfinite){0};
    accumulate_gradient(job, batch, scales, metrics, nonfinite);
    activity_at("reducing gradients", -1);
    param_sync_reduced(&job->param_sync);
    activity_at("adding up losses", -1);
    sum_metrics(job, batch->share, metrics);
}

void job_step(struct job *job, const struct batch *batch, double rate, struct step_metrics *metrics,
              struct nonfinite *nonfinite)
{
    job_gradient(job, batch, metrics, nonfinite);
    activity_at("updating weights", -1);
    update(job, rate, metrics);
    activity_at(metrics->updated ? "gathering weights" : "finding what is not finite", -1);
    if (metrics->updated) {
        param_sync_share_weights(&job->param_sync);
    } else {
        param_sync_keep_weights(&job->param_sync);
        nonfinite_agree(nonfinite, job->dist);
    }
    metrics->rate = rate;
    metrics->peak = job->peak;
}
