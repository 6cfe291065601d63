/* Where the time of a run went: the seconds of each rank's main thread by what it did, over the ranks, and node-hours.
 *
 *     time_spent_begin(&spent)                    the process begins
 *     time_spent_ready(&spent)                    it is ready for its first step
 *     time_spent_phase(&spent)                    a phase begins
 *         time_spent_step_begin(&spent) ... time_spent_step_end(&spent, ...)
 *         time_spent_add(&spent, TIME_EVALUATION, seconds)            between steps
 *     time_table_take(dist, &spent, nodes, &table)                    collective, whenever it is wanted
 *
 * The main thread does everything that the others do, and moves messages besides, so that its parts add up to all of
 * the time. How what it computes is divided into products, attention and rows the profile says (kernels/profile.h), of
 * two steps at the beginning of a phase and of one in TIME_SAMPLE then: it asks for the time tens of thousands of times
 * a step, which costs up to a hundredth of it where the clock is slow. All is [local] but for time_table_take(). */
#ifndef LAMBERT_RUN_TIME_TABLE_H
#define LAMBERT_RUN_TIME_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/dist/dist.h"
#include "lambert/kernels/profile.h"

enum { TIME_SAMPLE = 16 }; /* steps */

enum time_part {
    TIME_START,     /* until the first step: corpus, memory, weights */
    TIME_PRODUCTS,  /* matrix products of projections, feed-forward and heads */
    TIME_ATTENTION, /* its products and softmax */
    TIME_ROWS, /* what is done to rows: GELU, LayerNorm, dropout, bias, embedding, softmax of heads */
    TIME_UPDATE,      /* of weights and moments */
    TIME_EXCHANGE,    /* sending, receiving and adding up gradients and weights */
    TIME_WAITING,     /* for other ranks, or for the network */
    TIME_DATA,        /* waiting for samples */
    TIME_EVALUATION,  /* all of it */
    TIME_CHECKPOINTS, /* for which training stood still */
    TIME_OTHER,       /* of a step: waiting for threads of the rank, metrics, small change */
    TIME_PARTS
};

const char *time_part_name(enum time_part part); /* one word */

/* Of a rank. */
struct time_spent {
    double began;               /* by clock_seconds() */
    double seconds[TIME_PARTS]; /* TIME_OTHER is what is left */
    double computed;            /* of these, what no sampled step has divided yet */
    double shares[TIME_PARTS];  /* of what is computed, in the step that was sampled last */
    int64_t steps;              /* of the phase, that began */
    bool samples;               /* the step that runs */
    double step_began, waited;  /* when it began */
};

void time_spent_begin(struct time_spent *spent);
void time_spent_ready(struct time_spent *spent);
void time_spent_phase(struct time_spent *spent);
void time_spent_step_begin(struct time_spent *spent);

/* With this rank's seconds in the step, waiting for others left out. */
void time_spent_step_end(struct time_spent *spent, double data, double exchange, double update);

void time_spent_add(struct time_spent *spent, enum time_part part, double seconds);

/* Over the ranks of this process. */
struct time_table {
    int ranks, nodes;
    double seconds; /* from time_spent_begin() on: the mean over ranks */
    struct {
        double least, mean, most; /* seconds */
    } parts[TIME_PARTS];
};

/* Of all processes of a run, one after another, whose steps the run has kept. */
struct time_totals {
    int processes;
    double node_hours[TIME_PARTS];
};

/* Collective; the table is for rank 0, elsewhere zero. `nodes` are the machines of the job. */
void time_table_take(const struct dist *dist, const struct time_spent *spent, int nodes,
                     struct time_table *table);

double time_table_node_hours(const struct time_table *table);
double time_totals_node_hours(const struct time_totals *totals); /* of all parts */

/* Adds a process, as far as it has come. */
void time_totals_add(struct time_totals *totals, const struct time_table *table);

/* Appends the table in lines, and what it comes to with `earlier` processes, if there were some. */
void time_table_print(const struct time_table *table, const struct time_totals *earlier,
                      struct buffer *text);

#endif
