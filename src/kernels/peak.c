#include "peak.h"

#include <string.h>

/* Multiplies and adds apart, as a baseline x86-64 has them; on other machines what the compiler
 * makes of it. */
double peak_plain(long rounds, float *result)
{
    enum { CHAINS = 12, WIDTH = 4 };
    float sums[CHAINS][WIDTH];
    memset(sums, 0, sizeof sums);
    for (long r = 0; r < rounds; r++)
        for (int c = 0; c < CHAINS; c++)
            for (int i = 0; i < WIDTH; i++)
                sums[c][i] = sums[c][i] * 0.999f + 0.001f;
    *result = 0;
    for (int c = 0; c < CHAINS; c++)
        for (int i = 0; i < WIDTH; i++)
            *result += sums[c][i];
    return 2.0 * CHAINS * WIDTH * (double)rounds;
}
