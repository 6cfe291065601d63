/* Where the time of a step goes: seconds of all threads by part of the model, for `lambert bench`, and of the first
 * thread for the table at the end of a run (run/time_table.h).
 *
 *     double begun = profile_begin();
 *     ...                                     (the work of this thread, without waiting)
 *     profile_end(PROFILE_NORM, begun);
 *
 * What is not between the two is waiting for other threads, and small change. Costs a test of a
 * flag as long as nobody has called profile_start(). The sums are the process's: whatever models
 * work between start and stop are counted together. */
#ifndef LAMBERT_KERNELS_PROFILE_H
#define LAMBERT_KERNELS_PROFILE_H

#include <stdbool.h>

#include "lambert/base/clock.h"

enum profile_part {
    PROFILE_PROJECTION_GEMM, /* queries, keys, values and attention's output */
    PROFILE_FEED_FORWARD_GEMM,
    PROFILE_ATTENTION_GEMM, /* q kᵀ, P v and their gradients */
    PROFILE_HEADS_GEMM,
    PROFILE_SOFTMAX, /* with dropout of the probabilities */
    PROFILE_GELU,
    PROFILE_NORM, /* LayerNorm with bias, dropout and residual */
    PROFILE_BIAS, /* of queries, keys and values */
    PROFILE_HEADS,
    PROFILE_EMBEDDING,
    PROFILE_PARTS
};

const char *profile_part_name(enum profile_part part); /* one word */
bool profile_part_is_gemm(enum profile_part part);

extern bool profile_on;
void profile_add(enum profile_part part, double seconds);

static inline double profile_begin(void)
{
    return profile_on ? clock_seconds() : 0;
}

static inline void profile_end(enum profile_part part, double begun)
{
    if (profile_on)
        profile_add(part, clock_seconds() - begun);
}

/* Outside parallel regions. Clears the sums and begins; ends, and gives the sums of all threads. */
void profile_start(void);
void profile_stop(double seconds[PROFILE_PARTS]);

/* Outside parallel regions. What the first thread has come to since profile_start(), while counting goes on. */
void profile_first_thread(double seconds[PROFILE_PARTS]);

#endif
