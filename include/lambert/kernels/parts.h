/* Where the time of a step goes: seconds of all threads by part of the model, for `lambert bench`.
 *
 *     double begun = part_begin();
 *     ...                                     (the work of this thread, without waiting)
 *     part_end(PART_NORM, begun);
 *
 * What is not between the two is waiting for other threads, and small change. Costs a test of a flag
 * as long as nobody has called parts_start(). */
#ifndef LAMBERT_KERNELS_PARTS_H
#define LAMBERT_KERNELS_PARTS_H

#include <stdbool.h>

#include "lambert/base/progress.h"

enum part {
    PART_PROJECTION_GEMM, /* queries, keys, values and attention's output */
    PART_FEED_FORWARD_GEMM,
    PART_ATTENTION_GEMM, /* q kᵀ, P v and their gradients */
    PART_HEADS_GEMM,
    PART_SOFTMAX, /* with dropout of the probabilities */
    PART_GELU,
    PART_NORM, /* LayerNorm with bias, dropout and residual */
    PART_BIAS, /* of queries, keys and values */
    PART_HEADS,
    PART_EMBEDDING,
    PARTS
};

const char *part_name(enum part part); /* one word */
bool part_is_gemm(enum part part);

/* What the matrix products of gemm_parallel() are for from here on. Outside parallel regions. */
extern enum part parts_gemm;

extern bool parts_on;
void parts_add(enum part part, double seconds);

static inline double part_begin(void)
{
    return parts_on ? clock_seconds() : 0;
}

static inline void part_end(enum part part, double begun)
{
    if (parts_on)
        parts_add(part, clock_seconds() - begun);
}

/* Outside parallel regions. Clears the sums and begins; ends, and gives the sums of all threads. */
void parts_start(void);
void parts_stop(double seconds[PARTS]);

#endif
