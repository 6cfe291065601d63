#include "lambert/sample/distribution.h"

#include <stdlib.h>

#include "lambert/base/memory.h"

/* Octave o, from FIRST_OCTAVE on, holds values 2^o to 2^(o+1) - 1 in STEPS bins. */
enum { FIRST_OCTAVE = 16, EXACT = 1 << FIRST_OCTAVE, STEPS = EXACT / 2 };
enum { BINS = EXACT + (64 - FIRST_OCTAVE) * STEPS };

void distribution_init(struct distribution *distribution)
{
    *distribution = (struct distribution){.bins = memory_new(BINS, sizeof(uint64_t))};
}

void distribution_release(struct distribution *distribution)
{
    free(distribution->bins);
    *distribution = (struct distribution){0};
}

static int bin_of(uint64_t value)
{
    if (value < EXACT)
        return (int)value;
    int octave = 63 - __builtin_clzll(value);
    uint64_t step = value >> (octave - (FIRST_OCTAVE - 1)); /* STEPS to 2 STEPS - 1 */
    return EXACT + (octave - FIRST_OCTAVE) * STEPS + (int)(step - STEPS);
}

static uint64_t end_of(int bin)
{
    if (bin < EXACT)
        return (uint64_t)bin;
    int octave = FIRST_OCTAVE + (bin - EXACT) / STEPS;
    uint64_t step = STEPS + (uint64_t)((bin - EXACT) % STEPS);
    return ((step + 1) << (octave - (FIRST_OCTAVE - 1))) - 1;
}

void distribution_add(struct distribution *distribution, uint64_t value)
{
    distribution->bins[bin_of(value)]++;
    distribution->count++;
    distribution->sum += value;
    if (value > distribution->largest)
        distribution->largest = value;
}

double distribution_mean(const struct distribution *distribution)
{
    return distribution->count > 0 ? (double)distribution->sum / (double)distribution->count : 0;
}

uint64_t distribution_quantile(const struct distribution *distribution, double part)
{
    uint64_t place = (uint64_t)(part * (double)distribution->count), passed = 0;
    if (distribution->count == 0)
        return 0;
    if (place >= distribution->count)
        return distribution->largest;
    int bin = 0;
    while ((passed += distribution->bins[bin]) <= place)
        bin++;
    uint64_t end = end_of(bin);
    return end < distribution->largest ? end : distribution->largest;
}
