#include "peak.h"

#include <string.h>

#include "lambert/base/clock.h"

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

double peak_once(peak_loop *loop, int threads, long rounds)
{
    double operations = 0, sink = 0, started = clock_seconds();
#pragma omp parallel num_threads(threads) reduction(+ : operations, sink)
    {
        float result;
        operations += loop(rounds, &result);
        sink += (double)result;
    }
    double seconds = clock_seconds() - started;
    return sink == sink ? operations / seconds
                        : 0; /* a use of the results, so that they are made */
}

double peak_best(peak_loop *loop, int threads, long rounds)
{
    enum { TRIES = 5 };
    double best = 0;
    for (int i = 0; i < TRIES; i++) {
        const double rate = peak_once(loop, threads, rounds);
        best = rate > best ? rate : best;
    }
    return best;
}
