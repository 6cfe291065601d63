/* What a run will hold, said before it is taken, and refused when the node has not got it. */
#ifndef LAMBERT_RUN_MEMORY_PLAN_H
#define LAMBERT_RUN_MEMORY_PLAN_H

#include <stddef.h>

#include "lambert/base/error.h"
#include "lambert/dist/dist.h"
#include "lambert/trainer/trainer.h"

struct work;

struct memory_plan {
    struct trainer_memory trainer;
    /* As the model has them (struct bert_options): how activations are kept. */
    enum float_type compute_type;
    int recompute;
    size_t products; /* what matrix products work in */
    size_t corpus_cache;
    size_t batches; /* of sequences: plans of the global batch, and shares of it */
};

/* Collective; the same pieces for lambert doctor (run/needs.h), in their order. What a run of this work will hold; of it,
 * bytes of this rank (its share of weights that are shared); and of all ranks of its machine. */
struct memory_plan memory_plan_of(const struct dist *dist, const struct work *work, int threads);
double memory_plan_rank(const struct memory_plan *plan, const struct dist *dist); /* [local] */
/* [local] The same where so many ranks share the weights of a node. */
double memory_plan_sum(const struct memory_plan *plan, int sharers);
double memory_plan_machine(const struct memory_plan *plan, const struct dist *dist);

/* Collective; rank 0 logs what a rank and what its node will hold. -1 on all ranks, with the
 * sentence of one whose node has less. *left: bytes of this machine that are left then; INFINITY: nothing says how
 * much it has. */
int memory_plan_check(const struct memory_plan *plan, const struct dist *dist, double *left,
                      struct error *err);

#endif
