#include <math.h>
#include <string.h>

#include "job.h"
#include "lambert/kernels/parallel.h"
#include "lambert/base/place.h"
#include "lambert/train/options.h"

/* Terms of the global batch's losses: masked tokens, and sequences with an NSP label. */
struct denominators {
    double masked, labelled;
};

static struct denominators count_terms(const struct dist *dist, const struct packed_batch *share)
{
    double counts[2] = {share->masked, 0};
    for (int n = 0; n < share->sequences; n++)
        counts[1] += share->next_sentence_label[n] >= 0;
    dist_sum_double(dist, counts, 2);
    return (struct denominators){.masked = counts[0], .labelled = counts[1]};
}

/* Gradient of this rank's share, in units of the global batch's mean losses: job->grads. */
static void accumulate_gradient(struct job *job, const struct packed_batch *share,
                                struct denominators terms, struct step_metrics *metrics,
                                struct nonfinite *nonfinite)
{
    double mlm_scale = terms.masked > 0 ? 1 / terms.masked : 0;
    double nsp_scale = terms.labelled > 0 ? 1 / terms.labelled : 0;
    int budget = capacity_of(job->config).tokens;
    array_clear(job->grads, job->table->size);
    for (int first = 0; first < share->sequences;) {
        int count = packed_batch_fit(share, first, budget);
        packed_batch_slice(share, first, count, &job->micro);
        bert_train(job->bert, job->params, &job->micro, mlm_scale, nsp_scale, job->grads,
                   &metrics->sums);
        nonfinite_note(nonfinite, &job->micro, &metrics->sums);
        metrics->operations += bert_operations(&job->bert_config, &job->micro);
        first += count;
    }
}

/* This rank's sums become those of the job. */
static void sum_metrics(const struct dist *dist, const struct packed_batch *share,
                        struct step_metrics *metrics)
{
    struct bert_sums *sums = &metrics->sums;
    double all[] = {sums->mlm_loss,      sums->nsp_loss,   sums->mlm_correct,
                    sums->nsp_correct,   sums->masked,     sums->sequences,
                    metrics->operations, share->sequences, share->tokens};
    dist_sum_double(dist, all, (int)(sizeof all / sizeof *all));
    *sums = (struct bert_sums){.mlm_loss = all[0],
                               .nsp_loss = all[1],
                               .mlm_correct = all[2],
                               .nsp_correct = all[3],
                               .masked = all[4],
                               .sequences = all[5]};
    metrics->operations = all[6];
    metrics->sequences = (uint64_t)all[7];
    metrics->tokens = (uint64_t)all[8];
}

/* The optimizer's part, which a loss that is not finite keeps out. */
static void update(struct job *job, double rate, struct step_metrics *metrics)
{
    bool finite = isfinite(metrics->sums.mlm_loss) && isfinite(metrics->sums.nsp_loss);
    if (finite)
        optimizer_step(job->optimizer, job->dist, rate, job->shard_grads, job->params,
                       &metrics->report, metrics->tensors);
    else
        optimizer_measure(job->optimizer, job->dist, job->shard_grads, &metrics->report);
    metrics->updated = finite && metrics->report.finite;
}

void job_gradient(struct job *job, const struct packed_batch *share, struct step_metrics *metrics,
                  struct nonfinite *nonfinite)
{
    place_at("counting masked tokens", -1);
    struct denominators terms = count_terms(job->dist, share);
    *nonfinite = (struct nonfinite){0};
    accumulate_gradient(job, share, terms, metrics, nonfinite);
    place_at("reducing gradients", -1);
    shard_reduce(job->dist, &job->sharding, job->grads, job->shard_grads);
    place_at("adding up losses", -1);
    sum_metrics(job->dist, share, metrics);
}

void job_step(struct job *job, const struct packed_batch *share, double rate,
              struct step_metrics *metrics, struct nonfinite *nonfinite)
{
    job_gradient(job, share, metrics, nonfinite);
    place_at("updating weights", -1);
    update(job, rate, metrics);
    place_at(metrics->updated ? "gathering weights" : "finding what is not finite", -1);
    if (metrics->updated)
        shard_gather(job->dist, &job->sharding, job->params);
    else
        nonfinite_agree(nonfinite, job->dist);
    metrics->rate = rate;
    metrics->peak = job->peak;
}
