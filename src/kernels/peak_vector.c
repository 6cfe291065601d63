/* Compiled once for each instruction set: peak_v3, peak_v4, peak_v4_bf16. */
#include "peak.h"

#include <immintrin.h>

#if defined __AVX512BF16__
#define PEAK peak_v4_bf16
enum { WIDTH = 16, PER_LANE = 4 }; /* two products, two additions */
#elif defined __AVX512F__
#define PEAK peak_v4
enum { WIDTH = 16, PER_LANE = 2 };
#else
#define PEAK peak_v3
enum { WIDTH = 8, PER_LANE = 2 };
#endif

typedef float vector __attribute__((vector_size(WIDTH * sizeof(float))));

#ifdef __AVX512BF16__
/* What the numbers mean as pairs of bfloat16 is of no importance, but that they are finite. */
static inline vector step(vector sum, vector factor, vector term)
{
    return (vector)_mm512_dpbf16_ps((__m512)sum, (__m512bh)factor, (__m512bh)term);
}
#else
static inline vector step(vector sum, vector factor, vector term)
{
    return sum * factor + term;
}
#endif

double PEAK(long rounds, float *result)
{
    enum { CHAINS = 12 }; /* hides a latency of 4 to 6 cycles on two units */
    vector sums[CHAINS];
    vector factor = (vector){0} + 0.999f, term = (vector){0} + 0.001f, all = {0};
    for (int c = 0; c < CHAINS; c++)
        sums[c] = (vector){0} + (float)(c + 2); /* not 1, where the sum would stand still */
    for (long r = 0; r < rounds; r++)
#pragma GCC unroll 12
        for (int c = 0; c < CHAINS; c++)
            sums[c] = step(sums[c], factor, term);
    for (int c = 0; c < CHAINS; c++)
        all += sums[c];
    *result = 0;
    for (int i = 0; i < WIDTH; i++)
        *result += all[i];
    return 1.0 * PER_LANE * CHAINS * WIDTH * (double)rounds;
}
