/* Compiled once for each instruction set: peak_v3, peak_v4, peak_v4_bf16, peak_neon,
 * peak_neon_bf16. */
#include "peak.h"

#include "vector_types.h"

#if defined __AVX512BF16__
#include <immintrin.h>
#define PEAK peak_v4_bf16
enum { PER_LANE = 4 }; /* two products, two additions */
#elif defined __AVX512F__
#define PEAK peak_v4
enum { PER_LANE = 2 };
#elif defined __AVX2__
#define PEAK peak_v3
enum { PER_LANE = 2 };
#elif defined __ARM_FEATURE_BF16_VECTOR_ARITHMETIC
#include <arm_neon.h>
#define PEAK peak_neon_bf16
enum { PER_LANE = 8 }; /* four products, four additions */
#else
#define PEAK peak_neon
enum { PER_LANE = 2 };
#endif

/* What the numbers mean as bfloat16 is of no importance, but that they are finite. */
#if defined __AVX512BF16__
static inline vfloat step(vfloat sum, vfloat factor, vfloat term)
{
    return (vfloat)_mm512_dpbf16_ps((__m512)sum, (__m512bh)factor, (__m512bh)term);
}
#elif defined __ARM_FEATURE_BF16_VECTOR_ARITHMETIC
static inline vfloat step(vfloat sum, vfloat factor, vfloat term)
{
    return (vfloat)vbfmmlaq_f32((float32x4_t)sum, (bfloat16x8_t)factor, (bfloat16x8_t)term);
}
#else
static inline vfloat step(vfloat sum, vfloat factor, vfloat term)
{
    return sum * factor + term;
}
#endif

double PEAK(long rounds, float *result)
{
    enum { CHAINS = WIDTH == 4 ? 16 : 12 }; /* hide 4 to 6 cycles on two units, or 4 on four */
    vfloat sums[CHAINS];
    vfloat factor = v_all(0.999f), term = v_all(0.001f), all = {0};
    for (int c = 0; c < CHAINS; c++)
        sums[c] = v_all((float)(c + 2)); /* not 1, where the sum would stand still */
    for (long r = 0; r < rounds; r++)
#pragma GCC unroll 16
        for (int c = 0; c < CHAINS; c++)
            sums[c] = step(sums[c], factor, term);
    for (int c = 0; c < CHAINS; c++)
        all += sums[c];
    *result = 0;
    for (int i = 0; i < WIDTH; i++)
        *result += all[i];
    return 1.0 * PER_LANE * CHAINS * WIDTH * (double)rounds;
}
