#include "lambert/base/float16.h"

static float float_of(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint32_t bits_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* bits / 2^shift, to nearest, ties to even. A carry out of the fraction goes into the exponent,
 * which is what rounding up to the next power of two, or to infinity, should do. */
static uint32_t shift_rounded(uint32_t bits, int shift)
{
    uint32_t odd = bits >> shift & 1;
    return (bits + (UINT32_C(1) << (shift - 1)) - 1 + odd) >> shift;
}

/* The upper bits of a NaN's fraction, or the quiet bit where they are all zero: without it an
 * infinity would be left. */
static uint32_t nan_fraction(uint32_t magnitude, int shift)
{
    uint32_t fraction = (magnitude & 0x7fffff) >> shift;
    return fraction != 0 ? fraction : UINT32_C(0x400000) >> shift;
}

float float16_to_float(uint16_t bits)
{
    uint32_t sign = (uint32_t)(bits & 0x8000) << 16;
    uint32_t exponent = bits >> 10 & 0x1f;
    uint32_t fraction = bits & 0x3ff;
    if (exponent == 0x1f)
        return float_of(sign | 0x7f800000 | fraction << 13);
    if (exponent == 0) { /* fraction * 2^-24 */
        float magnitude = (float)fraction * 0x1p-24f;
        return sign != 0 ? -magnitude : magnitude;
    }
    return float_of(sign | (exponent + 127 - 15) << 23 | fraction << 13);
}

uint16_t float16_from_float(float value)
{
    uint32_t bits = bits_of(value);
    uint32_t sign = bits >> 16 & 0x8000;
    uint32_t magnitude = bits & 0x7fffffff;
    uint32_t exponent = magnitude >> 23;
    if (magnitude > 0x7f800000)
        return (uint16_t)(sign | 0x7c00 | nan_fraction(magnitude, 13));
    if (exponent >= 127 + 16)
        return (uint16_t)(sign | 0x7c00);
    if (exponent >= 127 - 14)
        return (uint16_t)(sign | shift_rounded(magnitude - ((UINT32_C(127) - 15) << 23), 13));
    if (exponent < 127 - 25) /* below half of the smallest */
        return (uint16_t)sign;
    uint32_t significand = (magnitude & 0x7fffff) | 0x800000; /* value / 2^(exponent - 150) */
    return (uint16_t)(sign | shift_rounded(significand, 150 - 24 - (int)exponent));
}
