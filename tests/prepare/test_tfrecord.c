#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "corpus/fixture.h"
#include "lambert/base/file.h"
#include "prepare/tfrecord.h"

/* CRC-32C bit by bit, from its polynomial. */
static uint32_t crc32c(const uint8_t *data, size_t size)
{
    uint32_t crc = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        crc ^= data[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0x82f63b78) : 0);
    }
    return ~crc;
}

static uint32_t masked(uint32_t crc)
{
    return (crc >> 15 | crc << 17) + UINT32_C(0xa282ead8);
}

static void put_record(struct buffer *out, const void *data, size_t size)
{
    size_t head = out->size;
    buffer_put_u64(out, size);
    buffer_put_u32(out, masked(crc32c(out->data + head, 8)));
    buffer_put(out, data, size);
    buffer_put_u32(out, masked(crc32c(data, size)));
}

/* Record i has i * 37 bytes of a pattern. */
enum { RECORDS = 40 };
static size_t made_record(int i, uint8_t bytes[RECORDS * 37])
{
    for (int b = 0; b < i * 37; b++)
        bytes[b] = (uint8_t)(b * 7 + i);
    return (size_t)i * 37;
}

static void put_records(struct buffer *out, int first, int end)
{
    uint8_t bytes[RECORDS * 37];
    for (int i = first; i < end; i++) {
        size_t size = made_record(i, bytes);
        put_record(out, bytes, size);
    }
}

/* windowBits: 15 zlib, 31 gzip. */
static void compress_to(struct buffer *out, const struct buffer *in, int window_bits)
{
    z_stream z = {0};
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
    size_t bound = deflateBound(&z, in->size), before = out->size;
    z.next_in = in->data;
    z.avail_in = (uInt)in->size;
    z.next_out = buffer_grow(out, bound);
    z.avail_out = (uInt)bound;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    out->size = before + bound - z.avail_out;
    deflateEnd(&z);
}

struct file {
    char *folder, *path;
};

static struct file write_file(const struct buffer *bytes)
{
    struct error err;
    struct file file = {.folder = scratch_folder_new()};
    file.path = path_join(file.folder, "a.tfrecord");
    assert_int_equal(file_write(file.path, bytes->data, bytes->size, &err), 0);
    return file;
}

static void remove_file(struct file *file)
{
    free(file->path);
    scratch_folder_free(file->folder);
}

/* Reads to the end or to a failure; every record read is the one that was made. Returns how many,
 * or -1 with the sentence in err. */
static int read_all(const char *path, struct error *err)
{
    struct tfrecord_file file;
    uint8_t bytes[RECORDS * 37];
    const uint8_t *data;
    size_t size;
    int got, count = 0;
    if (tfrecord_open(&file, path, err) < 0)
        return -1;
    while ((got = tfrecord_next(&file, &data, &size, err)) == 1) {
        assert_true(count < RECORDS);
        assert_int_equal(size, made_record(count, bytes));
        assert_memory_equal(data, bytes, size);
        assert_int_equal(file.records, ++count);
    }
    tfrecord_close(&file);
    return got < 0 ? -1 : count;
}

static int count_in(const struct buffer *bytes, struct error *err)
{
    struct file file = write_file(bytes);
    int count = read_all(file.path, err);
    remove_file(&file);
    return count;
}

static void known_checksum(void **state)
{
    (void)state;
    /* RFC 3720, B.4: 32 bytes of zeros. */
    const uint8_t zeros[32] = {0};
    assert_int_equal(crc32c(zeros, sizeof zeros), UINT32_C(0x8a9136aa));
}

static void records_are_read_in_every_form(void **state)
{
    (void)state;
    struct buffer plain = {0}, zlib = {0}, gzip = {0}, half = {0}, members = {0};
    struct error err = {""};
    put_records(&plain, 0, RECORDS);
    compress_to(&zlib, &plain, 15);
    compress_to(&gzip, &plain, 31);
    put_records(&half, 0, RECORDS / 2);
    compress_to(&members, &half, 31);
    buffer_reset(&half);
    put_records(&half, RECORDS / 2, RECORDS);
    compress_to(&members, &half, 31);
    assert_int_equal(count_in(&plain, &err), RECORDS);
    assert_int_equal(count_in(&zlib, &err), RECORDS);
    assert_int_equal(count_in(&gzip, &err), RECORDS);
    assert_int_equal(count_in(&members, &err), RECORDS);
    buffer_release(&plain);
    buffer_release(&zlib);
    buffer_release(&gzip);
    buffer_release(&half);
    buffer_release(&members);
}

static void an_empty_file_has_no_records(void **state)
{
    (void)state;
    struct buffer nothing = {0};
    struct error err;
    assert_int_equal(count_in(&nothing, &err), 0);
}

static void every_flipped_byte_is_found(void **state)
{
    (void)state;
    struct buffer bytes = {0};
    struct error err;
    put_records(&bytes, 0, 4);
    for (size_t i = 0; i < bytes.size; i++) {
        bytes.data[i] ^= 0x10;
        assert_int_equal(count_in(&bytes, &err), -1);
        assert_non_null(strstr(err.text, "a.tfrecord, record "));
        bytes.data[i] ^= 0x10;
    }
    buffer_release(&bytes);
}

static void every_truncation_is_found(void **state)
{
    (void)state;
    struct buffer bytes = {0}, gzip = {0};
    struct error err;
    size_t ends[5] = {0};
    for (int i = 0; i < 4; i++) {
        put_records(&bytes, i, i + 1);
        ends[i + 1] = bytes.size;
    }
    compress_to(&gzip, &bytes, 31);
    for (size_t size = 0, whole = 0; size <= ends[4]; size++) {
        bytes.size = size;
        whole += whole < 4 && size == ends[whole + 1];
        assert_int_equal(count_in(&bytes, &err), size == ends[whole] ? (int)whole : -1);
    }
    for (gzip.size--; gzip.size > 2; gzip.size--)
        assert_int_equal(count_in(&gzip, &err), -1);
    buffer_release(&bytes);
    buffer_release(&gzip);
}

static void lengths_beyond_reason_are_refused(void **state)
{
    (void)state;
    struct buffer bytes = {0};
    struct error err;
    buffer_put_u64(&bytes, UINT64_C(1) << 40);
    buffer_put_u32(&bytes, masked(crc32c(bytes.data, 8)));
    assert_int_equal(count_in(&bytes, &err), -1);
    assert_non_null(strstr(err.text, "1099511627776 bytes"));
    buffer_release(&bytes);
}

static bool is_tfrecord(const struct buffer *bytes)
{
    struct file file = write_file(bytes);
    bool is = tfrecord_is(file.path);
    remove_file(&file);
    return is;
}

static void told_from_text(void **state)
{
    (void)state;
    struct buffer records = {0}, packed = {0}, text = {0}, packed_text = {0};
    put_records(&records, 1, 3);
    buffer_print(&text, "x\x5e is no zlib stream, and this is a line of text.\n");
    compress_to(&packed, &records, 31);
    compress_to(&packed_text, &text, 31);
    assert_true(is_tfrecord(&records));
    assert_true(is_tfrecord(&packed));
    assert_false(is_tfrecord(&text));
    assert_false(is_tfrecord(&packed_text));
    records.data[0] ^= 1;
    assert_false(is_tfrecord(&records));
    assert_false(tfrecord_is("no-such-file"));
    buffer_release(&records);
    buffer_release(&packed);
    buffer_release(&text);
    buffer_release(&packed_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_checksum),
        cmocka_unit_test(records_are_read_in_every_form),
        cmocka_unit_test(an_empty_file_has_no_records),
        cmocka_unit_test(every_flipped_byte_is_found),
        cmocka_unit_test(every_truncation_is_found),
        cmocka_unit_test(lengths_beyond_reason_are_refused),
        cmocka_unit_test(told_from_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
