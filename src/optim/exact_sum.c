#include "exact_sum.h"

#include <math.h>

enum { MANTISSA = 53 };

void exact_sum_add(struct exact_sum *sum, double value)
{
    const uint64_t mask = (UINT64_C(1) << EXACT_BITS) - 1;
    int exponent;
    if (value == 0)
        return;
    double fraction = frexp(value, &exponent); /* in [0.5, 1), unless value is not finite */
    int place = exponent - MANTISSA - EXACT_LOWEST;
    if (!isfinite(value) || place + MANTISSA > EXACT_LIMBS * EXACT_BITS) {
        sum->not_finite++;
        return;
    }
    uint64_t mantissa = (uint64_t)ldexp(fraction, MANTISSA);
    if (place < 0) {
        mantissa = -place < MANTISSA ? mantissa >> -place : 0;
        place = 0;
    }
    int limb = place / EXACT_BITS, shift = place % EXACT_BITS;
    sum->limbs[limb] += mantissa << shift & mask;
    for (mantissa >>= EXACT_BITS - shift; mantissa != 0; mantissa >>= EXACT_BITS)
        sum->limbs[++limb] += mantissa & mask;
}

void exact_sum_merge(struct exact_sum *sum, const struct exact_sum *other)
{
    for (int i = 0; i < EXACT_LIMBS; i++)
        sum->limbs[i] += other->limbs[i];
    sum->not_finite += other->not_finite;
}

double exact_sum_read(const struct exact_sum *sum)
{
    double value = 0;
    if (sum->not_finite != 0)
        return NAN;
    for (int i = 0; i < EXACT_LIMBS; i++)
        value += ldexp((double)sum->limbs[i], EXACT_LOWEST + i * EXACT_BITS);
    return value;
}

void exact_sum_all(const struct dist *dist, struct exact_sum *sums, int count)
{
    dist_sum_u64(dist, (uint64_t *)sums, count * (int)(sizeof *sums / sizeof(uint64_t)));
}
