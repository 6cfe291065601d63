#include "lambert/run/run.h"

#include <inttypes.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "folder_lock.h"
#include "lambert/base/activity.h"
#include "lambert/base/clock.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/minmax.h"
#include "lambert/base/progress.h"
#include "lambert/base/watchdog.h"
#include "lambert/dist/launcher.h"
#include "lambert/kernels/product_counts.h"
#include "lambert/run/options.h"
#include "nonfinite.h"
#include "phase_plan.h"
#include "replays.h"
#include "run_folder.h"
#include "run_internal.h"
#include "run_log.h"
#include "signals.h"
#include "start.h"

/* One phase as it runs. */
struct phase_run {
    const struct config_phase *settings;
    struct phase_plan plan;
    struct batch_source *source;
    struct progress progress;
};

/* Seconds of a step that is given up when the run is told to end in it: others are over before that is agreed on. */
static const double LONG_STEP = 1;
static const double LISTENING = 0.05; /* seconds between two looks whether the run is told to end */
static const double
    PATIENCE_AT_START = 1,
    PATIENCE =
        15; /* seconds without a sign of life of a rank that is told to end and has nothing to lose */

/* Whether there may be steps that no checkpoint has: from the first one to the end of the last checkpoint. */
static atomic_bool something_to_lose;

enum outcome { GOES_ON, STOPPED, FAILED, DIFFERED };

/* --- the run folder --------------------------------------------------------------------------- */

/* [rank 0] */
static int prepare_folder(struct run *run, struct error *err)
{
    if (run_folder_take(run, err) < 0)
        return -1;
    /* A branch has no steps of its own yet, whatever one that came to nothing before has left. */
    const int64_t kept = run->branches ? 0 : run->state.total_steps;
    if (metrics_open(&run->metrics, run->folder, 0, kept, err) < 0)
        return -1;
    const struct config *config = run->config;
    if (config->train.tensorboard) {
        struct buffer text = {0};
        config_print(config, false, &text);
        const int status = metrics_open_events(&run->metrics, run->folder, run->state.total_steps,
                                               buffer_text(&text), err);
        buffer_release(&text);
        if (status < 0)
            return -1;
    }
    if (config->train.mlperf_log &&
        mlperf_log_open(&run->mlperf, run->folder, kept, &run->state, err) < 0)
        return -1;
    const int phase =
        min_int(run->state.phase, config->phase_count - 1); /* one past: all is done */
    const struct run_place place = {.ranks = dist_size(run->dist),
                                    .nodes = dist_nodes(run->dist),
                                    .threads = run->threads,
                                    .branched_from = run->branches ? config->run.branch_from : NULL,
                                    .compute_type = config->train.compute_type};
    return metrics_run(&run->metrics, config->phases[phase].name, &run->state, &place, err);
}

/* 0; -1; RUN_STOPPED: a signal ended it. */
static int evaluate(struct run *run, struct error *err)
{
    const double started = clock_seconds();
    const bool whole = !run->evaluated.evaluation && !run->evaluated.pairs;
    const int status = run->work->operations->evaluate(run->work, run, err);
    const double seconds = clock_seconds() - started;
    time_spent_add(&run->time_spent, TIME_EVALUATION, seconds);
    if (status == RUN_STOPPED) {
        log_info("the evaluation after step %" PRId64 " is given up: the run is told to end",
                 run->state.total_steps);
        return status;
    }
    if (status == 0) /* all of it is there: a phase that begins with this step owes nothing */
        run->evaluated = (struct evaluation_lines){.evaluation = true, .pairs = true};
    if (whole) { /* of what makes up for the rest of one, the next cannot be judged */
        deadline_note_evaluation(&run->deadline, seconds);
        run->time_left.evaluation = seconds;
    }
    return status;
}

/* A checkpoint that was written before the evaluation after its step does not say yet that it is the best. */
static int save_best(struct run *run, struct error *err)
{
    const struct run_state *state = &run->state;
    if (!state->has_best || state->best_step != state->total_steps ||
        run->saving.step != state->total_steps)
        return 0;
    run->saving.step = -1;
    return saving_save(run, true, err);
}

/* --- a step ----------------------------------------------------------------------------------- */

static bool due(int64_t step, int every)
{
    return every > 0 && step % every == 0;
}

/* After so many more steps, which are judged by the last where the phase has no number of them. */
static bool evaluates_after(const struct run *run, const struct phase_plan *plan, int steps)
{
    struct phase_place place = run_place_in_phase(&run->state);
    place.steps += steps;
    if (steps > 0)
        place.seconds += steps * run->step_seconds;
    const bool last =
        plan->seconds > 0 ? phase_plan_is_over(plan, place) : place.steps == plan->steps;
    return last || due(run->state.total_steps + steps, run->config->train.evaluate_every);
}

/* How many samples are to come until the run is judged again, in a phase that is not at its end; 0: that is not known. */
static int64_t samples_to_evaluation(const struct run *run, const struct phase_plan *plan)
{
    const int every = run->config->train.evaluate_every;
    const uint64_t done = (uint64_t)run->state.phase_step;
    uint64_t end = (uint64_t)plan->steps;
    if (every > 0)
        end = min_u64(end, done + (uint64_t)(every - run->state.total_steps % every));
    if (end == (uint64_t)PHASE_ENDLESS)
        return 0;
    return (int64_t)(batch_sizes_before(&plan->sizes, end) -
                     batch_sizes_before(&plan->sizes, done));
}

/* What this rank has to tell the others after the step that is made: rank 0's clock is that of all. */
static struct balance_flags flags_after(struct run *run, const struct phase_plan *plan)
{
    struct balance_flags flags = {.stop = signals_stop()};
    if (dist_rank(run->dist) != 0)
        return flags;
    const int evaluations = evaluates_after(run, plan, 1) + evaluates_after(run, plan, 2);
    const double checkpoint = run->saving.seconds;
    int64_t turn;
    flags.save = saving_is_due(run);
    flags.clock = run_clock_seconds(&run->phase_clock);
    const int checkpoints = saving_ahead(run, run->state.total_steps + 1, flags.save);
    flags.stop |= deadline_is_near(&run->deadline, clock_seconds(),
                                   replays_turn(run, run->state.total_steps + 2, &turn),
                                   evaluations, checkpoints, checkpoint);
    /* A step that takes for ever, as its batch does not come, is to end in time as well. */
    signals_set_end(deadline_latest(&run->deadline, checkpoints, checkpoint), run->deadline.what);
    return flags;
}

/* Batches come from disks, which may be slow, or never answer: who is told to end waits no longer. */
static bool await_batch(struct run *run, struct phase_run *phase)
{
    while (!batch_source_wait(phase->source, LISTENING))
        if (trainer_is_called_off(run->trainer))
            return false;
    return true;
}

/* One update with everything around it: the batch, the ranks' times, what is said and written. */
static int train_step(struct run *run, struct phase_run *phase, struct error *err)
{
    struct run_state *state = &run->state;
    struct step_report report;
    struct step_metrics metrics = {.report = &report, .peak = run->peak};
    struct batch batch;
    int64_t turn;
    double started = clock_seconds(), waited = activity_waited();
    bool tensors = due(state->total_steps + 1, run->config->train.report_every);
    time_spent_step_begin(&run->time_spent);
    mlperf_log_step(&run->mlperf, state, samples_to_evaluation(run, &phase->plan));

    /* All ranks end with the sentence of one that has no batch, or could not write what the step
     * before did: trainer_step() tells them. */
    activity_task("step", state->total_steps + 1);
    activity_at("waiting for data", -1);
    int status = run->written;
    const bool there = status < 0 || await_batch(run, phase);
    if (status < 0) {
        *err = run->write_error;
    } else if (there) {
        status = batch_source_next(phase->source, &batch, err);
        if (status == 0)
            status =
                error_set(err, "the batches of phase %s end after step %" PRId64 " of %" PRId64,
                          phase->settings->name, state->phase_step, phase->plan.steps);
    }
    double data = clock_seconds() - started;
    activity_at("data is there", -1);
    metrics.rate = phase_plan_step(&phase->plan, run_place_in_phase(state)).rate;
    trainer_listen(run->trainer, run->step_seconds > LONG_STEP ? signals_stop : NULL);
    const bool replay = replays_turn(run, state->total_steps + 1, &turn);
    if (replay)
        trainer_replay(run->trainer, turn);
    if (trainer_step(run->trainer, status < 0 || !there ? NULL : &batch, metrics.rate, tensors,
                     &report, err) < 0)
        return -1;

    run->given_up = report.given_up;
    if (run->given_up) {
        run->flags = (struct balance_flags){.stop = true};
        return 0;
    }
    run->differs = replays_step(run, &report, err) < 0;
    if (run->differs)
        return 0;
    double work = clock_seconds() - started - (activity_waited() - waited);
    activity_at("comparing the ranks' times", -1);
    const double seconds = clock_seconds() - started;
    deadline_note_step(&run->deadline, replay, seconds);
    run->flags = flags_after(run, &phase->plan);
    balance_step(&run->balance, run->dist, (struct balance_times){work, data}, &run->flags,
                 &metrics.balance);
    /* A rank that has its batch waits for one that has none: what the longest wait left is computing. */
    deadline_note_computed(&run->deadline, replay, fmax(seconds - metrics.balance.data, 0));
    run->step_seconds = metrics.balance.work;
    if (report.updated)
        run->skips_in_a_row = 0;
    else if (nonfinite_step(run, &report, err) < 0)
        return -1;
    metrics.seconds = clock_seconds() - started;
    time_spent_step_end(&run->time_spent, data, report.own_exchange, report.own_update);

    atomic_store(&something_to_lose, true);
    state->phase_step++;
    if (phase->plan.seconds > 0)
        state->phase_seconds = run->flags.clock;
    state->total_steps++;
    run->evaluated = (struct evaluation_lines){0};
    state->sequences += report.sequences;
    state->tokens += report.tokens;
    metrics.skipped_steps = state->total_steps - trainer_updates(run->trainer);
    time_left_note_step(&run->time_left, report.sequences, metrics.seconds);
    metrics.timed = phase->plan.seconds > 0;
    metrics.left = time_left_estimate(&run->time_left, run->config, state);

    activity_at("writing metrics", -1);
    run_log_step(run, &phase->plan, &metrics, &phase->progress);
    if (run->written == 0)
        run->written =
            metrics_step(&run->metrics, phase->settings->name, state, &metrics, &run->write_error);
    if (report.tensors) {
        run_log_tensors(run, report.tensors);
        if (run->written == 0)
            run->written =
                metrics_tensors(&run->metrics, phase->settings->name, state,
                                trainer_params(run->trainer), report.tensors, &run->write_error);
    }
    return 0;
}

/* Of several corpora, how far the phase has come in each: in the metrics as often as the log has a line
 * of a step, and where the run may end or is judged in the log, too. */
static void report_progress(struct run *run, const struct phase_run *phase, bool in_log)
{
    const struct work_operations *operations = run->work->operations;
    if (!operations->progress ||
        (!in_log && !due(run->state.total_steps, run->config->train.log_every)))
        return;
    const struct progress_list list = operations->progress(run->work);
    if (list.count == 0)
        return;
    if (in_log)
        run_log_corpora(run, phase->settings, &list);
    if (run->written == 0)
        run->written = metrics_corpora(&run->metrics, phase->settings->name, &run->state,
                                       list.corpora, list.count, &run->write_error);
}

/* Where nobody gets the log, the metrics say so: at once, and then as often as the log would have a line. */
static void report_log(struct run *run, const struct phase_run *phase)
{
    const struct log_losses losses = log_losses();
    if (losses.lines == run->log_lost || run->written < 0 ||
        (run->log_lost > 0 && !due(run->state.total_steps, run->config->train.log_every)))
        return;
    run->log_lost = losses.lines;
    run->written =
        metrics_log(&run->metrics, phase->settings->name, &run->state, &losses, &run->write_error);
}

/* What whoever ends the run by a signal has to grant, as soon as a step is known that is like others. */
static void report_needs(struct run *run)
{
    char step[32], checkpoint[32];
    if (run->steps_here++ != 1)
        return;
    const bool replays = run->config->train.replay_every > 0;
    const double needed = deadline_needed(&run->deadline, replays, run->saving.seconds);
    snprintf(step, sizeof step, "%.2g", deadline_longest_step(&run->deadline, replays));
    snprintf(checkpoint, sizeof checkpoint, "%.2g", run->saving.seconds);
    log_info(
        "a step%s takes %s s and a checkpoint %s s%s: between the signal that ends the run and its end, grant it %.0f s%s",
        replays ? " with a replay" : "", step, checkpoint,
        run->saving.measured ? "" : " (guessed by its size)", ceil(needed),
        launcher_with_patience((int)ceil(needed)).text);
}

/* Where the time went so far, in the metrics: with each checkpoint, so that a run that goes on from it knows. */
static int report_time(struct run *run, bool in_log, struct error *err)
{
    const int phase = min_int(run->state.phase, run->config->phase_count - 1);
    struct time_table table;
    if (run->steps_here == 0)
        return 0;
    time_table_take(run->dist, &run->time_spent, run->machines, &table);
    if (in_log && dist_rank(run->dist) == 0)
        run_log_time(&table, &run->metrics.earlier);
    const int status =
        metrics_time(&run->metrics, run->config->phases[phase].name, &run->state, &table, err);
    return dist_agree(run->dist, status, err);
}

/* The step that was begun is given up. What followed the one before was done then, but for a checkpoint perhaps. */
static enum outcome save_before_step(struct run *run, struct error *err)
{
    log_info("step %" PRId64 " is given up: the run is told to end", run->state.total_steps + 1);
    if (saving_check_place(run, err) < 0 || saving_save(run, true, err) < 0)
        return FAILED;
    return STOPPED;
}

/* A replay differs, as *err says. What followed the step before was done then, but for a checkpoint perhaps. */
static enum outcome save_before_difference(struct run *run, struct error *err)
{
    const struct error difference = *err;
    struct error failure;
    if (run->written < 0)
        log_warning("%s", run->write_error.text);
    if (saving_check_place(run, &failure) == 0 && saving_save(run, true, &failure) == 0)
        return DIFFERED;
    error_set(err, "%s; and the state before that step is not saved: %s", difference.text,
              failure.text);
    return FAILED;
}

/* Evaluation, checkpoint, signal: what may follow a step. */
static enum outcome after_step(struct run *run, const struct phase_run *phase, struct error *err)
{
    const bool last = phase_plan_is_over(&phase->plan, run_place_in_phase(&run->state));
    const bool evaluates = evaluates_after(run, &phase->plan, 0);
    bool stop = run->flags.stop;
    const bool periodic =
        !run->skips_in_a_row && saving_follows(run, run->state.total_steps, run->flags.save);
    if (run->given_up)
        return save_before_step(run, err);
    if (run->differs)
        return save_before_difference(run, err);
    report_progress(run, phase, evaluates || stop);
    report_log(run, phase);
    report_needs(run);
    saving_step(run);
    if (!evaluates && !periodic && !stop)
        return GOES_ON;
    *err = run->write_error;
    if (dist_agree(run->dist, run->written, err) < 0)
        return FAILED;
    trainer_settle(run->trainer);
    if (saving_check_place(run, err) < 0)
        return FAILED;
    if (evaluates && !stop) {
        const int status = evaluate(run, err);
        if (status < 0)
            return FAILED;
        stop = status == RUN_STOPPED;
    }
    if ((last || stop || periodic) &&
        (saving_save(run, stop, err) < 0 || report_time(run, false, err) < 0))
        return FAILED;
    /* Where there may be little time, saving comes first. */
    if (evaluates && run->flags.stop && (evaluate(run, err) < 0 || save_best(run, err) < 0))
        return FAILED;
    return stop ? STOPPED : GOES_ON;
}

/* --- a phase ---------------------------------------------------------------------------------- */

static int phase_open(struct run *run, struct phase_run *phase, struct error *err)
{
    const struct config_phase *settings = &run->config->phases[run->state.phase];
    const struct rate_record *record = &run->rates[run->state.phase];
    *phase = (struct phase_run){.settings = settings, .plan = phase_plan_of(settings)};
    phase->plan.rates = record->rates;
    if (record->rates && rate_record_covers(record, settings, run->state.phase_step, err) < 0)
        return -1;
    time_left_phase(&run->time_left, run->config, run->state.phase, run->state.phase_step);
    time_spent_phase(&run->time_spent);
    return run->work->operations->open_phase(run->work, run->dist, run->state.phase,
                                             (uint64_t)run->state.phase_step,
                                             (uint64_t)phase->plan.steps, &phase->source, err);
}

/* Who made the matrix products of the phase, as far as it came. */
static int report_products(struct run *run, const struct phase_run *phase, struct error *err)
{
    struct product_shares shares;
    product_shares_take(run->dist, &shares);
    run_log_products(phase->settings, &shares);
    int status = metrics_products(&run->metrics, phase->settings->name, &run->state, &shares, err);
    return dist_agree(run->dist, status, err);
}

/* Whether a run that goes on was ended by a signal before, or during, the evaluation after the step that it goes on
 * from: it is made up for, so that what is the best, and the metrics, are those of a run that nobody disturbed. */
static bool owes_evaluation(const struct run *run)
{
    const struct config *config = run->config;
    const struct run_state *state = &run->state;
    if (state->total_steps == 0 || state->phase >= config->phase_count)
        return false;
    const struct phase_plan plan = phase_plan_of(&config->phases[state->phase]);
    return evaluates_after(run, &plan, 0) &&
           run->work->operations->owes_evaluation(run->work, state->phase, &run->evaluated);
}

/* Nobody waits for a step, or for its evaluation, who has been told to end before there was one. */
static enum outcome evaluate_first(struct run *run, struct error *err)
{
    if (dist_any(run->dist, signals_stop()))
        return STOPPED;
    const int status = evaluate(run, err);
    if (status < 0 || (status == 0 && save_best(run, err) < 0))
        return FAILED;
    return status == RUN_STOPPED || dist_any(run->dist, signals_stop()) ? STOPPED : GOES_ON;
}

/* With the first step of a phase, by whichever run makes it: what is saved before that is what the phase before has
 * left, as in a run that nobody disturbed. */
static void begin_moments(struct run *run, const struct config_phase *phase)
{
    if (phase->moments == MOMENTS_KEEP || run->state.phase_step > 0 || run->state.total_steps == 0)
        return;
    trainer_reset_moments(run->trainer);
    log_info("phase %s begins with moments of 0", phase->name);
}

static enum outcome run_phase(struct run *run, struct error *err)
{
    const int64_t before = run->state.total_steps;
    struct phase_run phase;
    enum outcome outcome = FAILED;
    product_counts_reset();
    if (dist_agree(run->dist, phase_open(run, &phase, err), err) < 0)
        goto done;
    begin_moments(run, phase.settings);
    mlperf_log_phase(&run->mlperf, run->config, &run->state);
    outcome = before == 0 || owes_evaluation(run) ? evaluate_first(run, err) : GOES_ON;
    if (outcome != GOES_ON)
        goto done;
    progress_init(&phase.progress, phase.settings->name,
                  phase_plan_is_counted(&phase.plan) ? (double)phase.plan.steps : 0, "steps",
                  INFINITY);
    phase.progress.initial = (double)run->state.phase_step;
    run_clock_start(&run->phase_clock, run->state.phase_seconds);
    while (outcome == GOES_ON && !phase_plan_is_over(&phase.plan, run_place_in_phase(&run->state)))
        outcome = train_step(run, &phase, err) < 0 ? FAILED : after_step(run, &phase, err);
    progress_release(&phase.progress);
    replays_end_phase(run);
    if ((outcome == GOES_ON || outcome == STOPPED) && run->state.total_steps > before &&
        report_products(run, &phase, err) < 0)
        outcome = FAILED;
    /* What failed behind the last step is owed by the run that goes on from the state that may still be rescued. */
    if (outcome != FAILED)
        run_pass_finished_phases(run);
done:
    work_close_source(run->work, phase.source);
    run->work->operations->close_phase(run->work);
    return outcome;
}

/* --- the run ---------------------------------------------------------------------------------- */

/* What ends the run. */
static const char *stopper(const struct run *run)
{
    if (signals_stop())
        return signals_caught();
    return run->deadline.near ? run->deadline.what : "a signal to another rank";
}

/* All phases that are left. */
static int go_through_phases(struct run *run, struct error *err)
{
    const struct config *config = run->config;
    const struct run_state *state = &run->state;
    enum outcome outcome = GOES_ON;
    if (!owes_evaluation(run))
        run_pass_finished_phases(run);
    if (state->phase >= config->phase_count) {
        const char *last = config->phases[config->phase_count - 1].name;
        const char *length = config->phases[config->phase_count - 1].hours > 0 ? "hours" : "steps";
        log_info("nothing is left to do; more %s in the last phase: phase.%s.%s=... --resume "
                 "--accept phase.%s.%s",
                 length, last, length, last, length);
    }
    while (outcome == GOES_ON && state->phase < config->phase_count)
        outcome = run_phase(run, err);
    if (outcome == DIFFERED)
        return FAILED_BY_MACHINE;
    if (outcome == FAILED)
        return -1;
    const double finished = clock_seconds();
    if (saving_finish(run, err) < 0)
        return -1;
    time_spent_add(&run->time_spent, TIME_CHECKPOINTS, clock_seconds() - finished);
    atomic_store(&something_to_lose, false);
    if (report_time(run, true, err) < 0)
        return -1;
    char worked[32];
    clock_text(run_clock_seconds(&run->clock), worked);
    if (outcome == STOPPED && state->total_steps == 0)
        log_info("stopped by %s before there was a step: nothing was to be saved", stopper(run));
    else if (outcome == STOPPED)
        log_info("stopped by %s after step %" PRId64 " and %s, with a checkpoint; --resume goes on",
                 stopper(run), state->total_steps, worked);
    else
        log_info("done in %s: %" PRId64 " steps, %" PRIu64 " sequences, %" PRIu64 " tokens; %s",
                 worked, state->total_steps, state->sequences, state->tokens, config->run.folder);
    return outcome == STOPPED ? RUN_STOPPED : 0;
}

static int run_phases(struct run *run, struct error *err)
{
    const int status = go_through_phases(run, err);
    mlperf_log_end(&run->mlperf, &run->state, status == 0);
    return status == -1 ? saving_rescue(run, err) : status;
}

void run_before_ranks(void)
{
    signals_watch();
    log_write_behind();
}

/* As a signal that is heard by who does not answer: before training, or behind the last checkpoint. */
static bool early_end_is_due(void)
{
    return signals_stop() && !atomic_load(&something_to_lose);
}

int run_watch_start(struct watchdog **watchdog, int stopped_code, struct error *err)
{
    const struct early_end early_end = {
        .is_due = early_end_is_due, .seconds = PATIENCE_AT_START, .code = stopped_code};
    if (watchdog_start(watchdog, INFINITY, "", "", err) < 0)
        return -1;
    watchdog_set_early_end(*watchdog, &early_end);
    return 0;
}

/* A signal to any rank before training began. */
static bool stopped_before(const struct dist *dist)
{
    if (!dist_any(dist, signals_stop()))
        return false;
    log_info("stopped by %s before training: nothing was to be saved",
             signals_stop() ? signals_caught() : "a signal to another rank");
    return true;
}

/* The folder is locked before a checkpoint is looked for, for whoever holds it may write a newer one; where there is none
 * yet it is made, and locked, when nothing else can be wrong. */
static int lock_if_there(struct run *run, struct error *err)
{
    const bool there = dist_rank(run->dist) == 0 && folder_exists(run->folder);
    return dist_any(run->dist, there) ? folder_lock(run, err) : 0;
}

/* What can refuse the run before corpora are copied and read, which may take an hour. */
static int look_at_folder(struct run *run, const struct run_request *request, struct error *err)
{
    activity_task("looking at the run folder", -1);
    const int status = lock_if_there(run, err);
    return status == 0 ? start_check_folder(run, request, err) : status;
}

int run_training(struct dist *dist, const struct run_request *request, struct error *err)
{
    const struct config *config = request->config;
    const bool first = dist_rank(dist) == 0;
    const double started = clock_seconds();
    struct watchdog *watchdog;
    struct run run;
    if (stopped_before(dist))
        return RUN_STOPPED;
    int status = watchdog_start(&watchdog, config->train.watchdog_seconds, "train.watchdog_seconds",
                                "--resume goes on from the last checkpoint", err);
    if (dist_agree(dist, status, err) < 0) {
        watchdog_stop(watchdog);
        return -1;
    }
    const struct early_end early_end = {
        .is_due = early_end_is_due, .seconds = PATIENCE, .code = request->stopped_code};
    watchdog_set_early_end(watchdog, &early_end);
    struct threads threads;
    if (start_threads(&threads, dist, config, err) < 0) {
        watchdog_stop(watchdog);
        return -1;
    }
    announce_machine(dist, &threads, config->train.compute_type);
    run_begin(&run, dist, config);
    deadline_init(&run.deadline, &request->end, started);
    if (first) /* how long a first step takes nobody knows */
        signals_set_end(deadline_latest(&run.deadline, 0, 0), run.deadline.what);
    status = look_at_folder(&run, request, err);
    if (status != 0)
        goto done;
    activity_task("getting corpus and memory", -1);
    mlperf_log_reaches_data(&run.mlperf);
    status = run_init(&run, request->resume, threads.count, err);
    if (status >= 0 && stopped_before(dist))
        status = RUN_STOPPED;
    if (status != 0)
        goto done;

    activity_task("getting the first weights", -1);
    status = lock_if_there(&run, err);
    if (status == 0)
        status = start_run(&run, request, err);
    if (status == 0 && stopped_before(dist))
        status = RUN_STOPPED;
    if (status != 0)
        goto done;
    activity_task("preparing the run folder", -1);
    status = dist_agree(dist, first ? folder_create(run.folder, err) : 0, err);
    if (status == 0)
        status = folder_lock(&run, err);
    if (status != 0)
        goto done;
    status = dist_agree(dist, first ? prepare_folder(&run, err) : 0, err);
    if (status < 0)
        goto done;
    run.evaluated = run.metrics.kept;
    dist_broadcast(dist, 0, &run.evaluated, sizeof run.evaluated);
    saving_init(&run, run.memory_left);
    if (run.config->train.replay_every > 0)
        trainer_begin_replays(run.trainer);
    trainer_hear(run.trainer, signals_stop);
    time_spent_ready(&run.time_spent);
    status = stopped_before(dist) ? RUN_STOPPED : run_phases(&run, err);
done:
    run_release(&run);
    watchdog_stop(watchdog);
    return status;
}
