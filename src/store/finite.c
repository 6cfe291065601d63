#include "finite.h"

#include <math.h>

#include "shape_text.h"

/* Whose exponent is not all ones. The sum is made without branches, so that it costs no more than
 * reading the values. */
static size_t count_not_finite(const float *values, size_t count)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += !isfinite(values[i]);
    return found;
}

/* Where element `at` stands: "[17, 3]". */
static const char *place_text(size_t at, int dimensions, const int64_t *shape,
                              char text[SHAPE_TEXT])
{
    int64_t place[2] = {(int64_t)at, 0};
    if (dimensions == 2) {
        place[0] = (int64_t)at / shape[1];
        place[1] = (int64_t)at % shape[1];
    }
    return shape_text(dimensions == 2 ? 2 : 1, place, text);
}

int check_finite(const char *path, const char *tensor, int dimensions, const int64_t *shape,
                 const float *values, size_t count, struct error *err)
{
    char text[SHAPE_TEXT];
    const size_t found = count_not_finite(values, count);
    size_t first = 0;
    if (found == 0)
        return 0;
    while (isfinite(values[first]))
        first++;
    return error_set(err,
                     "%s: tensor %s has %zu of %zu weights that are not finite numbers, the first "
                     "at %s (%g); take a copy from before they were damaged",
                     path, tensor, found, count, place_text(first, dimensions, shape, text),
                     (double)values[first]);
}

/* The first float that becomes an infinity: half a step above the largest number, which is even. */
static float first_beyond(enum safetensors_dtype dtype)
{
    return dtype == SAFETENSORS_F16 ? 65520 : dtype == SAFETENSORS_BF16 ? 0x1.FFp127f : INFINITY;
}

int check_fits(const char *path, const char *tensor, enum safetensors_dtype dtype,
               const float *values, size_t count, struct error *err)
{
    const float beyond = first_beyond(dtype);
    for (size_t i = 0; i < count; i++)
        if (fabsf(values[i]) >= beyond)
            return error_set(err,
                             "%s: tensor %s has weights beyond the range of %s, as %g; --dtype %s "
                             "holds them",
                             path, tensor, dtype == SAFETENSORS_F16 ? "f16" : "bf16",
                             (double)values[i],
                             fabsf(values[i]) < first_beyond(SAFETENSORS_BF16) ? "bf16" : "f32");
    return 0;
}
