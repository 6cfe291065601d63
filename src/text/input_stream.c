#include "lambert/text/input_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/memory.h"

enum { BLOCK = 256 * 1024, GZIP_WINDOW = 15 + 16 };

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

int input_stream_open(struct input_stream *stream, const char *path, struct error *err)
{
    *stream = (struct input_stream){.path = path};
    stream->file = strcmp(path, "-") == 0 ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    if (stream->file < 0)
        return error_errno(err, "cannot open the text file %s", path);
    stream->block = memory_new(BLOCK, 1);
    if (fill_block(stream, err) < 0)
        goto fail;
    stream->gzip = stream->filled >= 2 && stream->block[0] == 0x1F && stream->block[1] == 0x8B;
    if (stream->gzip && inflateInit2(&stream->inflater, GZIP_WINDOW) != Z_OK) {
        stream->gzip = false;
        error_set(err, "zlib cannot start to inflate %s: no memory", path);
        goto fail;
    }
    stream->inside = stream->gzip;
    return 0;

fail:
    input_stream_close(stream);
    return -1;
}

void input_stream_close(struct input_stream *stream)
{
    if (!stream->block)
        return;
    if (stream->gzip)
        inflateEnd(&stream->inflater);
    close(stream->file);
    free(stream->block);
    *stream = (struct input_stream){0};
}

static int damaged(const struct input_stream *stream, const char *how, struct error *err)
{
    return error_set(err, "the gzip file %s is damaged: %s; fetch or compress it again",
                     stream->path, how);
}

/* What follows a member is another one, the end, or zeros, which tapes and archivers leave. */
static int next_member(struct input_stream *stream, struct error *err)
{
    const uint8_t *rest = stream->block + stream->position;
    size_t left = stream->filled - stream->position;
    if (left == 0)
        return 0;
    if (rest[0] == 0) {
        stream->position++;
        return 0;
    }
    if (rest[0] != 0x1F)
        return damaged(stream, "it goes on behind its end with what is not gzip", err);
    inflateReset(&stream->inflater);
    stream->inside = true;
    return 0;
}

/* Appends to text what one call of inflate() gives, at most `wanted` bytes. */
static int inflate_some(struct input_stream *stream, size_t wanted, struct buffer *text,
                        struct error *err)
{
    z_stream *z = &stream->inflater;
    size_t room = wanted < BLOCK ? wanted : BLOCK;
    z->next_in = stream->block + stream->position;
    z->avail_in = (uInt)(stream->filled - stream->position);
    z->next_out = buffer_grow(text, room);
    z->avail_out = (uInt)room;
    int code = inflate(z, Z_NO_FLUSH);
    text->size -= z->avail_out;
    stream->position = stream->filled - z->avail_in;
    stream->inside = code != Z_STREAM_END;
    if (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR)
        return 0;
    return damaged(stream, z->msg ? z->msg : "it cannot be inflated", err);
}

/* Takes one step towards more text: it may come to none. */
static int read_some(struct input_stream *stream, size_t wanted, struct buffer *text,
                     struct error *err)
{
    size_t left = stream->filled - stream->position;
    if (stream->gzip)
        return stream->inside ? inflate_some(stream, wanted, text, err) : next_member(stream, err);
    size_t part = left < wanted ? left : wanted;
    buffer_put(text, stream->block + stream->position, part);
    stream->position += part;
    return 0;
}

int input_stream_read(struct input_stream *stream, size_t wanted, struct buffer *text,
                      struct error *err)
{
    const size_t end = text->size + wanted;
    while (text->size < end) {
        if (stream->position == stream->filled && !stream->at_end && fill_block(stream, err) < 0)
            return -1;
        if (stream->position == stream->filled && stream->at_end) {
            size_t before = text->size;
            if (!stream->inside)
                return 0;
            if (inflate_some(stream, end - text->size, text, err) < 0) /* what zlib still holds */
                return -1;
            if (stream->inside && text->size == before)
                return damaged(stream, "its end is missing", err);
        } else if (read_some(stream, end - text->size, text, err) < 0) {
            return -1;
        }
    }
    return 0;
}
