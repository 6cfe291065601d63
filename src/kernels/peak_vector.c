/* Compiled once for each instruction set: peak_v3, peak_v4. */
#include "peak.h"

#ifdef __AVX512F__
#define PEAK peak_v4
enum { WIDTH = 16 };
#else
#define PEAK peak_v3
enum { WIDTH = 8 };
#endif

typedef float vector __attribute__((vector_size(WIDTH * sizeof(float))));

double PEAK(long rounds, float *result)
{
    enum { CHAINS = 12 }; /* hides a latency of 4 to 5 cycles on two units */
    vector sums[CHAINS];
    vector factor = (vector){0} + 0.999f, term = (vector){0} + 0.001f, all = {0};
    for (int c = 0; c < CHAINS; c++)
        sums[c] = (vector){0} + (float)(c + 2); /* not 1, where the sum would stand still */
    for (long r = 0; r < rounds; r++)
#pragma GCC unroll 12
        for (int c = 0; c < CHAINS; c++)
            sums[c] = sums[c] * factor + term;
    for (int c = 0; c < CHAINS; c++)
        all += sums[c];
    *result = 0;
    for (int i = 0; i < WIDTH; i++)
        *result += all[i];
    return 2.0 * CHAINS * WIDTH * (double)rounds;
}
