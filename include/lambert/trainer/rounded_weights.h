/* Weights to compute with that are rounded to bfloat16 (train.weight_type), beside the whole ones
 * that the optimizer works on. Every rank keeps the own slices of the latter; what rounds is each
 * owner, so that all ranks compute with the same weights, whatever way they came.
 *
 *     rounded_weights_init(&rounded, &sharding, rank, weights, &err)
 *     each step:  rounded_weights_restore(&rounded)      own slices are whole: the optimizer's turn
 *                 rounded_weights_round(&rounded)        own slices are rounded, and may be sent
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
    real *whole;   /* [own shard], while own slices of weights are rounded */
    bool rounded;
};

size_t rounded_weights_memory(const struct sharding *sharding, int rank); /* bytes */

/* sharding and weights, whose own slices are whole, outlive it. */
int rounded_weights_init(struct rounded_weights *rounded, const struct sharding *sharding, int rank,
                         real *weights, struct error *err);
void rounded_weights_release(struct rounded_weights *rounded); /* also of a zeroed one */

/* Nothing happens where own slices are so already. */
void rounded_weights_round(struct rounded_weights *rounded);
void rounded_weights_restore(struct rounded_weights *rounded);

#endif
