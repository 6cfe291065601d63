#include "lambert/text/input_stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "decoder.h"
#include "decompressor.h"
#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/text/text_encoding.h"

enum { BLOCK = 256 * 1024 };

/* --- as stored -------------------------------------------------------------------------------- */

/* Reads until the block is full or the file ends: a pipe gives what it has. */
static int fill_block(struct input_stream *stream, struct error *err)
{
    stream->position = stream->filled = 0;
    while (stream->filled < BLOCK && !stream->at_end) {
        ssize_t got = read(stream->file, stream->block + stream->filled, BLOCK - stream->filled);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_errno(err, "cannot read the text file %s", stream->path);
        stream->at_end = got == 0;
        stream->filled += (size_t)got;
    }
    stream->taken += stream->filled;
    return 0;
}

/* --- decompressed ----------------------------------------------------------------------------- */

static int damaged(const struct input_stream *stream, const char *how, struct error *err)
{
    return error_set(err, "the %s file %s is damaged: %s; fetch or compress it again",
                     compression_names[stream->compression], stream->path, how);
}

static int start_decompressor(struct input_stream *stream, struct error *err)
{
    const char *why;
    stream->compression = compression_of(stream->block, stream->filled);
    if (stream->compression == COMPRESSION_NONE)
        return 0;
    stream->decompressor = memory_new(1, sizeof *stream->decompressor);
    if (decompressor_open(stream->decompressor, stream->compression, &why) == 0)
        return 0;
    return error_set(err, "cannot read %s: %s", stream->path, why);
}

/* Appends what one step gives, at most `wanted` bytes: it may come to none. */
static int decompress_some(struct input_stream *stream, size_t wanted, struct buffer *bytes,
                           struct error *err)
{
    const size_t room = min_size(wanted, BLOCK);
    const char *why;
    struct decompressor_step step = {.in = stream->block + stream->position,
                                     .in_size = stream->filled - stream->position,
                                     .last = stream->at_end,
                                     .out = buffer_grow(bytes, room),
                                     .out_size = room};
    const bool nothing_left = step.last && step.in_size == 0;
    const int status = decompressor_step(stream->decompressor, &step, &why);
    bytes->size -= step.out_size;
    stream->position = stream->filled - step.in_size;
    if (status < 0)
        return damaged(stream, why, err);
    if (nothing_left && stream->decompressor->inside && step.out_size == room)
        return damaged(stream, "its end is missing", err);
    return 0;
}

/* Appends up to `wanted` bytes of the file, decompressed; fewer only at the end. */
static int read_stored(struct input_stream *stream, size_t wanted, struct buffer *bytes,
                       struct error *err)
{
    const size_t end = bytes->size + wanted;
    while (bytes->size < end) {
        if (stream->position == stream->filled && !stream->at_end && fill_block(stream, err) < 0)
            return -1;
        const size_t left = stream->filled - stream->position;
        const bool inside = stream->decompressor && stream->decompressor->inside;
        if (left == 0 && stream->at_end && !inside)
            return 0;
        if (stream->decompressor) {
            if (decompress_some(stream, end - bytes->size, bytes, err) < 0)
                return -1;
        } else {
            const size_t part = min_size(left, end - bytes->size);
            buffer_put(bytes, stream->block + stream->position, part);
            stream->position += part;
        }
    }
    return 0;
}

/* The same, the head being read again first. */
static int read_bytes(struct input_stream *stream, size_t wanted, struct buffer *bytes,
                      struct error *err)
{
    const size_t again = min_size(wanted, stream->head.size - stream->head_taken);
    buffer_put(bytes, stream->head.data + stream->head_taken, again);
    stream->head_taken += again;
    return again == wanted ? 0 : read_stored(stream, wanted - again, bytes, err);
}

/* --- decoded ---------------------------------------------------------------------------------- */

static int start_decoder(struct input_stream *stream, const char *encoding, struct error *err)
{
    size_t mark;
    const char *marked = text_encoding_of_mark(stream->head.data, stream->head.size, &mark);
    const char *name = marked ? marked : encoding;
    if (text_encoding_is_utf8(name))
        return 0;
    stream->encoding = name;
    stream->head_taken = mark;
    stream->decoder = memory_new(1, sizeof *stream->decoder);
    return decoder_open(stream->decoder, name, err);
}

/* Decodes some more: it may come to nothing. */
static int decode_some(struct input_stream *stream, struct error *err)
{
    struct buffer bytes = {0};
    buffer_reset(&stream->decoded);
    stream->decoded_taken = 0;
    int status = read_bytes(stream, INPUT_HEAD, &bytes, err);
    if (status == 0) {
        stream->decoded_all = bytes.size < INPUT_HEAD;
        decoder_put(stream->decoder, bytes.data, bytes.size, stream->decoded_all, &stream->decoded);
        stream->encoded += bytes.size;
        stream->undecoded = stream->decoder->undecoded;
    }
    buffer_release(&bytes);
    return status;
}

int input_stream_read(struct input_stream *stream, size_t wanted, struct buffer *text,
                      struct error *err)
{
    if (!stream->decoder)
        return read_bytes(stream, wanted, text, err);
    const size_t end = text->size + wanted;
    while (text->size < end) {
        const size_t left = stream->decoded.size - stream->decoded_taken;
        if (left == 0) {
            if (stream->decoded_all)
                return 0;
            if (decode_some(stream, err) < 0)
                return -1;
            continue;
        }
        const size_t part = min_size(left, end - text->size);
        buffer_put(text, stream->decoded.data + stream->decoded_taken, part);
        stream->decoded_taken += part;
    }
    return 0;
}

int input_stream_read_all(const char *path, const char *encoding, struct buffer *text,
                          struct error *err)
{
    struct input_stream stream;
    if (input_stream_open(&stream, path, encoding, err) < 0)
        return -1;
    const int status = input_stream_read(&stream, SIZE_MAX - text->size, text, err);
    input_stream_close(&stream);
    return status;
}

/* ---------------------------------------------------------------------------------------------- */

int input_stream_open(struct input_stream *stream, const char *path, const char *encoding,
                      struct error *err)
{
    *stream = (struct input_stream){0};
    const bool standard = strcmp(path, "-") == 0;
    stream->file = standard ? dup(STDIN_FILENO) : file_open_stream(path, err);
    if (stream->file < 0)
        return standard ? error_errno(err, "cannot read the standard input") : -1;
    stream->path = memory_copy_text(path);
    stream->block = memory_new(BLOCK, 1);
    if (fill_block(stream, err) < 0 || start_decompressor(stream, err) < 0 ||
        read_stored(stream, INPUT_HEAD, &stream->head, err) < 0 ||
        start_decoder(stream, encoding, err) < 0) {
        input_stream_close(stream);
        return -1;
    }
    return 0;
}

void input_stream_close(struct input_stream *stream)
{
    if (!stream->block)
        return;
    if (stream->decompressor)
        decompressor_close(stream->decompressor);
    if (stream->decoder)
        decoder_close(stream->decoder);
    close(stream->file);
    free(stream->path);
    free(stream->block);
    free(stream->decompressor);
    free(stream->decoder);
    buffer_release(&stream->head);
    buffer_release(&stream->decoded);
    *stream = (struct input_stream){0};
}
