/* A file read from its beginning, inflated where it is gzip (several members one behind the other
 * are one text, as gunzip has it). */
#ifndef LAMBERT_TEXT_INPUT_STREAM_H
#define LAMBERT_TEXT_INPUT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"

struct input_stream {
    const char *path; /* "-": standard input */
    int file;
    uint8_t *block;
    size_t position, filled; /* in block */
    bool at_end;             /* of the file as stored */
    bool gzip;
    bool inside; /* a gzip member */
    z_stream inflater;
    uint64_t taken; /* bytes as stored */
};

int input_stream_open(struct input_stream *stream, const char *path, struct error *err);
void input_stream_close(struct input_stream *stream); /* fine on a zeroed one */

/* Appends up to `wanted` bytes of text; fewer only at the end. */
int input_stream_read(struct input_stream *stream, size_t wanted, struct buffer *text,
                      struct error *err);

#endif
