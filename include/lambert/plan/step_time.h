/* A model of the time of a training step on many nodes: plain formulas of what a node and a network do in a second, of
 * the work of a global batch, and of how dist/exchange.h and the trainer arrange it. docs/scaling.md says them in words,
 * and holds them against the exchange itself, simulated, and against steps that were made.
 *
 *     step_time_of(&shape, &work, &node, &network, &schedule, &time)
 *     step_time_seconds(&time)
 *
 * A node is the ranks that share its memory. What its ranks send and receive is counted together, as they have one way
 * out. Units are seconds, bytes, elements (floats of the flat array of parameters) and operations (bert_operations());
 * all but counts is double, as counts of parts of a batch are no whole numbers. All is [local], and touches nothing. */
#ifndef LAMBERT_PLAN_STEP_TIME_H
#define LAMBERT_PLAN_STEP_TIME_H

#include <stdbool.h>

struct bert_config;

/* What of a model matters here: of pre-training, with both of its heads. */
struct step_shape {
    double layers, hidden, intermediate, vocab, positions, types;
};
struct step_shape step_shape_of(const struct bert_config *model);
double step_shape_elements(const struct step_shape *shape);

/* Of a global batch, and of how it is divided among ranks (plan/deal.h). */
struct step_work {
    double sequences, tokens, masked, operations;
    double imbalance; /* operations of the busiest rank beyond the average, as a part of it */
};

struct step_node {
    int ranks;
    double useful;  /* operations a second of forward and backward, all ranks together */
    double memory;  /* bytes a second that sums and updates move */
    double message; /* seconds of a rank's computing that sending or receiving a message takes */
    double
        sums; /* seconds in which the ranks of the node add up their gradients; below 0: by `memory` */
};

struct step_network {
    double bandwidth; /* bytes a second, each way and node, while all send */
    double latency;   /* seconds, one way */
};

struct step_schedule {
    int nodes;
    int micro_batch;      /* tokens of a rank's, at most */
    double gradient_wire; /* bytes of an element of the gradients between nodes: 4 or 2 */
    double weight_wire;   /* the same of weights */
    int bucket;           /* elements; 0: as sharding_bucket() says */
    bool no_overlap;      /* weights are gathered before forward, not during it */
    bool together;        /* rows that are looked up do not go apart (dist/row_exchange.h) */
};

/* The parts of a step, which follow one another. */
struct step_time {
    double compute;  /* of the average node */
    double waiting;  /* the busiest node's beyond that */
    double clear;    /* clearing of the gradients, before the first micro-batch */
    double stall;    /* of forward, for weights and rows that have not come yet */
    double sums;     /* adding up what arrives */
    double messages; /* calls that send and receive, while the threads of the rank wait */
    double exposed;  /* what the reduce-scatter takes beyond the end of backward */
    double update;   /* of the weights that a node owns, and sums of a few numbers over all ranks */
    double network;  /* of all these, what there would not be on one node */
    double bytes;    /* that a node sends */
};

void step_time_of(const struct step_shape *shape, const struct step_work *work,
                  const struct step_node *node, const struct step_network *network,
                  const struct step_schedule *schedule, struct step_time *time);

double step_time_seconds(const struct step_time *time);

/* Floats that are read or written for each element of a shard by norms, moments and update. */
enum { STEP_FLOATS_UPDATED = 11 };

/* Into how many micro-batches a rank's share is cut: even ones, as few as can be (packed_batch_fit()). */
double step_micro_batches(const struct step_work *work, double ranks, int micro_batch);

/* How many different pieces there are among so many tokens of text, of a vocabulary of so many. */
double step_different_pieces(double tokens, double vocab);

#endif
