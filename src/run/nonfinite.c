#include "nonfinite.h"

#include <inttypes.h>
#include <math.h>

#include "job.h"
#include "lambert/base/log.h"

enum { MOST_SKIPS = 10 }; /* in a row: such a run does not recover */

void nonfinite_note(struct nonfinite *nonfinite, const struct packed_batch *micro,
                    const struct objective_sums *sums)
{
    if (nonfinite->sequences > 0 ||
        (isfinite(sums[PRETRAINING_MLM].loss) && isfinite(sums[PRETRAINING_NSP].loss)))
        return;
    nonfinite->sequences = micro->sequences;
    nonfinite->sample = micro->sample_index[0];
}

void nonfinite_agree(struct nonfinite *nonfinite, const struct dist *dist)
{
    int ranks = dist_size(dist);
    double from_above = nonfinite->sequences > 0 ? ranks - dist_rank(dist) : 0;
    dist_max_double(dist, &from_above, 1);
    if (from_above == 0)
        return;
    nonfinite->rank = ranks - (int)from_above;
    dist_broadcast(dist, nonfinite->rank, nonfinite, sizeof *nonfinite);
}

static const char *phase_name(const struct job *job)
{
    return job->config->phases[job->state.phase].name;
}

static void describe_gradient(const struct job *job, const struct optimizer_report *report,
                              struct buffer *text)
{
    if (report->culprit < 0)
        buffer_print(text, "the loss is not finite, though the gradient is");
    else if (isfinite(report->gradient_norm))
        buffer_print(text, "the gradient is too long to compute with (%g), first in tensor %s",
                     report->gradient_norm, job->table->infos[report->culprit].name);
    else
        buffer_print(text, "the gradient is not finite, first in tensor %s",
                     job->table->infos[report->culprit].name);
}

/* What happened and where, without a full stop. */
static void describe(const struct job *job, const struct step_metrics *metrics,
                     const struct nonfinite *nonfinite, struct buffer *text)
{
    const struct objective_sums *mlm = &metrics->sums[PRETRAINING_MLM];
    const struct objective_sums *nsp = &metrics->sums[PRETRAINING_NSP];
    buffer_print(text, "step %" PRId64 " of phase %s: ", job->state.phase_step + 1,
                 phase_name(job));
    describe_gradient(job, &metrics->report, text);
    if (nonfinite->sequences > 0)
        buffer_print(text,
                     "; the first loss that is not finite is in the micro-batch of rank %d that "
                     "begins with sample %" PRIu64 " (sequences: %d)",
                     nonfinite->rank, nonfinite->sample, nonfinite->sequences);
    else
        buffer_print(text, "; all losses are finite");
    /* No loss is below 0: fabs() is for the sign of NaN. */
    buffer_print(text, " (MLM loss %g, NSP loss %g)", fabs(mlm->loss) / fmax(mlm->terms, 1),
                 fabs(nsp->loss) / fmax(nsp->terms, 1));
}

static int end_run(const struct job *job, const char *what, bool skipping, struct error *err)
{
    const char *phase = phase_name(job);
    char row[64] = "";
    if (skipping)
        snprintf(row, sizeof row, " That was the %dth such step in a row.", MOST_SKIPS);
    return error_set(err,
                     "%s.%s It did not reach the weights, and no checkpoint was written. Lower the "
                     "learning rate, lengthen the warm-up, or clip the gradient "
                     "(optimizer.max_grad_norm), and go on from the last checkpoint: "
                     "phase.%s.learning_rate=... --resume --accept phase.%s.learning_rate%s",
                     what, row, phase, phase,
                     skipping ? "" : "; or pass over such steps with train.on_nonfinite=skip");
}

int nonfinite_met(struct job *job, const struct step_metrics *metrics,
                  const struct nonfinite *nonfinite, struct error *err)
{
    bool skipping = job->config->train.on_nonfinite == NONFINITE_SKIP;
    struct buffer what = {0};
    /* Where an overflow made the weights themselves infinite, no sample is to blame. */
    int status = nonfinite_check_state(job, err);
    job->skips_in_a_row++;
    describe(job, metrics, nonfinite, &what);
    if (status < 0)
        error_prefix(err, "%s", buffer_text(&what));
    else if (!skipping || job->skips_in_a_row == MOST_SKIPS)
        status = end_run(job, buffer_text(&what), skipping, err);
    else if (dist_rank(job->dist) == 0)
        log_warning("%s; skipped, %d in a row (the run ends at %d)", buffer_text(&what),
                    job->skips_in_a_row, MOST_SKIPS);
    buffer_release(&what);
    return status;
}

int nonfinite_check_state(struct job *job, struct error *err)
{
    if (optimizer_state_finite(job->optimizer, job->dist, job->param_sync.weights))
        return 0;
    return error_set(err,
                     "weights or moments are no longer finite after step %" PRId64
                     ": an update overflowed. No checkpoint was written; lower the learning rate "
                     "and go on from the last checkpoint with --resume --accept",
                     job->state.total_steps);
}
