/* A growable run of bytes ({0} is an empty one), and a reader over bytes that cannot run past the
 * end. Numbers are written little-endian whatever the machine. */
#ifndef LAMBERT_BASE_BUFFER_H
#define LAMBERT_BASE_BUFFER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buffer {
    uint8_t *data;
    size_t size;
    size_t capacity;
};

void buffer_release(struct buffer *buffer);
void buffer_reset(struct buffer *buffer);               /* empty, memory kept */
void *buffer_grow(struct buffer *buffer, size_t extra); /* size += extra; the new part */
void buffer_reserve(struct buffer *buffer, size_t capacity);
void buffer_put(struct buffer *buffer, const void *data, size_t size);
void buffer_put_u8(struct buffer *buffer, uint8_t value);
void buffer_put_u16(struct buffer *buffer, uint16_t value);
void buffer_put_u32(struct buffer *buffer, uint32_t value);
void buffer_put_u64(struct buffer *buffer, uint64_t value);
void buffer_print(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* appends text; no terminating NUL is counted */
void buffer_vprint(struct buffer *buffer, const char *format, va_list args);
const char *buffer_text(struct buffer *buffer); /* the bytes as a C string (a NUL is kept behind) */

/* A reader: after running past the end every read gives 0 and `overrun` stays true. */
struct byte_reader {
    const uint8_t *data;
    size_t size;
    size_t position;
    bool overrun;
};

void byte_reader_init(struct byte_reader *reader, const void *data, size_t size);
uint32_t byte_reader_u32(struct byte_reader *reader);
uint64_t byte_reader_u64(struct byte_reader *reader);
const void *byte_reader_bytes(struct byte_reader *reader, size_t size); /* NULL when overrun */

#endif
