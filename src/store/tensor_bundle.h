/* Tensors in a checkpoint of TensorFlow (its "V2" format, TensorBundle, of 0.12 and later): PREFIX.index, a sorted
 * table (sstable.h) of what is where, and PREFIX.data-00000-of-00001, or several such shards, with the bytes.
 * In the table, the key "" has a header (how many shards, in which byte order), and the name of each tensor its
 * type, shape, shard, offset, size and masked CRC-32C, as protocol buffers (tensor_bundle.proto).
 *
 *     struct tensor_bundle bundle;
 *     if (tensor_bundle_open(&bundle, "uncased_L-12_H-768_A-12/bert_model.ckpt", err) < 0)
 *         return -1;
 *     const struct bundle_tensor *tensor = tensor_bundle_find(&bundle, "bert/pooler/dense/bias");
 *     ... check dtype and shape, take values of tensor->elements floats ...
 *     tensor_bundle_floats(&bundle, tensor, values, err);
 *     tensor_bundle_close(&bundle);
 *
 * Files come from anywhere, so opening trusts nothing: the whole index is checked, and that every tensor lies in
 * its shard, has as many bytes as its shape wants, and shares none with another one. The bytes themselves are
 * checked when they are read. A variable that was saved in slices is listed, but cannot be read. */
#ifndef LAMBERT_STORE_TENSOR_BUNDLE_H
#define LAMBERT_STORE_TENSOR_BUNDLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/base/file.h"

enum { BUNDLE_DIMENSIONS = 8 }; /* the most a tensor may have; a scalar has none */

/* Those that convert to float, by TensorFlow's numbers (its types.proto). */
enum bundle_dtype { BUNDLE_F32 = 1, BUNDLE_BF16 = 14, BUNDLE_F16 = 19 };

struct bundle_tensor {
    char *name;
    int dtype; /* any of TensorFlow's numbers */
    int dimensions;
    int64_t shape[BUNDLE_DIMENSIONS];
    size_t elements; /* the product of the shape */
    bool sliced;     /* saved in slices: it has no bytes of its own */
    int shard;
    uint64_t offset, bytes; /* in the shard */
    uint32_t crc;           /* masked */
};

struct tensor_bundle {
    char *prefix;
    char *index; /* path of the index */
    int shard_count;
    struct file_map *shards;       /* [shard_count] */
    struct bundle_tensor *tensors; /* [count], sorted by name, byte by byte */
    int count;
    size_t capacity; /* of tensors */
};

int tensor_bundle_open(struct tensor_bundle *bundle, const char *prefix, struct error *err);
void tensor_bundle_close(struct tensor_bundle *bundle); /* fine on a zeroed one */

/* NULL when there is none of that name. */
const struct bundle_tensor *tensor_bundle_find(const struct tensor_bundle *bundle,
                                               const char *name);

/* "float32", as TensorFlow's Python calls it; "of unknown type" of numbers that are none. */
const char *bundle_dtype_name(int dtype);

/* Whether it is of a type that converts to float, and not in slices. */
bool bundle_tensor_is_float(const struct bundle_tensor *tensor);

/* All elements of a tensor that bundle_tensor_is_float(). Fails where its bytes are not those that were written. */
int tensor_bundle_floats(const struct tensor_bundle *bundle, const struct bundle_tensor *tensor,
                         float *values /* [elements] */, struct error *err);

#endif
