/* Bytes compressed in each of the ways that text is read from. */
#ifndef LAMBERT_TESTS_TEXT_PACKED_H
#define LAMBERT_TESTS_TEXT_PACKED_H

#include "lambert/base/buffer.h"
#include "lambert/text/compression.h"

/* Appends one member (frame, stream) to `out`. */
void put_packed(struct buffer *out, enum compression kind, const void *data, size_t size);

#endif
