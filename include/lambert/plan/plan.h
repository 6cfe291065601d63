/* What a run will cost on so many nodes, before it begins: the time of its steps by the model (plan/step_time.h), and of
 * what comes between them; memory and disk.
 *
 *     count = plan_stretches(config, stretches)
 *     struct plan_job job = {...};            the run, its work, and how fast node and network are
 *     plan_make(&job, nodes, &plan)           for each number of nodes
 *
 * Where the numbers of a plan_job come from is the caller's: `lambert bench` (plan/bench_files.h), a few steps that were
 * made here (plan/trial.h), or words. All is [local]. */
#ifndef LAMBERT_PLAN_PLAN_H
#define LAMBERT_PLAN_PLAN_H

#include <stdint.h>

#include "lambert/config/config.h"
#include "lambert/plan/deal.h"
#include "lambert/plan/step_time.h"
#include "lambert/trainer/trainer.h"

/* Steps of a phase whose global batches have one size: all of them, but where phase.NAME.batch_changes says otherwise. */
struct plan_stretch {
    int phase;
    int64_t steps_before; /* of the phase */
    int64_t steps;
    int sequences;         /* of a global batch */
    uint64_t first_sample; /* of the phase */
};
enum { PLAN_STRETCHES = CONFIG_MAX_PHASES * (BATCH_CHANGES_MOST + 1) };

/* Those of all phases, in their order; returns how many there are. */
int plan_stretches(const struct config *config, struct plan_stretch stretches[PLAN_STRETCHES]);

/* How fast a node goes through the sequences of a stretch, all its ranks together. */
struct plan_speed {
    double useful;  /* operations a second of forward and backward */
    double forward; /* of forward alone, in evaluations */
    double
        sums; /* seconds a step in which its ranks add up their gradients; below 0: not measured */
};

/* What is to be done in a phase. */
struct plan_work {
    struct step_work batch; /* the imbalance is left open */
    const struct deal
        *deals; /* [deal_count] global batches of it: how evenly ranks are dealt to is their mean */
    int deal_count;
    double evaluated; /* sequences of an evaluation; 0: there is none */
};

struct plan_job {
    const struct config *config; /* of pre-training, complete */
    const struct trainer_options *trainer;
    const struct plan_stretch *stretches; /* [stretch_count] */
    const struct plan_work *works;        /* [stretch_count] */
    const struct plan_speed *speeds;      /* [stretch_count] */
    int stretch_count;
    struct step_node node; /* its speed is that of the stretch */
    int threads;           /* a rank */
    struct step_network network;
    double start;      /* seconds until the first step */
    double copy;       /* bytes a second at which weights and moments are copied for a checkpoint */
    double disk;       /* bytes a second at which a checkpoint is written */
    double node_bytes; /* of memory that a node has; INFINITY: nobody knows */
};

/* Of a stretch. */
struct plan_part {
    struct step_time step; /* what it is made of, without replays */
    double step_seconds;   /* with them, on average */
    double imbalance;
    double rank_sequences;                  /* of a global batch, on average */
    double micro_batches;                   /* of a rank */
    double tokens;                          /* of a global batch */
    double evaluations, evaluation_seconds; /* how many, and seconds of each */
    double checkpoints,
        pause_seconds; /* how many, and seconds that training stands still for each */
    double seconds;    /* of all of it */
};

struct plan {
    int nodes, ranks;
    int part_count;
    struct plan_part parts[PLAN_STRETCHES];
    double start; /* seconds */
    double pause; /* of one checkpoint, where none waits for the one before to be written */
    double
        last_write; /* seconds in which the last one is written, when there is nothing left to do */
    double checkpoints; /* how many */
    double seconds;     /* of the whole run */
    double node_hours;
    double rank_bytes, node_bytes; /* of memory: a rank, and all of a node */
    double
        snapshot_bytes; /* of rank 0's node besides, for checkpoints that are written beside training */
    bool beside;        /* they are: it is wanted, and there is memory for it */
    double checkpoint_bytes; /* of one */
    double kept, kept_bytes; /* checkpoints at the end, and the most bytes that lie there */
};

void plan_make(const struct plan_job *job, int nodes, struct plan *plan);

/* Seconds of a node with this trainer that are none of a step's computing, by `memory` bytes a second: clearing of
 * gradients, and the update of all weights. What a node computes in the rest of a step that was timed tells its speed. */
double plan_memory_seconds(const struct step_shape *shape, int ranks, double memory);

#endif
