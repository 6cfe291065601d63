#include "tensor_bundle.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <store/tensor_bundle.pb-c.h>

#include "lambert/base/array.h"
#include "lambert/base/float16.h"
#include "lambert/base/hash.h"
#include "lambert/base/memory.h"
#include "sstable.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "floats are copied as they lie");

enum {
    READS_VERSION = 1, /* of the format; TensorFlow's kTensorBundleVersion */
    MOST_SHARDS = 99999,
    MOST_TENSORS = 1 << 20,
    LITTLE_ENDIAN_NUMBERS = 0,
    SHOWN = 100 /* of a name in a sentence */
};

/* By TensorFlow's numbers; bytes 0: of no fixed size. */
static const struct {
    const char *name;
    size_t bytes;
} dtypes[] = {{NULL, 0},       {"float32", 4}, {"float64", 8}, {"int32", 4},       {"uint8", 1},
              {"int16", 2},    {"int8", 1},    {"string", 0},  {"complex64", 8},   {"int64", 8},
              {"bool", 1},     {"qint8", 1},   {"quint8", 1},  {"qint32", 4},      {"bfloat16", 2},
              {"qint16", 2},   {"quint16", 2}, {"uint16", 2},  {"complex128", 16}, {"float16", 2},
              {"resource", 0}, {"variant", 0}, {"uint32", 4},  {"uint64", 8}};
enum { DTYPES = sizeof dtypes / sizeof *dtypes };

const char *bundle_dtype_name(int dtype)
{
    return dtype > 0 && dtype < DTYPES ? dtypes[dtype].name : "of unknown type";
}

bool bundle_tensor_is_float(const struct bundle_tensor *tensor)
{
    return !tensor->sliced && (tensor->dtype == BUNDLE_F32 || tensor->dtype == BUNDLE_BF16 ||
                               tensor->dtype == BUNDLE_F16);
}

/* --- the index -------------------------------------------------------------------------------- */

static int read_header(struct tensor_bundle *bundle, const struct sstable_entry *entry,
                       struct error *err)
{
    TfBundle__Header *header = tf_bundle__header__unpack(NULL, entry->value_size, entry->value);
    if (!header || entry->key_size > 0) {
        error_set(err, "it does not begin with the header of a checkpoint");
        goto fail;
    }
    const int version = header->version ? header->version->min_consumer : 0;
    if (header->num_shards < 1 || header->num_shards > MOST_SHARDS) {
        error_set(err, "its header speaks of %d data files", header->num_shards);
        goto fail;
    }
    if (header->endianness != LITTLE_ENDIAN_NUMBERS) {
        error_set(err, "its numbers are those of a big-endian machine, which are not read");
        goto fail;
    }
    if (version > READS_VERSION) {
        error_set(err, "its format is newer (%d) than the one that is read (%d)", version,
                  READS_VERSION);
        goto fail;
    }
    bundle->shard_count = header->num_shards;
    tf_bundle__header__free_unpacked(header, NULL);
    return 0;
fail:
    if (header)
        tf_bundle__header__free_unpacked(header, NULL);
    return -1;
}

static int refuse_tensor(const struct bundle_tensor *tensor, struct error *err, const char *format,
                         ...) __attribute__((format(printf, 3, 4)));

static int refuse_tensor(const struct bundle_tensor *tensor, struct error *err, const char *format,
                         ...)
{
    char reason[256];
    va_list args;
    va_start(args, format);
    vsnprintf(reason, sizeof reason, format, args);
    va_end(args);
    return error_set(err, "its tensor %.*s %s", SHOWN, tensor->name, reason);
}

static int take_shape(const TfBundle__Shape *shape, struct bundle_tensor *tensor, struct error *err)
{
    const size_t dimensions = shape ? shape->n_dim : 0;
    if (dimensions > BUNDLE_DIMENSIONS || (shape && shape->unknown_rank))
        return refuse_tensor(tensor, err, "has not from 0 to %d dimensions", BUNDLE_DIMENSIONS);
    tensor->elements = 1;
    for (size_t d = 0; d < dimensions; d++) {
        const int64_t length = shape->dim[d]->size;
        if (length < 0)
            return refuse_tensor(tensor, err, "has a length of %" PRId64, length);
        if (tensor->elements != 0 && (uint64_t)length > SIZE_MAX / tensor->elements)
            return refuse_tensor(tensor, err, "has too many elements to count");
        tensor->shape[tensor->dimensions++] = length;
        tensor->elements *= (size_t)length;
    }
    return 0;
}

/* What the index alone can tell; whether it lies in its shard is looked at when there are shards. */
static int take_entry(const struct tensor_bundle *bundle, const TfBundle__Entry *entry,
                      struct bundle_tensor *tensor, struct error *err)
{
    if (take_shape(entry->shape, tensor, err) < 0)
        return -1;
    if (entry->shard_id < 0 || entry->shard_id >= bundle->shard_count)
        return refuse_tensor(tensor, err, "is in data file %d of %d", entry->shard_id,
                             bundle->shard_count);
    if (entry->offset < 0 || entry->size < 0)
        return refuse_tensor(tensor, err, "has a place below 0");
    tensor->dtype = entry->dtype;
    tensor->sliced = entry->n_slices > 0;
    tensor->shard = entry->shard_id;
    tensor->offset = (uint64_t)entry->offset;
    tensor->bytes = (uint64_t)entry->size;
    tensor->crc = entry->crc32c;
    const size_t each =
        tensor->dtype > 0 && tensor->dtype < DTYPES ? dtypes[tensor->dtype].bytes : 0;
    if (each > 0 && !tensor->sliced &&
        (tensor->elements > SIZE_MAX / each || tensor->elements * each != tensor->bytes))
        return refuse_tensor(tensor, err,
                             "has %zu elements (%s) by its shape but %" PRIu64 " bytes",
                             tensor->elements, dtypes[tensor->dtype].name, tensor->bytes);
    return 0;
}

/* Names are text; the keys of slices, which begin with a NUL, are not. */
static bool is_text(const char *key, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if ((unsigned char)key[i] < ' ' || key[i] == 0x7F)
            return false;
    return true;
}

static int take_tensor(void *context, const struct sstable_entry *entry, struct error *err)
{
    struct tensor_bundle *bundle = context;
    if (bundle->shard_count == 0)
        return read_header(bundle, entry, err);
    if (entry->key[0] == '\0')
        return 0;
    if (!is_text(entry->key, entry->key_size))
        return error_set(err, "its tensor %d has a name that is no text", bundle->count + 1);
    if (bundle->count == MOST_TENSORS)
        return error_set(err, "it has more than %d tensors", MOST_TENSORS);
    TfBundle__Entry *message = tf_bundle__entry__unpack(NULL, entry->value_size, entry->value);
    if (!message)
        return error_set(err, "its tensor %.*s is described by no BundleEntry", SHOWN, entry->key);
    ARRAY_RESERVE(bundle->tensors, (size_t)bundle->count + 1, bundle->capacity);
    struct bundle_tensor *tensor = &bundle->tensors[bundle->count++];
    *tensor = (struct bundle_tensor){.name = memory_copy_text(entry->key)};
    const int status = take_entry(bundle, message, tensor, err);
    tf_bundle__entry__free_unpacked(message, NULL);
    return status;
}

static int read_index(struct tensor_bundle *bundle, struct error *err)
{
    struct file_map map;
    if (file_map_open(&map, bundle->index, err) < 0)
        return -1;
    int status = sstable_read(map.data, map.size, take_tensor, bundle, err);
    if (status == 0 && bundle->shard_count == 0)
        status = error_set(err, "it is empty");
    file_map_close(&map);
    return status == 0 ? 0
                       : error_prefix(err,
                                      "%s is no index of a TensorFlow checkpoint that can be read; "
                                      "copy it anew, or save it again with TensorFlow",
                                      bundle->index);
}

/* --- the shards ------------------------------------------------------------------------------- */

static char *shard_path(const struct tensor_bundle *bundle, int shard)
{
    return memory_text("%s.data-%05d-of-%05d", bundle->prefix, shard, bundle->shard_count);
}

static int open_shards(struct tensor_bundle *bundle, struct error *err)
{
    int status = 0;
    bundle->shards = memory_new((size_t)bundle->shard_count, sizeof *bundle->shards);
    for (int s = 0; s < bundle->shard_count && status == 0; s++) {
        char *path = shard_path(bundle, s);
        status = file_map_open(&bundle->shards[s], path, err);
        if (status < 0 && !file_exists(path))
            error_set(err,
                      "there is no %s; a TensorFlow checkpoint is its .index with all of its .data "
                      "files (%d)",
                      path, bundle->shard_count);
        free(path);
    }
    return status;
}

static int compare_places(const void *a, const void *b)
{
    const struct bundle_tensor *left = *(const struct bundle_tensor *const *)a;
    const struct bundle_tensor *right = *(const struct bundle_tensor *const *)b;
    if (left->shard != right->shard)
        return left->shard < right->shard ? -1 : 1;
    if (left->offset != right->offset)
        return left->offset < right->offset ? -1 : 1;
    return left->bytes < right->bytes ? -1 : left->bytes > right->bytes;
}

/* Every tensor lies in its shard, and none shares bytes with another one. */
static int check_places(const struct tensor_bundle *bundle, struct error *err)
{
    const struct bundle_tensor **places = memory_new((size_t)bundle->count, sizeof *places);
    uint64_t end = 0;
    int status = 0;
    for (int i = 0; i < bundle->count; i++)
        places[i] = &bundle->tensors[i];
    qsort(places, (size_t)bundle->count, sizeof *places, compare_places);
    for (int i = 0; i < bundle->count && status == 0; i++) {
        const struct bundle_tensor *tensor = places[i];
        const uint64_t size = bundle->shards[tensor->shard].size;
        if (i == 0 || places[i - 1]->shard != tensor->shard)
            end = 0;
        if (tensor->offset > size || tensor->bytes > size - tensor->offset)
            status = refuse_tensor(tensor, err,
                                   "goes to byte %" PRIu64 " of data file %d, which has %" PRIu64
                                   ": is it cut short?",
                                   tensor->offset + tensor->bytes, tensor->shard, size);
        else if (tensor->bytes > 0 && tensor->offset < end)
            status = refuse_tensor(tensor, err, "shares bytes of data file %d with another one",
                                   tensor->shard);
        if (tensor->bytes > 0)
            end = tensor->offset + tensor->bytes;
    }
    free(places);
    return status < 0 ? error_prefix(err, "%s does not fit its data; copy all of its files anew",
                                     bundle->index)
                      : 0;
}

/* --- the whole -------------------------------------------------------------------------------- */

int tensor_bundle_open(struct tensor_bundle *bundle, const char *prefix, struct error *err)
{
    *bundle = (struct tensor_bundle){.prefix = memory_copy_text(prefix),
                                     .index = memory_text("%s.index", prefix)};
    if (read_index(bundle, err) == 0 && open_shards(bundle, err) == 0 &&
        check_places(bundle, err) == 0)
        return 0;
    tensor_bundle_close(bundle);
    return -1;
}

void tensor_bundle_close(struct tensor_bundle *bundle)
{
    for (int s = 0; bundle->shards && s < bundle->shard_count; s++)
        file_map_close(&bundle->shards[s]);
    for (int i = 0; i < bundle->count; i++)
        free(bundle->tensors[i].name);
    free(bundle->shards);
    free(bundle->tensors);
    free(bundle->index);
    free(bundle->prefix);
    *bundle = (struct tensor_bundle){0};
}

static int compare_name(const void *name, const void *tensor)
{
    return strcmp(name, ((const struct bundle_tensor *)tensor)->name);
}

const struct bundle_tensor *tensor_bundle_find(const struct tensor_bundle *bundle, const char *name)
{
    return bundle->count == 0 ? NULL
                              : bsearch(name, bundle->tensors, (size_t)bundle->count,
                                        sizeof *bundle->tensors, compare_name);
}

int tensor_bundle_floats(const struct tensor_bundle *bundle, const struct bundle_tensor *tensor,
                         float *values, struct error *err)
{
    require(bundle_tensor_is_float(tensor));
    const uint8_t *data = bundle->shards[tensor->shard].data;
    data = tensor->bytes > 0 ? data + tensor->offset : data;
    if (crc32c_masked(data, (size_t)tensor->bytes) != tensor->crc) {
        char *path = shard_path(bundle, tensor->shard);
        error_set(err, "%s is damaged: the checksum of tensor %.*s is wrong; copy it anew", path,
                  SHOWN, tensor->name);
        free(path);
        return -1;
    }
    if (tensor->dtype == BUNDLE_F32) {
        if (tensor->bytes > 0)
            memcpy(values, data, (size_t)tensor->bytes);
        return 0;
    }
    for (size_t i = 0; i < tensor->elements; i++) {
        uint16_t bits;
        memcpy(&bits, data + i * sizeof bits, sizeof bits);
        values[i] = tensor->dtype == BUNDLE_F16 ? float16_to_float(bits) : bfloat16_to_float(bits);
    }
    return 0;
}
