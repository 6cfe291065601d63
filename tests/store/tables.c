#include "tables.h"

#include <stdio.h>
#include <string.h>

#include "lambert/base/hash.h"

void table_varint(struct buffer *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        buffer_put_u8(out, (uint8_t)(value | 0x80));
    buffer_put_u8(out, (uint8_t)value);
}

void table_entry(struct buffer *block, uint64_t shared, const char *rest, size_t rest_size,
                 const void *value, size_t value_size)
{
    table_varint(block, shared);
    table_varint(block, rest_size);
    table_varint(block, value_size);
    buffer_put(block, rest, rest_size);
    buffer_put(block, value, value_size);
}

void table_block(struct buffer *file, const struct buffer *entries, uint8_t compression,
                 struct buffer *handle)
{
    const size_t begin = file->size;
    buffer_put(file, entries->data, entries->size);
    buffer_put_u32(file, 0); /* the only whole key that is told of */
    buffer_put_u32(file, 1);
    table_varint(handle, begin);
    table_varint(handle, file->size - begin);
    buffer_put_u8(file, compression);
    buffer_put_u32(file, crc32c_masked(file->data + begin, file->size - begin));
}

void table_end(struct buffer *file, const struct buffer *handles, int count)
{
    struct buffer none = {0}, index = {0}, footer = {0};
    for (int i = 0; i < count; i++) {
        char key[12];
        const int size = snprintf(key, sizeof key, "%d", i + 1);
        table_entry(&index, 0, key, (size_t)size, handles[i].data, handles[i].size);
    }
    table_block(file, &none, 0, &footer);
    table_block(file, &index, 0, &footer);
    while (footer.size < 40)
        buffer_put_u8(&footer, 0);
    buffer_put_u64(&footer, UINT64_C(0xdb4775248b80fb57));
    buffer_put(file, footer.data, footer.size);
    buffer_release(&index);
    buffer_release(&footer);
}

void table_of(struct buffer *file, const struct buffer *entries)
{
    struct buffer handle = {0};
    table_block(file, entries, 0, &handle);
    table_end(file, &handle, 1);
    buffer_release(&handle);
}
