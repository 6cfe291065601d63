#include "lambert/base/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/error.h"
#include "lambert/base/memory.h"

void buffer_release(struct buffer *buffer)
{
    free(buffer->data);
    *buffer = (struct buffer){0};
}

void buffer_reset(struct buffer *buffer)
{
    buffer->size = 0;
}

void buffer_reserve(struct buffer *buffer, size_t capacity)
{
    if (capacity <= buffer->capacity)
        return;
    buffer->data = memory_resize(buffer->data, capacity, 1);
    buffer->capacity = capacity;
}

/* By half as much again, so that appending costs constant time in the long run. */
static void make_room(struct buffer *buffer, size_t extra)
{
    size_t wanted;
    if (__builtin_add_overflow(buffer->size, extra, &wanted))
        bug("a buffer of %zu bytes cannot grow by %zu", buffer->size, extra);
    if (wanted <= buffer->capacity)
        return;
    size_t half_more = buffer->capacity + buffer->capacity / 2;
    buffer_reserve(buffer, wanted > half_more ? wanted + 32 : half_more);
}

void *buffer_grow(struct buffer *buffer, size_t extra)
{
    make_room(buffer, extra == 0 ? 1 : extra);
    void *part = buffer->data + buffer->size;
    buffer->size += extra;
    return part;
}

void buffer_put(struct buffer *buffer, const void *data, size_t size)
{
    if (size != 0)
        memcpy(buffer_grow(buffer, size), data, size);
}

static void put_little_endian(struct buffer *buffer, uint64_t value, int bytes)
{
    uint8_t *out = buffer_grow(buffer, (size_t)bytes);
    for (int i = 0; i < bytes; i++)
        out[i] = (uint8_t)(value >> (8 * i));
}

void buffer_put_u8(struct buffer *buffer, uint8_t value)
{
    put_little_endian(buffer, value, 1);
}

void buffer_put_u16(struct buffer *buffer, uint16_t value)
{
    put_little_endian(buffer, value, 2);
}

void buffer_put_u32(struct buffer *buffer, uint32_t value)
{
    put_little_endian(buffer, value, 4);
}

void buffer_put_u64(struct buffer *buffer, uint64_t value)
{
    put_little_endian(buffer, value, 8);
}

void buffer_vprint(struct buffer *buffer, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    require(length >= 0);
    make_room(buffer, (size_t)length + 1);
    vsnprintf((char *)buffer->data + buffer->size, (size_t)length + 1, format, again);
    va_end(again);
    buffer->size += (size_t)length;
}

void buffer_print(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    buffer_vprint(buffer, format, args);
    va_end(args);
}

const char *buffer_text(struct buffer *buffer)
{
    make_room(buffer, 1);
    buffer->data[buffer->size] = '\0';
    return (const char *)buffer->data;
}

void byte_reader_init(struct byte_reader *reader, const void *data, size_t size)
{
    /* No bytes still have a place, so that "0 bytes" and "overrun" stay apart. */
    *reader = (struct byte_reader){.data = data ? data : (const uint8_t *)"", .size = size};
}

const void *byte_reader_bytes(struct byte_reader *reader, size_t size)
{
    if (reader->overrun || size > reader->size - reader->position) {
        reader->overrun = true;
        return NULL;
    }
    const uint8_t *bytes = reader->data + reader->position;
    reader->position += size;
    return bytes;
}

static uint64_t little_endian(struct byte_reader *reader, int bytes)
{
    const uint8_t *in = byte_reader_bytes(reader, (size_t)bytes);
    uint64_t value = 0;
    for (int i = 0; in && i < bytes; i++)
        value |= (uint64_t)in[i] << (8 * i);
    return value;
}

uint32_t byte_reader_u32(struct byte_reader *reader)
{
    return (uint32_t)little_endian(reader, 4);
}

uint64_t byte_reader_u64(struct byte_reader *reader)
{
    return little_endian(reader, 8);
}
