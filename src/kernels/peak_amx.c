/* The peak of AMX-BF16 (peak.h): peak_v4_amx. */
#include <immintrin.h>

#include "amx.h"
#include "peak.h"

double peak_v4_amx(long rounds, float *result)
{
    enum { CHAINS = 4, PAIRS = AMX_WORDS }; /* hides a latency of 52 cycles, at 16 a product */
    float words[AMX_ROWS][AMX_WORDS], sums[CHAINS][AMX_ROWS][AMX_WORDS];
    const size_t step = sizeof *words;
    for (int i = 0; i < AMX_ROWS; i++)
        for (int j = 0; j < AMX_WORDS; j++)
            words[i][j] = 0.999f; /* as a pair of bfloat16: finite is enough */
    amx_begin();
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    __asm__ volatile("" ::: "memory"); /* loading tiles reads memory, which compilers do not know */
    _tile_loadd(4, words, step);
    _tile_loadd(5, words, step);
    _tile_loadd(6, words, step);
    _tile_loadd(7, words, step);
    for (long r = 0; r < rounds; r++) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    _tile_stored(0, sums[0], step);
    _tile_stored(1, sums[1], step);
    _tile_stored(2, sums[2], step);
    _tile_stored(3, sums[3], step);
    *result = 0;
    for (int c = 0; c < CHAINS; c++)
        for (int i = 0; i < AMX_ROWS; i++)
            for (int j = 0; j < AMX_WORDS; j++)
                *result += sums[c][i][j];
    return 4.0 * CHAINS * AMX_ROWS * AMX_WORDS * PAIRS * (double)rounds;
}
