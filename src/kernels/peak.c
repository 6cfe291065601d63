#include "peak.h"

#include <string.h>

#include "lambert/kernels/kernels.h"

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

peak_loop *peak_loop_chosen(enum float_type type)
{
    (void)type;
#if defined __x86_64__ && !defined LAMBERT_DOUBLE
    if (type == TYPE_BFLOAT16 && strcmp(kernels->name, "v4-bf16") == 0)
        return peak_v4_bf16;
    if (strcmp(kernels->name, "v4") == 0 || strcmp(kernels->name, "v4-bf16") == 0)
        return peak_v4;
    if (strcmp(kernels->name, "v3") == 0)
        return peak_v3;
#endif
    return peak_plain;
}
