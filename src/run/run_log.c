#include "run_log.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "lambert/base/clock.h"
#include "lambert/base/log.h"
#include "lambert/run/run.h"

enum { LOSSES_TEXT = 512, PLACE_TEXT = 96 };

void announce_config(const struct config *config)
{
    struct buffer text = {0};
    config_print(config, false, &text);
    log_info("effective configuration:");
    for (char *line = (char *)buffer_text(&text), *end; (end = strchr(line, '\n')); line = end + 1)
        log_info("%.*s", (int)(end - line), line);
    buffer_release(&text);
}

void objective_label(const struct objective *objective, char label[OBJECTIVE_LABEL])
{
    int i = 0;
    for (; objective->name[i] && i < OBJECTIVE_LABEL - 1; i++)
        label[i] = (char)toupper((unsigned char)objective->name[i]);
    label[i] = '\0';
}

/* The pair of sentences is either the next one or, with data.sentence_pairs = sop, in order. */
static void label_of(const struct run *run, const struct objective *objective,
                     char label[OBJECTIVE_LABEL])
{
    if (objective == &objective_nsp && run->config->data.sampling.sentence_pairs == PAIRS_SOP)
        snprintf(label, OBJECTIVE_LABEL, "SOP");
    else
        objective_label(objective, label);
}

/* "MLM loss 4.1250, accuracy 25.0%; NSP loss 0.6931, accuracy 50.0%"; of an evaluation, in brackets
 * what guessing from frequencies gives. Of ready samples none may have a mask, or a label. */
static void print_losses(const struct run *run, const struct objective_list *objectives,
                         const struct objective_sums *sums, const struct evaluation *evaluation,
                         char text[LOSSES_TEXT])
{
    const char *gap = "";
    size_t length = 0;
    text[0] = '\0';
    for (int o = 0; o < objectives->count; o++) {
        const struct objective *objective = objectives->rows[o];
        const double loss = metrics_mean(sums[o].loss, sums[o].terms);
        const double accuracy = 100 * metrics_mean(sums[o].correct, sums[o].terms);
        const bool masked = objective == &objective_mlm;
        char label[OBJECTIVE_LABEL];
        label_of(run, objective, label);
        if (sums[o].terms == 0 && masked)
            snprintf(text + length, LOSSES_TEXT - length, "%snothing masked", gap);
        else if (sums[o].terms > 0 && masked && evaluation)
            snprintf(text + length, LOSSES_TEXT - length,
                     "%s%s loss %.4f (unigram guess %.4f), accuracy %.1f%% (%.1f%%)", gap, label,
                     loss, evaluation->unigram_loss, accuracy, 100 * evaluation->unigram_accuracy);
        else if (sums[o].terms > 0 && objective->is_distance)
            snprintf(text + length, LOSSES_TEXT - length, "%s%s loss %.4f", gap, label, loss);
        else if (sums[o].terms > 0)
            snprintf(text + length, LOSSES_TEXT - length, "%s%s loss %.4f, accuracy %.1f%%", gap,
                     label, loss, accuracy);
        length = strlen(text);
        gap = length > 0 ? "; " : "";
    }
}

/* "3 h 12 min left", and what of that is the phase's where others follow it; or that the run will not come so far. */
static void print_left(const struct run *run, const struct time_estimate *left, struct buffer *text)
{
    const struct deadline *deadline = &run->deadline;
    const double end = deadline->what ? deadline->at - clock_seconds() : INFINITY;
    char phase[32], all[32], until[32];
    clock_words(left->phase, phase);
    clock_words(left->run, all);
    if (!isfinite(left->phase))
        buffer_print(text, "it goes on until it is told to end");
    else if (!isfinite(left->run))
        buffer_print(text, "%s left of the phase", phase);
    else if (run->state.phase + 1 < run->config->phase_count)
        buffer_print(text, "%s left of the phase, %s of the run", phase, all);
    else
        buffer_print(text, "%s left", all);
    if (end < left->run)
        buffer_print(text, ", but it ends by itself within %s (%s)",
                     clock_words(fmax(end, 0), until), deadline->what);
}

/* "step 12 of 100", or what of its time the phase has had. */
static void print_place(const struct run_state *state, const struct phase_plan *plan,
                        char text[PLACE_TEXT])
{
    char worked[32], all[32];
    if (plan->seconds > 0)
        snprintf(text, PLACE_TEXT, "step %" PRId64 ", %s of %s", state->phase_step,
                 clock_words(state->phase_seconds, worked), clock_words(plan->seconds, all));
    else if (phase_plan_is_counted(plan))
        snprintf(text, PLACE_TEXT, "step %" PRId64 " of %" PRId64, state->phase_step, plan->steps);
    else
        snprintf(text, PLACE_TEXT, "step %" PRId64, state->phase_step);
}

void run_log_step(const struct run *run, const struct phase_plan *plan,
                  const struct step_metrics *step, struct progress *progress)
{
    const struct step_report *report = step->report;
    const struct balance_report *balance = &step->balance;
    const struct objective_sums *first = &report->sums[0];
    const int64_t number = run->state.phase_step;
    const double peak = 100 * report->operations / step->seconds / step->peak;
    const double sequences = (double)report->sequences / step->seconds;
    char losses[LOSSES_TEXT], label[OBJECTIVE_LABEL], place[PLACE_TEXT], late[64] = "";
    struct buffer left = {0};
    if (number == (int64_t)progress->initial + 1 || number % run->config->train.log_every == 0) {
        print_losses(run, &report->objectives, report->sums, NULL, losses);
        print_left(run, &step->left, &left);
        if (balance->late)
            snprintf(late, sizeof late, "; rank %d slowest, %.2f of the mean time",
                     balance->slowest, balance->imbalance);
        print_place(&run->state, plan, place);
        log_info("phase %s, %s: %s; rate %.3g; gradient norm %.3g; "
                 "%.0f sequences/s, %.0f tokens/s, %.0f%% of peak; %s%s",
                 plan->settings->name, place, losses, step->rate, report->gradient.gradient_norm,
                 sequences, (double)report->tokens / step->seconds, peak, buffer_text(&left), late);
        buffer_release(&left);
    }
    label_of(run, report->objectives.rows[0], label);
    if (first->terms > 0 && report->objectives.rows[0]->is_distance)
        progress_update(progress, (double)number, "loss %.4f, %.0f seq/s, %.0f%% of peak",
                        metrics_loss(report), sequences, peak);
    else if (first->terms > 0)
        progress_update(progress, (double)number,
                        "loss %.3f, %s %.1f%%, %.0f seq/s, %.0f%% of peak", metrics_loss(report),
                        label, 100 * first->correct / first->terms, sequences, peak);
    else
        progress_update(progress, (double)number, "nothing masked, %.0f seq/s, %.0f%% of peak",
                        sequences, peak);
}

void run_log_tensors(const struct run *run, const struct tensor_report *tensors)
{
    const struct param_table *table = trainer_params(run->trainer);
    if (dist_rank(run->dist) != 0)
        return;
    for (int t = 0; t < table->count; t++)
        log_debug("step %" PRId64 ", %s: norms of weights %.4g, gradient %.4g, update %.4g; trust "
                  "ratio %.4g",
                  run->state.total_steps, table->infos[t].name, tensors[t].weight_norm,
                  tensors[t].gradient_norm, tensors[t].update_norm, tensors[t].trust_ratio);
}

void run_log_products(const struct config_phase *phase, const struct product_shares *shares)
{
    struct buffer text = {0};
    product_shares_print(shares, &text);
    log_info("phase %s, matrix products: %s", phase->name, buffer_text(&text));
    buffer_release(&text);
}

void run_log_time(const struct time_table *table, const struct time_totals *earlier)
{
    struct buffer text = {0};
    time_table_print(table, earlier, &text);
    for (char *line = (char *)buffer_text(&text), *end; (end = strchr(line, '\n')); line = end + 1)
        log_info("%.*s", (int)(end - line), line);
    buffer_release(&text);
}

void run_log_corpora(const struct run *run, const struct config_phase *phase,
                     const struct progress_list *list)
{
    for (int c = 0; c < list->count; c++)
        log_info("phase %s, step %" PRId64 ", %s: %" PRIu64 " samples, gone through %.4f times",
                 phase->name, run->state.phase_step, list->corpora[c].folder,
                 list->corpora[c].samples, list->corpora[c].epochs);
}

enum { MASKING_TEXT = 64 };

/* ", masked at 15%": where training masks otherwise, so that nobody holds the two losses against each other. */
static void print_masking(const struct evaluation *evaluation, char text[MASKING_TEXT])
{
    text[0] = '\0';
    if (evaluation->masking > 0 && !evaluation->masked_as_trained)
        snprintf(text, MASKING_TEXT, ", masked at %.4g%%", 100 * evaluation->masking);
}

void run_log_evaluation(const struct run *run, const struct config_phase *phase,
                        const struct evaluation *evaluation)
{
    char losses[LOSSES_TEXT], masking[MASKING_TEXT];
    for (int c = 0; c < evaluation->corpus_count; c++) {
        const struct corpus_evaluation *corpus = &evaluation->corpora[c];
        print_losses(run, &corpus->own.objectives, corpus->own.sums, &corpus->own, losses);
        log_info("step %" PRId64 ", held-out of %s: %s; %" PRIu64 " sequences",
                 run->state.total_steps, corpus->folder, losses, corpus->own.sequences);
    }
    print_losses(run, &evaluation->objectives, evaluation->sums, evaluation, losses);
    print_masking(evaluation, masking);
    log_info("step %" PRId64 ", held-out%s: %s; %" PRIu64 " sequences of up to %d",
             run->state.total_steps, masking, losses, evaluation->sequences,
             phase->sequence_length);
}

void run_log_pairs(const struct run *run, double accuracy, int pairs)
{
    log_info("step %" PRId64 ", minimal pairs: the acceptable sentence is likelier in %.1f%% of %d",
             run->state.total_steps, 100 * accuracy, pairs);
}
