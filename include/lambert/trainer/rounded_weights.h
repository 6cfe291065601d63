/* Weights to compute with that are rounded to bfloat16 (train.weight_type), beside the whole ones
 * that the optimizer works on. Every rank keeps its shard of the latter, and rounds what
 * it owns before anyone else sees it, so that all ranks compute with the same weights, whatever way
 * they came.
 *
 *     rounded_weights_init(&rounded, &sharding, rank, weights, &err)
 *     each step:  rounded_weights_restore(&rounded)      the shard is whole, for the optimizer
 *                 rounded_weights_round(&rounded)        the shard is rounded, and may be sent
 *
 * All functions are [local]. */
#ifndef LAMBERT_TRAINER_ROUNDED_WEIGHTS_H
#define LAMBERT_TRAINER_ROUNDED_WEIGHTS_H

#include <stdbool.h>

#include "lambert/base/error.h"
#include "lambert/dist/sharding.h"

struct rounded_weights {
    const struct sharding *sharding;
    int rank;
    real *weights; /* [size], of the caller */
    real *whole;   /* [sharding_count()] the shard, unrounded, while weights has it rounded */
    bool rounded;
};

size_t rounded_weights_memory(const struct sharding *sharding, int rank); /* bytes */

/* sharding and weights, whose shard of this rank is in full precision, outlive it. */
int rounded_weights_init(struct rounded_weights *rounded, const struct sharding *sharding, int rank,
                         real *weights, struct error *err);
void rounded_weights_release(struct rounded_weights *rounded); /* also of a zeroed one */

/* Nothing happens where the shard is so already. */
void rounded_weights_round(struct rounded_weights *rounded);
void rounded_weights_restore(struct rounded_weights *rounded);

#endif
