#include "replays.h"

#include <inttypes.h>
#include <string.h>

#include "lambert/base/log.h"

enum { MOST_NAMED = 4 }; /* pairs in a sentence; metrics.jsonl has all */

bool replays_turn(const struct run *run, int64_t step, int64_t *turn)
{
    const int every = run->config->train.replay_every;
    if (every == 0 || step % every != 0)
        return false;
    *turn = step / every;
    return true;
}

/* --- who is wrong ----------------------------------------------------------------------------- */

static bool is_within(const struct replay_difference *difference)
{
    return strcmp(difference->owner_host, difference->checker_host) == 0;
}

/* Whether the host is in each difference, and there are several that it differs from: it would have to be all of these
 * that are wrong, and each only where it meets this one. */
static bool is_in_all(const struct replay_report *report, const char *host)
{
    const char *first_other = NULL;
    bool several = false;
    for (int d = 0; d < report->different; d++) {
        const struct replay_difference *difference = &report->differences[d];
        const bool owner = strcmp(difference->owner_host, host) == 0;
        const char *other = owner ? difference->checker_host : difference->owner_host;
        if (!owner && strcmp(difference->checker_host, host) != 0)
            return false;
        first_other = first_other ? first_other : other;
        several |= strcmp(other, first_other) != 0;
    }
    return several;
}

/* The host that is wrong; NULL: either of two may be. */
static const char *wrong_host(const struct replay_report *report)
{
    const struct replay_difference *first = &report->differences[0];
    for (int d = 0; d < report->different; d++)
        if (is_within(&report->differences[d]))
            return report->differences[d].owner_host;
    if (is_in_all(report, first->owner_host))
        return first->owner_host;
    return is_in_all(report, first->checker_host) ? first->checker_host : NULL;
}

/* --- what is said ----------------------------------------------------------------------------- */

static void describe_result(const struct result_difference *result, const struct param_table *table,
                            struct buffer *text)
{
    if (result->losses)
        buffer_print(text, "the losses");
    if (result->losses && result->tensors > 0)
        buffer_print(text, " and ");
    if (result->tensors > 0)
        buffer_print(text, "the gradients of %d of %d tensors (first %s)", result->tensors,
                     table->count, table->infos[result->first].name);
}

static void describe_first(const struct replay_difference *difference,
                           const struct param_table *table, struct buffer *text)
{
    buffer_print(text,
                 "the micro-batch of rank %d on %s that begins with sample %" PRIu64
                 " (sequences: %d) was computed twice, ",
                 difference->owner, difference->owner_host, difference->sample,
                 difference->sequences);
    if (difference->owner == difference->checker)
        buffer_print(text, "both times by this rank");
    else
        buffer_print(text, "the second time by rank %d on %s", difference->checker,
                     difference->checker_host);
    buffer_print(text, ", and not with the same bits: ");
    describe_result(&difference->result, table, text);
    buffer_print(text, " differ");
}

static void describe_others(const struct replay_report *report, struct buffer *text)
{
    for (int d = 1; d < report->different && d < MOST_NAMED; d++) {
        const struct replay_difference *difference = &report->differences[d];
        buffer_print(text, "; so do those of rank %d on %s and rank %d on %s", difference->owner,
                     difference->owner_host, difference->checker, difference->checker_host);
    }
    if (report->different > MOST_NAMED)
        buffer_print(text, "; and those of %d other pairs", report->different - MOST_NAMED);
    buffer_print(text, " (%d of %d replays). ", report->different, report->made);
}

void replays_describe(const struct replay_report *report, const struct param_table *table,
                      struct buffer *text)
{
    const char *host = wrong_host(report);
    describe_first(report->differences, table, text);
    describe_others(report, text);
    if (host)
        buffer_print(text, "A processor or the memory of %s is wrong: leave that host out", host);
    else
        buffer_print(
            text,
            "A processor or the memory of one of the two hosts is wrong: leave out the one, then "
            "the other, and see without which no replay differs");
}

static int stop(const struct run *run, const char *what, struct error *err)
{
    if (run->state.total_steps == 0)
        return error_set(err, "%s. The step did not reach the weights", what);
    return error_set(
        err,
        "%s. The step did not reach the weights, and the state before it is saved: --resume goes on. "
        "What was trained since the last replay without a difference may be wrong; where a checkpoint "
        "of that time is left, remove the newer ones before",
        what);
}

static void count(struct run *run, const struct replay_report *report)
{
    struct replay_counts *counts = &run->replays;
    const bool first = counts->steps == 0;
    counts->steps++;
    counts->made += report->made;
    counts->different += report->different;
    if (first && report->different == 0)
        log_info("replay in step %" PRId64
                 ": %d micro-batch(es) computed twice%s, with the same bits",
                 run->state.total_steps + 1, report->made,
                 report->alone == report->made ? " by the same ranks" : " by different ranks");
}

int replays_step(struct run *run, const struct step_report *report, struct error *err)
{
    const struct replay_report *replay = &report->replay;
    const struct param_table *table = trainer_params(run->trainer);
    const char *phase = run->config->phases[run->state.phase].name;
    struct buffer what = {0};
    int status = 0;
    if (replay->made == 0)
        return 0;
    count(run, replay);
    if (replay->different == 0)
        return 0;
    buffer_print(&what, "step %" PRId64 " of phase %s: ", run->state.phase_step + 1, phase);
    replays_describe(replay, table, &what);
    if (metrics_replay(&run->metrics, phase, &run->state, table, replay, &run->write_error) < 0)
        run->written = -1;
    if (run->config->train.replay_action == REPLAY_STOP)
        status = stop(run, buffer_text(&what), err);
    else if (dist_rank(run->dist) == 0)
        log_warning("%s; the run goes on with what the first of the two computed",
                    buffer_text(&what));
    buffer_release(&what);
    return status;
}

void replays_end_phase(struct run *run)
{
    const struct replay_counts *counts = &run->replays;
    char different[64] = "all with the same bits";
    if (counts->different > 0)
        snprintf(different, sizeof different, "%" PRId64 " of them with different bits",
                 counts->different);
    if (counts->steps > 0)
        log_info(
            "phase %s, replays: %" PRId64 " micro-batches computed twice, in %" PRId64 " steps, %s",
            run->config->phases[run->state.phase].name, counts->made, counts->steps, different);
    run->replays = (struct replay_counts){0};
}
