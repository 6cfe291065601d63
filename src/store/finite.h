/* Weights come in and go out only where they are all finite numbers: one NaN makes a NaN of all
 * that the model computes. */
#ifndef LAMBERT_STORE_FINITE_H
#define LAMBERT_STORE_FINITE_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"

/* Of a tensor of the file `path`, as float: the error says how many of its values are NaN or
 * infinite, and which is the first. values [count], count the product of the shape. */
int check_finite(const char *path, const char *tensor, int dimensions, const int64_t *shape,
                 const float *values, size_t count, struct error *err);

/* The same of values that float16 is to hold, which has none above 65504. */
int check_fits_float16(const char *path, const char *tensor, const float *values, size_t count,
                       struct error *err);

#endif
