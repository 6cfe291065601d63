#include "lambert/base/tfrecord.h"

#include "lambert/base/hash.h"

static uint32_t get_u32(const uint8_t *data)
{
    struct byte_reader reader;
    byte_reader_init(&reader, data, sizeof(uint32_t));
    return byte_reader_u32(&reader);
}

bool tfrecord_head_read(const uint8_t head[TFRECORD_HEAD], uint64_t *length)
{
    struct byte_reader reader;
    if (!tfrecord_data_holds(head, sizeof *length, head + sizeof *length))
        return false;
    byte_reader_init(&reader, head, sizeof *length);
    *length = byte_reader_u64(&reader);
    return true;
}

bool tfrecord_data_holds(const void *data, size_t size, const uint8_t checksum[4])
{
    return get_u32(checksum) == crc32c_masked(data, size);
}

void tfrecord_put(struct buffer *out, const void *data, size_t size)
{
    const size_t start = out->size;
    buffer_put_u64(out, size);
    buffer_put_u32(out, crc32c_masked(out->data + start, sizeof(uint64_t)));
    buffer_put(out, data, size);
    buffer_put_u32(out, crc32c_masked(data, size));
}
