/* Squares of words, transposed in registers. Included by files that are compiled for an instruction
 * set: everything here is static. */
#ifndef LAMBERT_KERNELS_TRANSPOSE_H
#define LAMBERT_KERNELS_TRANSPOSE_H

#include "vector_math.h"

/* One of the log2(WIDTH) steps of transposing a square of WIDTH vectors: in each pair of vectors
 * that are `half` apart, the upper `half` lanes of every 2 half of the first change places with the
 * lower ones of the second. */
static inline __attribute__((always_inline)) void swap_blocks(vfloat rows[WIDTH], int half)
{
    vint low, high;
    for (int lane = 0; lane < WIDTH; lane++) {
        low[lane] = lane & half ? WIDTH + lane - half : lane;
        high[lane] = lane & half ? WIDTH + lane : lane + half;
    }
    for (int i = 0; i < WIDTH; i++)
        if (!(i & half)) {
            vfloat a = rows[i], b = rows[i + half];
            rows[i] = __builtin_shuffle(a, b, low);
            rows[i + half] = __builtin_shuffle(a, b, high);
        }
}

static inline __attribute__((always_inline)) void transpose_square(vfloat rows[WIDTH])
{
    swap_blocks(rows, 1);
    swap_blocks(rows, 2);
    if (WIDTH > 4)
        swap_blocks(rows, 4);
    if (WIDTH > 8)
        swap_blocks(rows, 8);
}

#endif
