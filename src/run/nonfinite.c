#include "nonfinite.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "lambert/base/log.h"
#include "run_log.h"

enum { MOST_SKIPS = 10 }; /* in a row: such a run does not recover */

void nonfinite_describe(const struct step_report *report, const struct param_table *table,
                        struct buffer *text)
{
    const struct optimizer_report *gradient = &report->gradient;
    const struct nonfinite_loss *loss = &report->nonfinite;
    if (gradient->culprit < 0)
        buffer_print(text, "the loss is not finite, though the gradient is");
    else if (isfinite(gradient->gradient_norm))
        buffer_print(text, "the gradient is too long to compute with (%g), first in tensor %s",
                     gradient->gradient_norm, table->infos[gradient->culprit].name);
    else
        buffer_print(text, "the gradient is not finite, first in tensor %s",
                     table->infos[gradient->culprit].name);
    if (loss->sequences > 0)
        buffer_print(text,
                     "; the first loss that is not finite is in the micro-batch of rank %d that "
                     "begins with sample %" PRIu64 " (sequences: %d)",
                     loss->rank, loss->sample, loss->sequences);
    else
        buffer_print(text, "; all losses are finite");
    for (int o = 0; o < report->objectives.count; o++) {
        char label[OBJECTIVE_LABEL];
        double mean = report->sums[o].loss / fmax(report->sums[o].terms, 1);
        objective_label(report->objectives.rows[o], label);
        buffer_print(text, "%s%s loss %g", o == 0 ? " (" : ", ", label,
                     fabs(mean)); /* no loss is below 0: fabs() is for the sign of NaN */
    }
    buffer_print(text, ")");
}

int nonfinite_step(struct run *run, const struct step_report *report, struct error *err)
{
    const bool skipping = run->config->train.on_nonfinite == NONFINITE_SKIP;
    const char *phase = run->config->phases[run->state.phase].name;
    struct buffer what = {0};
    char row[64] = "";
    int status = 0;
    run->skips_in_a_row++;
    buffer_print(&what, "step %" PRId64 " of phase %s: ", run->state.phase_step + 1, phase);
    nonfinite_describe(report, trainer_params(run->trainer), &what);
    if (skipping)
        snprintf(row, sizeof row, " That was the %dth such step in a row.", MOST_SKIPS);
    if (nonfinite_check_state(run, err) < 0)
        /* Where an overflow made the weights themselves infinite, no sample is to blame. */
        status = error_prefix(err, "%s", buffer_text(&what));
    else if (!skipping || run->skips_in_a_row == MOST_SKIPS)
        status = error_set(
            err,
            "%s.%s It did not reach the weights, and no checkpoint was written. Lower the "
            "learning rate, lengthen the warm-up, or clip the gradient "
            "(optimizer.max_grad_norm), and go on from the last checkpoint: "
            "phase.%s.learning_rate=... --resume --accept phase.%s.learning_rate%s",
            buffer_text(&what), row, phase, phase,
            skipping ? "" : "; or pass over such steps with train.on_nonfinite=skip");
    else if (dist_rank(run->dist) == 0)
        log_warning("%s; skipped, %d in a row (the run ends at %d)", buffer_text(&what),
                    run->skips_in_a_row, MOST_SKIPS);
    buffer_release(&what);
    return status;
}

int nonfinite_check_state(struct run *run, struct error *err)
{
    if (trainer_is_finite(run->trainer))
        return 0;
    return error_set(err,
                     "weights or moments are no longer finite after step %" PRId64
                     ": an update overflowed. No checkpoint was written; lower the learning rate "
                     "and go on from the last checkpoint with --resume --accept",
                     run->state.total_steps);
}
