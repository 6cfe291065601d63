/* Gradients as multiples of 2^-50 in 64 bits. Their sums are exact, so that no order of adding
 * shows in them: neither of micro-batches nor of ranks.
 *
 * What is lost: a gradient below 2^-51 (4e-16) becomes 0, and one of 2^-27 (7e-9) is still as exact
 * as float is. What does not fit: sums of `micro_batches` terms of magnitude up to
 * fixed_point_limit() do; a term beyond that (or one that is not finite) makes the sum
 * EXCHANGE_NOT_FINITE, whatever else is added. */
#ifndef LAMBERT_TRAINER_FIXED_POINT_H
#define LAMBERT_TRAINER_FIXED_POINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/real.h"

/* 4096 / micro_batches */
double fixed_point_limit(int64_t micro_batches);

/* sum [n] = values, or += values. Threads share the work. */
void fixed_point_put(const real *values, size_t n, double limit, int64_t *sum);
void fixed_point_add(const real *values, size_t n, double limit, int64_t *sum);

/* values [n] = sum, rounded; NaN where it is not finite. */
void fixed_point_read(const int64_t *sum, size_t n, real *values);

#endif
