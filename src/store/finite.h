/* Weights come in and go out only where they are all finite numbers: one NaN makes a NaN of all
 * that the model computes. */
#ifndef LAMBERT_STORE_FINITE_H
#define LAMBERT_STORE_FINITE_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/store/safetensors.h"

/* Of a tensor of the file `path`, as float: the error says how many of its values are NaN or
 * infinite, and which is the first. values [count], count the product of the shape. */
int check_finite(const char *path, const char *tensor, int dimensions, const int64_t *shape,
                 const float *values, size_t count, struct error *err);

/* That rounding finite values to a type makes no infinity of any: float16 has nothing above 65504, and bfloat16 eight
 * bits less than float32 in front of its largest number. The error names tensor, value, and a type that holds it. */
int check_fits(const char *path, const char *tensor, enum safetensors_dtype dtype,
               const float *values, size_t count, struct error *err);

#endif
