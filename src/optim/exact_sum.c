#include "exact_sum.h"

#include <math.h>
#include <string.h>

/* Of an IEEE double: the bits of its fraction, and what its exponent is more than that of the last
 * of these bits. */
enum { FRACTION = 52, BIAS = 1023 + FRACTION, NOT_FINITE = 0x7ff };

/* Read off the bits: an update adds up a hundred thousand terms, and frexp() and ldexp() would take
 * a hundredth of its time. */
void exact_sum_add(struct exact_sum *sum, double value)
{
    const uint64_t mask = (UINT64_C(1) << EXACT_BITS) - 1;
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    const int exponent = (int)(bits >> FRACTION & NOT_FINITE);
    uint64_t mantissa = bits & ((UINT64_C(1) << FRACTION) - 1);
    if (exponent > 0) /* not subnormal: the leading 1 is not written */
        mantissa |= UINT64_C(1) << FRACTION;
    int place = (exponent > 0 ? exponent : 1) - BIAS - EXACT_LOWEST;
    if (exponent == NOT_FINITE || place + FRACTION + 1 > EXACT_LIMBS * EXACT_BITS) {
        sum->not_finite++;
        return;
    }
    if (place < 0) {
        mantissa = -place <= FRACTION ? mantissa >> -place : 0;
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
