/* Tensors in a safetensors file, the format of the Hugging Face hub: 8 bytes with the length of a
 * header (little-endian), the header, which is JSON with name, dtype, shape and place of every
 * tensor, and the data end to end.
 *
 *     struct safetensors file;
 *     if (safetensors_open(&file, path, err) < 0)
 *         return -1;
 *     const struct safetensors_tensor *tensor = safetensors_find(&file, "bert.pooler.dense.bias");
 *     ... check dtype and shape, take values of tensor->elements floats ...
 *     safetensors_floats(tensor, values);
 *     safetensors_close(&file);
 *
 * Files come from anywhere, so opening trusts nothing: the whole header is checked, and what the
 * reference reader refuses is refused (holes, overlaps, bytes behind the last tensor, a shape that
 * does not fit its bytes), as are names given twice. After that every tensor lies in the file. */
#ifndef LAMBERT_STORE_SAFETENSORS_H
#define LAMBERT_STORE_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/base/file.h"

/* Those that convert to float, three of them also back; the integers that models of other programs
 * hold too; and all the rest of the format. */
enum safetensors_dtype {
    SAFETENSORS_F32,
    SAFETENSORS_F16,
    SAFETENSORS_BF16,
    SAFETENSORS_F64,
    SAFETENSORS_I64,
    SAFETENSORS_OTHER
};

enum { SAFETENSORS_DIMENSIONS = 8 }; /* the most a tensor may have; a scalar has none */

struct safetensors_tensor {
    char *name; /* UTF-8 */
    enum safetensors_dtype dtype;
    char dtype_name[16]; /* as the file has it: "F32" */
    int dimensions;
    int64_t shape[SAFETENSORS_DIMENSIONS];
    size_t elements;     /* the product of the shape */
    const uint8_t *data; /* in the mapped file, row-major, little-endian, aligned to nothing */
    size_t bytes;
};

struct safetensors {
    struct file_map map;
    char *path;
    struct safetensors_tensor *tensors; /* sorted by name, byte by byte */
    int count;
};

int safetensors_open(struct safetensors *file, const char *path, struct error *err);
void safetensors_close(struct safetensors *file); /* fine on a zeroed one */

/* NULL when the file has no such tensor. */
const struct safetensors_tensor *safetensors_find(const struct safetensors *file, const char *name);

/* Whether values of that type convert to float: F32, F16, BF16, F64. */
bool safetensors_is_real(enum safetensors_dtype dtype);

/* All elements as float, or the first `count` of them. F64 is rounded to nearest even, what is too
 * great to an infinity. A type that does not convert is a bug. */
void safetensors_floats(const struct safetensors_tensor *tensor, float *values /* [elements] */);
void safetensors_first_floats(const struct safetensors_tensor *tensor, size_t count,
                              float *values /* [count] */);

/* Writing: all tensors with one dtype, F32, F16 or BF16, rounded to nearest even; a value too great
 * for F16 becomes an infinity. The bytes are those of the reference writer with the metadata
 * {"format": "pt"}, which transformers asks for: sorted by name, header padded with spaces to a
 * multiple of 8. The file is written atomically (base/file.h). Names are UTF-8 and each is taken
 * once. */
struct safetensors_entry {
    const char *name;
    int dimensions; /* 0, 1 or 2 */
    int64_t shape[2];
    const float *values; /* [product of shape] */
};
int safetensors_write(const char *path, enum safetensors_dtype dtype,
                      const struct safetensors_entry *entries, int count, struct error *err);

#endif
