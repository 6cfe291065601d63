/* Checkpoints of TensorFlow as files: those that TensorFlow wrote (tests/golden/tensorflow) hold what was put into them,
 * and damage is named. What is in them, as a model: test_tf_import.c. */
#include "store/tensor_bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/scratch.h"

#include "golden.h"
#include "lambert/base/float16.h"
#include "lambert/base/hash.h"
#include "tables.h"

#define GOLDEN "tests/golden/tensorflow/"

static void assert_refused(const char *prefix, const char *sentence)
{
    struct tensor_bundle bundle;
    struct error err;
    assert_int_equal(tensor_bundle_open(&bundle, prefix, &err), -1);
    if (!strstr(err.text, sentence))
        fail_msg("'%s' does not say '%s'", err.text, sentence);
    assert_int_equal(bundle.count, 0);
}

/* --- of TensorFlow ---------------------------------------------------------------------------- */

static void check_golden(const char *prefix, int shards)
{
    struct tensor_bundle bundle;
    struct error err;
    float values[64];
    if (tensor_bundle_open(&bundle, prefix, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(bundle.shard_count, shards);
    assert_int_equal(bundle.count, 30 + 4 + 1); /* the model, of the optimizer, the step */
    const struct bundle_tensor *kernel =
        tensor_bundle_find(&bundle, "bert/encoder/layer_0/intermediate/dense/kernel");
    assert_non_null(kernel);
    assert_int_equal(kernel->dimensions, 2);
    assert_int_equal(kernel->shape[0], 4);
    assert_int_equal(kernel->shape[1], 6);
    assert_int_equal(kernel->elements, 24);
    assert_true(bundle_tensor_is_float(kernel));
    assert_int_equal(tensor_bundle_floats(&bundle, kernel, values, &err), 0);
    for (uint32_t e = 0; e < 24; e++)
        assert_true(values[e] == (float)golden_number(0, 16, e));

    const struct bundle_tensor *step = tensor_bundle_find(&bundle, "global_step");
    assert_non_null(step);
    assert_int_equal(step->dimensions, 0);
    assert_int_equal(step->elements, 1);
    assert_string_equal(bundle_dtype_name(step->dtype), "int64");
    assert_false(bundle_tensor_is_float(step));
    assert_null(tensor_bundle_find(&bundle, "bert/pooler"));
    assert_null(tensor_bundle_find(&bundle, ""));
    tensor_bundle_close(&bundle);
}

static void what_tensorflow_wrote(void **state)
{
    (void)state;
    check_golden(GOLDEN "bert_model.ckpt", 1);
    check_golden(GOLDEN "sharded.ckpt", 3);
}

static void copy(const char *from, const char *to)
{
    struct buffer bytes = {0};
    scratch_read(from, &bytes);
    scratch_write(to, bytes.data, bytes.size);
    buffer_release(&bytes);
}

/* Every bit of the index, and a cut at every byte of it. */
static void a_damaged_index_is_named(void **state)
{
    (void)state;
    struct buffer bytes = {0};
    char *index = memory_copy_text(scratch_path("model.index"));
    char *prefix = memory_copy_text(scratch_path("model"));
    copy(GOLDEN "bert_model.ckpt.data-00000-of-00001", scratch_path("model.data-00000-of-00001"));
    scratch_read(GOLDEN "bert_model.ckpt.index", &bytes);
    for (size_t i = 0; i < bytes.size; i++) {
        bytes.data[i] ^= (uint8_t)(1 << i % 8);
        scratch_write(index, bytes.data, bytes.size);
        assert_refused(prefix,
                       "model.index is no index of a TensorFlow checkpoint that can be read");
        bytes.data[i] ^= (uint8_t)(1 << i % 8);
        scratch_write(index, bytes.data, i);
        assert_refused(prefix, "model.index");
    }
    buffer_release(&bytes);
    free(index);
    free(prefix);
}

static void damaged_data_are_named(void **state)
{
    (void)state;
    struct tensor_bundle bundle;
    struct error err;
    struct buffer bytes = {0};
    float values[64];
    char *prefix = memory_copy_text(scratch_path("damaged"));
    char *data = memory_copy_text(scratch_path("damaged.data-00000-of-00001"));
    copy(GOLDEN "bert_model.ckpt.index", scratch_path("damaged.index"));
    assert_refused(
        prefix,
        "damaged.data-00000-of-00001; a TensorFlow checkpoint is its .index with all of its "
        ".data files (1)");
    scratch_read(GOLDEN "bert_model.ckpt.data-00000-of-00001", &bytes);
    scratch_write(data, bytes.data, bytes.size - 1);
    assert_refused(prefix,
                   "damaged.index does not fit its data; copy all of its files anew: its tensor ");
    assert_refused(prefix, "is it cut short?");

    for (size_t i = 0; i < bytes.size; i++) {
        int bad = 0;
        bytes.data[i] ^= 0x10;
        scratch_write(data, bytes.data, bytes.size);
        if (tensor_bundle_open(&bundle, prefix, &err) < 0)
            fail_msg("%s", err.text);
        for (int t = 0; t < bundle.count; t++)
            if (bundle_tensor_is_float(&bundle.tensors[t]) &&
                tensor_bundle_floats(&bundle, &bundle.tensors[t], values, &err) < 0) {
                bad++;
                assert_non_null(strstr(
                    err.text, "damaged.data-00000-of-00001 is damaged: the checksum of tensor "));
                assert_non_null(strstr(err.text, bundle.tensors[t].name));
            }
        const struct bundle_tensor *step = tensor_bundle_find(&bundle, "global_step");
        assert_int_equal(bad, i < step->offset || i >= step->offset + step->bytes);
        tensor_bundle_close(&bundle);
        bytes.data[i] ^= 0x10;
    }
    buffer_release(&bytes);
    free(prefix);
    free(data);
}

/* --- by hand ---------------------------------------------------------------------------------- */

struct part {
    int dtype, dimensions;
    int64_t shape[10];
    int shard;
    int64_t offset, size;
    int slices;
};

static void put_number(struct buffer *out, int field, int64_t value)
{
    table_varint(out, (uint64_t)(field << 3));
    table_varint(out, (uint64_t)value);
}

static void put_message(struct buffer *out, int field, const struct buffer *message)
{
    table_varint(out, (uint64_t)(field << 3 | 2));
    table_varint(out, message->size);
    buffer_put(out, message->data, message->size);
}

static void put_part(struct buffer *block, const char *name, const struct part *part,
                     const uint8_t *data)
{
    struct buffer entry = {0}, shape = {0}, none = {0};
    put_number(&entry, 1, part->dtype);
    for (int d = 0; d < part->dimensions; d++) {
        struct buffer dim = {0};
        put_number(&dim, 1, part->shape[d]);
        put_message(&shape, 2, &dim);
        buffer_release(&dim);
    }
    put_message(&entry, 2, &shape);
    put_number(&entry, 3, part->shard);
    put_number(&entry, 4, part->offset);
    put_number(&entry, 5, part->size);
    table_varint(&entry, 6 << 3 | 5);
    buffer_put_u32(&entry, data ? crc32c_masked(data + part->offset, (size_t)part->size) : 0);
    for (int s = 0; s < part->slices; s++)
        put_message(&entry, 7, &none);
    table_entry(block, 0, name, strlen(name), entry.data, entry.size);
    buffer_release(&entry);
    buffer_release(&shape);
}

static void put_header(struct buffer *block, int shards, int endianness, int version)
{
    struct buffer header = {0}, versions = {0};
    put_number(&header, 1, shards);
    put_number(&header, 2, endianness);
    put_number(&versions, 2, version);
    put_message(&header, 3, &versions);
    table_entry(block, 0, "", 0, header.data, header.size);
    buffer_release(&header);
    buffer_release(&versions);
}

/* Writes and releases the index. */
static void write_index(const char *path, struct buffer *block)
{
    struct buffer file = {0};
    table_of(&file, block);
    scratch_write(path, file.data, file.size);
    buffer_release(&file);
    buffer_release(block);
}

static void other_types(void **state)
{
    (void)state;
    static const float wanted[] = {1.5f, -2.0f, 0.25f};
    struct tensor_bundle bundle;
    struct error err;
    struct buffer block = {0}, data = {0};
    float values[3];
    for (int i = 0; i < 3; i++)
        buffer_put_u16(&data, float16_from_float(wanted[i]));
    for (int i = 0; i < 3; i++)
        buffer_put_u16(&data, bfloat16_from_float(wanted[i]));
    scratch_write(scratch_path("types.data-00000-of-00001"), data.data, data.size);
    put_header(&block, 1, 0, 0);
    put_part(&block, "a",
             &(struct part){.dtype = BUNDLE_F16, .dimensions = 1, .shape = {3}, .size = 6},
             data.data);
    put_part(&block, "b",
             &(struct part){
                 .dtype = BUNDLE_BF16, .dimensions = 2, .shape = {3, 1}, .offset = 6, .size = 6},
             data.data);
    put_part(&block, "c", &(struct part){.dtype = 7, .offset = 0, .size = 0}, data.data);
    put_part(&block, "d", &(struct part){.dtype = BUNDLE_F32, .dimensions = 1, .shape = {0}},
             data.data);
    put_part(&block, "e",
             &(struct part){.dtype = BUNDLE_F32, .dimensions = 1, .shape = {8}, .slices = 2},
             data.data);
    write_index(scratch_path("types.index"), &block);
    if (tensor_bundle_open(&bundle, scratch_path("types"), &err) < 0)
        fail_msg("%s", err.text);
    for (int t = 0; t < 2; t++) {
        assert_int_equal(tensor_bundle_floats(&bundle, &bundle.tensors[t], values, &err), 0);
        assert_memory_equal(values, wanted, sizeof wanted);
    }
    assert_string_equal(bundle_dtype_name(bundle.tensors[2].dtype), "string");
    assert_false(bundle_tensor_is_float(&bundle.tensors[2]));
    assert_int_equal(tensor_bundle_floats(&bundle, &bundle.tensors[3], values, &err), 0);
    assert_true(bundle.tensors[4].sliced);
    assert_false(bundle_tensor_is_float(&bundle.tensors[4]));
    tensor_bundle_close(&bundle);
    buffer_release(&data);
}

/* Entries that are wrong in one bit under a checksum that is right, as whoever means harm writes them: they are refused,
 * or what they say can be read. */
static void wrong_entries_harm_nobody(void **state)
{
    (void)state;
    static const struct part parts[] = {
        {.dtype = BUNDLE_F32, .dimensions = 2, .shape = {2, 3}, .size = 24},
        {.dtype = BUNDLE_BF16, .dimensions = 1, .shape = {4}, .offset = 24, .size = 8},
        {.dtype = BUNDLE_F16, .offset = 32, .size = 2, .shard = 0},
    };
    static const uint8_t data[34] = {1, 2, 3};
    struct tensor_bundle bundle;
    struct error err;
    struct buffer block = {0};
    char *prefix = memory_copy_text(scratch_path("wrong"));
    char *index = memory_copy_text(scratch_path("wrong.index"));
    int read = 0;
    scratch_write(scratch_path("wrong.data-00000-of-00001"), data, sizeof data);
    put_header(&block, 1, 0, 1);
    put_part(&block, "first", &parts[0], data);
    put_part(&block, "second", &parts[1], data);
    put_part(&block, "third", &parts[2], data);
    for (size_t bit = 0; bit < 8 * block.size; bit++) {
        struct buffer file = {0};
        block.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        table_of(&file, &block);
        scratch_write(index, file.data, file.size);
        if (tensor_bundle_open(&bundle, prefix, &err) == 0) {
            for (int t = 0; t < bundle.count; t++) {
                const struct bundle_tensor *tensor = &bundle.tensors[t];
                float *values = memory_new(tensor->elements + 1, sizeof *values);
                if (bundle_tensor_is_float(tensor))
                    read += tensor_bundle_floats(&bundle, tensor, values, &err) == 0;
                free(values);
            }
            tensor_bundle_close(&bundle);
        }
        block.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        buffer_release(&file);
    }
    assert_true(read > 0);
    buffer_release(&block);
    free(prefix);
    free(index);
}

/* An index that says this of its only tensor, or two of them, over 24 bytes of data. */
static void assert_parts_refused(const struct part *one, const struct part *other,
                                 const char *sentence)
{
    static const uint8_t data[24];
    struct buffer block = {0};
    put_header(&block, 1, 0, 0);
    put_part(&block, "a", one, NULL);
    if (other)
        put_part(&block, "b", other, NULL);
    write_index(scratch_path("parts.index"), &block);
    scratch_write(scratch_path("parts.data-00000-of-00001"), data, sizeof data);
    assert_refused(scratch_path("parts"), sentence);
}

static void places_and_shapes_that_cannot_be(void **state)
{
    (void)state;
    const struct part fine = {.dtype = BUNDLE_F32, .dimensions = 1, .shape = {4}, .size = 16};
    struct part part = fine;
    part.dimensions = 9;
    assert_parts_refused(&part, NULL, "its tensor a has not from 0 to 8 dimensions");
    part = fine, part.shape[0] = -4;
    assert_parts_refused(&part, NULL, "its tensor a has a length of -4");
    part = fine, part.dimensions = 2, part.shape[0] = part.shape[1] = INT64_MAX;
    assert_parts_refused(&part, NULL, "its tensor a has too many elements to count");
    part = fine, part.shape[0] = INT64_MAX / 2;
    assert_parts_refused(&part, NULL, "elements (float32) by its shape but 16 bytes");
    part = fine, part.shape[0] = 5;
    assert_parts_refused(&part, NULL,
                         "its tensor a has 5 elements (float32) by its shape but 16 bytes");
    part = fine, part.shard = 1;
    assert_parts_refused(&part, NULL, "its tensor a is in data file 1 of 1");
    part = fine, part.shard = -1;
    assert_parts_refused(&part, NULL, "its tensor a is in data file -1 of 1");
    part = fine, part.offset = -1;
    assert_parts_refused(&part, NULL, "its tensor a has a place below 0");
    part = fine, part.offset = 9;
    assert_parts_refused(&part, NULL, "its tensor a goes to byte 25 of data file 0, which has 24");
    part = fine, part.offset = INT64_MAX;
    assert_parts_refused(&part, NULL, "of data file 0, which has 24");
    part = fine, part.offset = 8;
    assert_parts_refused(&fine, &part, "its tensor b shares bytes of data file 0 with another one");
    assert_parts_refused(&part, &fine, "its tensor a shares bytes of data file 0 with another one");
    assert_parts_refused(&fine, &fine, "shares bytes of data file 0 with another one");
}

static void headers_that_are_refused(void **state)
{
    (void)state;
    static const struct {
        int shards, endianness, version;
        const char *sentence;
    } headers[] = {{0, 0, 0, "its header speaks of 0 data files"},
                   {-1, 0, 0, "its header speaks of -1 data files"},
                   {100000, 0, 0, "its header speaks of 100000 data files"},
                   {1, 1, 0, "its numbers are those of a big-endian machine"},
                   {1, 0, 2, "its format is newer (2) than the one that is read (1)"}};
    struct buffer block = {0};
    char *index = memory_copy_text(scratch_path("headers.index"));
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
        put_header(&block, headers[i].shards, headers[i].endianness, headers[i].version);
        write_index(index, &block);
        assert_refused(scratch_path("headers"), headers[i].sentence);
    }
    table_entry(&block, 0, "name", 4, "", 0);
    write_index(index, &block);
    assert_refused(scratch_path("headers"), "it does not begin with the header of a checkpoint");
    table_entry(&block, 0, "", 0, "\xff\xff", 2);
    write_index(index, &block);
    assert_refused(scratch_path("headers"), "it does not begin with the header of a checkpoint");
    write_index(index, &block);
    assert_refused(scratch_path("headers"), "it is empty");
    put_header(&block, 1, 0, 0);
    table_entry(&block, 0, "name", 4, "\xff\xff", 2);
    write_index(index, &block);
    assert_refused(scratch_path("headers"), "its tensor name is described by no BundleEntry");
    put_header(&block, 1, 0, 0);
    table_entry(&block, 0, "na\nme", 5, "", 0);
    write_index(index, &block);
    assert_refused(scratch_path("headers"), "its tensor 1 has a name that is no text");
    free(index);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_tensorflow_wrote),
        cmocka_unit_test(a_damaged_index_is_named),
        cmocka_unit_test(damaged_data_are_named),
        cmocka_unit_test(other_types),
        cmocka_unit_test(wrong_entries_harm_nobody),
        cmocka_unit_test(places_and_shapes_that_cannot_be),
        cmocka_unit_test(headers_that_are_refused),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
