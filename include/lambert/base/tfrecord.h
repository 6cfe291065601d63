/* How TFRecords lie in a file, those of examples that are read and those of events that are written. A record is
 *
 *     u64 length; u32 masked CRC-32C of the length; data; u32 masked CRC-32C of the data
 *
 * little-endian; masked(c) = ((c >> 15) | (c << 17)) + 0xa282ead8. CRC-32C is Castagnoli's, not zlib's. */
#ifndef LAMBERT_BASE_TFRECORD_H
#define LAMBERT_BASE_TFRECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"

enum { TFRECORD_HEAD = 12 }; /* bytes before the data */

/* Whether a record begins so; its length, if it does. */
bool tfrecord_head_read(const uint8_t head[TFRECORD_HEAD], uint64_t *length);

/* Whether this checksum is the data's. */
bool tfrecord_data_holds(const void *data, size_t size, const uint8_t checksum[4]);

/* Appends a whole record. */
void tfrecord_put(struct buffer *out, const void *data, size_t size);

#endif
