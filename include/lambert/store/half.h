/* The two 16-bit floating-point types of tensor files, as their bits: half (IEEE 754 binary16: 5
 * bits of exponent, 10 of fraction) and bfloat (bfloat16: the upper half of a float).
 *
 * To float is exact. From float rounds to nearest, ties to even; what is too great becomes an
 * infinity, and NaN stays NaN. Bits that came from 16 go back to the same 16. */
#ifndef LAMBERT_STORE_HALF_H
#define LAMBERT_STORE_HALF_H

#include <stdint.h>

float half_to_float(uint16_t half);
uint16_t half_from_float(float value);
float bfloat_to_float(uint16_t bfloat);
uint16_t bfloat_from_float(float value);

#endif
