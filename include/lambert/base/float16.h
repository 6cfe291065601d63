/* The two 16-bit floating-point types of tensor files and of messages, as their bits: float16 (IEEE
 * 754 binary16: 5 bits of exponent, 10 of fraction) and bfloat16 (the upper half of a float).
 *
 * To float is exact. From float rounds to nearest, ties to even; what is too great becomes an
 * infinity, and NaN stays NaN. Bits that came from 16 go back to the same 16.
 *
 * Those of bfloat16 are here in full, so that loops over arrays are vectorised. */
#ifndef LAMBERT_BASE_FLOAT16_H
#define LAMBERT_BASE_FLOAT16_H

#include <stdint.h>
#include <string.h>

/* As what numbers are sent, or computed with. */
enum float_type { TYPE_FLOAT32, TYPE_BFLOAT16 };

float float16_to_float(uint16_t bits);
uint16_t float16_from_float(float value);

static inline float bfloat16_to_float(uint16_t bfloat)
{
    uint32_t bits = (uint32_t)bfloat << 16;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* A carry out of the fraction goes into the exponent, which is what rounding up to the next power
 * of two, or to infinity, should do. A NaN whose upper bits are all zero gets the quiet bit:
 * without it an infinity would be left. */
static inline uint16_t bfloat16_from_float(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint32_t upper = bits >> 16, rounded = (bits + 0x7fff + (upper & 1)) >> 16;
    uint32_t nan = (upper & 0x7f) != 0 ? upper : upper | 0x40;
    return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? nan : rounded);
}

#endif
