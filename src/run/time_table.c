#include "lambert/run/time_table.h"

#include <math.h>
#include <string.h>

#include "lambert/base/activity.h"
#include "lambert/base/clock.h"

static const char *const names[TIME_PARTS] = {[TIME_START] = "start",
                                              [TIME_PRODUCTS] = "products",
                                              [TIME_ATTENTION] = "attention",
                                              [TIME_ROWS] = "rows",
                                              [TIME_UPDATE] = "update",
                                              [TIME_EXCHANGE] = "exchange",
                                              [TIME_WAITING] = "waiting",
                                              [TIME_DATA] = "data",
                                              [TIME_EVALUATION] = "evaluation",
                                              [TIME_CHECKPOINTS] = "checkpoints",
                                              [TIME_OTHER] = "other"};

/* Of which part of the time a part of the model is. */
static const enum time_part parts_of_model[PROFILE_PARTS] = {
    [PROFILE_PROJECTION_GEMM] = TIME_PRODUCTS,
    [PROFILE_FEED_FORWARD_GEMM] = TIME_PRODUCTS,
    [PROFILE_ATTENTION_GEMM] = TIME_ATTENTION,
    [PROFILE_HEADS_GEMM] = TIME_PRODUCTS,
    [PROFILE_SOFTMAX] = TIME_ATTENTION,
    [PROFILE_GELU] = TIME_ROWS,
    [PROFILE_NORM] = TIME_ROWS,
    [PROFILE_BIAS] = TIME_ROWS,
    [PROFILE_HEADS] = TIME_ROWS,
    [PROFILE_EMBEDDING] = TIME_ROWS};

const char *time_part_name(enum time_part part)
{
    return names[part];
}

/* --- of a rank -------------------------------------------------------------------------------- */

void time_spent_begin(struct time_spent *spent)
{
    *spent = (struct time_spent){.began = clock_seconds()};
}

void time_spent_ready(struct time_spent *spent)
{
    spent->seconds[TIME_START] = clock_seconds() - spent->began;
}

/* What was computed is divided as the step was that was sampled last; what it leaves over is TIME_OTHER. */
static void divide_computed(struct time_spent *spent)
{
    for (int p = 0; p < TIME_PARTS; p++)
        spent->seconds[p] += spent->shares[p] * spent->computed;
    spent->computed = 0;
}

void time_spent_phase(struct time_spent *spent)
{
    divide_computed(spent);
    spent->steps = 0;
}

void time_spent_step_begin(struct time_spent *spent)
{
    spent->samples = spent->steps < 2 || spent->steps % TIME_SAMPLE == 0;
    spent->steps++;
    spent->waited = activity_waited();
    spent->step_began = clock_seconds();
    if (spent->samples)
        profile_start();
}

/* The profile's seconds as shares of what was computed in the step. */
static void take_shares(struct time_spent *spent, double computed)
{
    double profile[PROFILE_PARTS], all_threads[PROFILE_PARTS];
    profile_first_thread(profile);
    profile_stop(all_threads);
    memset(spent->shares, 0, sizeof spent->shares);
    for (int p = 0; p < PROFILE_PARTS && computed > 0; p++)
        spent->shares[parts_of_model[p]] += profile[p] / computed;
}

void time_spent_step_end(struct time_spent *spent, double data, double exchange, double update)
{
    const double waited = activity_waited() - spent->waited;
    const double computed = clock_seconds() - spent->step_began - waited - data - exchange - update;
    spent->seconds[TIME_WAITING] += waited;
    spent->seconds[TIME_DATA] += data;
    spent->seconds[TIME_EXCHANGE] += exchange;
    spent->seconds[TIME_UPDATE] += update;
    spent->computed += fmax(computed, 0);
    if (!spent->samples)
        return;
    take_shares(spent, computed);
    divide_computed(spent);
}

void time_spent_add(struct time_spent *spent, enum time_part part, double seconds)
{
    spent->seconds[part] += seconds;
}

/* --- of all ranks ----------------------------------------------------------------------------- */

void time_table_take(const struct dist *dist, const struct time_spent *spent, int nodes,
                     struct time_table *table)
{
    struct time_spent now = *spent;
    double own[TIME_PARTS], left = clock_seconds() - spent->began;
    struct buffer all = {0};
    divide_computed(&now);
    for (int p = 0; p < TIME_PARTS; p++) {
        own[p] = now.seconds[p];
        left -= own[p];
    }
    own[TIME_OTHER] += left;
    dist_gather(dist, own, sizeof own, &all);
    const int ranks = (int)(all.size / sizeof own); /* none but on rank 0 */
    *table = (struct time_table){.ranks = ranks, .nodes = nodes};
    for (int r = 0; r < ranks; r++) {
        memcpy(own, all.data + (size_t)r * sizeof own, sizeof own);
        for (int p = 0; p < TIME_PARTS; p++) {
            table->parts[p].least = r > 0 ? fmin(table->parts[p].least, own[p]) : own[p];
            table->parts[p].most = r > 0 ? fmax(table->parts[p].most, own[p]) : own[p];
            table->parts[p].mean += own[p] / ranks;
            table->seconds += own[p] / ranks;
        }
    }
    buffer_release(&all);
}

double time_table_node_hours(const struct time_table *table)
{
    return table->nodes * table->seconds / 3600;
}

void time_totals_add(struct time_totals *totals, const struct time_table *table)
{
    totals->processes++;
    for (int p = 0; p < TIME_PARTS; p++)
        totals->node_hours[p] += table->nodes * table->parts[p].mean / 3600;
}

double time_totals_node_hours(const struct time_totals *totals)
{
    double all = 0;
    for (int p = 0; p < TIME_PARTS; p++)
        all += totals->node_hours[p];
    return all;
}

/* "; products 61%, waiting 12%, ...": all parts of a hundredth and more, the largest first. */
static void print_shares(const struct time_totals *totals, struct buffer *text)
{
    const double all = time_totals_node_hours(totals);
    bool said[TIME_PARTS] = {false};
    for (const char *gap = ": ";; gap = ", ") {
        int most = -1;
        for (int p = 0; p < TIME_PARTS; p++)
            if (!said[p] && (most < 0 || totals->node_hours[p] > totals->node_hours[most]))
                most = p;
        if (most < 0 || !(totals->node_hours[most] >= 0.01 * all))
            return;
        said[most] = true;
        buffer_print(text, "%s%s %.0f%%", gap, names[most], 100 * totals->node_hours[most] / all);
    }
}

void time_table_print(const struct time_table *table, const struct time_totals *earlier,
                      struct buffer *text)
{
    buffer_print(text, "where the time went, seconds of %s:\n",
                 table->ranks > 1 ? "the ranks' main threads" : "the main thread");
    buffer_print(text, "  %-12s%11s%11s%11s%8s\n", "", "least", "mean", "most", "share");
    for (int p = 0; p < TIME_PARTS; p++)
        buffer_print(text, "  %-12s%11.2f%11.2f%11.2f%7.1f%%\n", names[p], table->parts[p].least,
                     table->parts[p].mean, table->parts[p].most,
                     100 * table->parts[p].mean / table->seconds);
    buffer_print(text, "  %-12s%11s%11.2f%11s%8s  %.4g node-hours on %d node%s\n", "all", "",
                 table->seconds, "", "", time_table_node_hours(table), table->nodes,
                 table->nodes == 1 ? "" : "s");
    if (earlier->processes > 0) {
        struct time_totals totals = *earlier;
        time_totals_add(&totals, table);
        buffer_print(text, "the run so far, this process and %d before it: %.4g node-hours",
                     earlier->processes, time_totals_node_hours(&totals));
        print_shares(&totals, text);
        buffer_print(text, "\n");
    }
}
