/* A file read from its beginning: decompressed where it is compressed (text/compression.h; several
 * members one behind the other are one text), and decoded to UTF-8 where a byte-order mark or the caller
 * says that it is something else. */
#ifndef LAMBERT_TEXT_INPUT_STREAM_H
#define LAMBERT_TEXT_INPUT_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "lambert/text/compression.h"

enum { INPUT_HEAD = 64 * 1024 }; /* bytes of a file that are looked at for what it is */

struct decoder;
struct decompressor;

struct input_stream {
    char *path; /* "-": standard input */
    int file;
    uint8_t *block;
    size_t position, filled; /* in block */
    bool at_end;             /* of the file as stored */
    uint64_t taken;          /* bytes as stored */

    enum compression compression;
    struct decompressor *decompressor; /* NULL: it is not compressed */
    struct buffer head; /* its first INPUT_HEAD bytes, decompressed; fewer: all it has */
    size_t head_taken;

    const char *encoding;    /* NULL: UTF-8, handed on as it is */
    struct decoder *decoder; /* NULL where encoding is */
    struct buffer decoded;   /* text that waits to be read, from decoded_taken on */
    size_t decoded_taken;
    bool decoded_all;
    uint64_t undecoded; /* bytes that are no character in the encoding, left out so far */
    uint64_t encoded;   /* bytes that were decoded so far */
};

/* `encoding` is believed where there is no mark; NULL: UTF-8. It must live as long as the stream. The
 * mark of UTF-8 is left in the text, other marks are not. Reads the head, so that what is damaged there
 * is an error here. */
int input_stream_open(struct input_stream *stream, const char *path, const char *encoding,
                      struct error *err);
void input_stream_close(struct input_stream *stream); /* fine on a zeroed one */

/* Appends up to `wanted` bytes of text; fewer only at the end. Damage is an error that names the file
 * and what is wrong with it. */
int input_stream_read(struct input_stream *stream, size_t wanted, struct buffer *text,
                      struct error *err);

/* Appends all the text of a file; encoding as in input_stream_open(). */
int input_stream_read_all(const char *path, const char *encoding, struct buffer *text,
                          struct error *err);

#endif
