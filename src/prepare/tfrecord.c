#include "tfrecord.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/tfrecord.h"

/* LONGEST is a thousand times what an example of pre-training takes, and fits an int. */
enum { STORED_BYTES = 1 << 16, LONGEST = 1 << 28, ANY_WRAPPER = 15 + 32 };

/* --- bytes ------------------------------------------------------------------------------------ */

/* The two bytes that gzip and zlib streams begin with (RFC 1952, RFC 1950). */
static bool begins_compressed(const uint8_t *head)
{
    bool gzip = head[0] == 0x1f && head[1] == 0x8b;
    return gzip || ((head[0] & 0x0f) == Z_DEFLATED && (head[0] << 8 | head[1]) % 31 == 0);
}

int tfrecord_open(struct tfrecord_file *file, const char *path, struct error *err)
{
    uint8_t head[TFRECORD_HEAD];
    *file = (struct tfrecord_file){.path = path, .stream = fopen(path, "rb")};
    if (!file->stream)
        return error_errno(err, "cannot open %s", path);
    const size_t got = fread(head, 1, sizeof head, file->stream);
    uint64_t length;
    const bool plain = got == sizeof head && tfrecord_head_read(head, &length);
    if (ferror(file->stream) || fseek(file->stream, 0, SEEK_SET) != 0) {
        error_errno(err, "cannot read %s", path);
        goto fail;
    }
    if (plain || got < 2 || !begins_compressed(head))
        return 0;
    if (inflateInit2(&file->inflater, ANY_WRAPPER) != Z_OK) {
        error_set(err, "zlib cannot start: %s",
                  file->inflater.msg ? file->inflater.msg : "no memory");
        goto fail;
    }
    file->compressed = true;
    file->stored = memory_new(STORED_BYTES, 1);
    return 0;
fail:
    tfrecord_close(file);
    return -1;
}

void tfrecord_close(struct tfrecord_file *file)
{
    if (file->compressed)
        inflateEnd(&file->inflater);
    if (file->stream)
        fclose(file->stream);
    free(file->stored);
    buffer_release(&file->data);
    *file = (struct tfrecord_file){0};
}

static int damaged(const struct tfrecord_file *file, const char *what, struct error *err)
{
    return error_set(err, "%s, record %" PRIu64 ": %s; the file is damaged, copy it anew",
                     file->path, file->records + 1, what);
}

static int read_stored(struct tfrecord_file *file, void *out, size_t wanted, size_t *got,
                       struct error *err)
{
    *got = fread(out, 1, wanted, file->stream);
    if (*got < wanted && ferror(file->stream))
        return error_errno(err, "cannot read %s", file->path);
    return 0;
}

/* One step of inflating. 0 at the end of the file. */
static int inflate_some(struct tfrecord_file *file, struct error *err)
{
    z_stream *z = &file->inflater;
    if (z->avail_in == 0) {
        size_t got;
        if (read_stored(file, file->stored, STORED_BYTES, &got, err) < 0)
            return -1;
        if (got == 0)
            return file->inside ? damaged(file, "its compressed data are cut short", err) : 0;
        z->next_in = file->stored;
        z->avail_in = (uInt)got;
    }
    file->inside = true;
    int status = inflate(z, Z_NO_FLUSH);
    if (status == Z_STREAM_END) {
        file->inside = false;
        status = inflateReset(z); /* another member may follow */
    }
    return status == Z_OK || status == Z_BUF_ERROR
               ? 1
               : damaged(file, "its compressed data cannot be inflated", err);
}

/* Reads up to `wanted` bytes; fewer only at the end. */
static int read_bytes(struct tfrecord_file *file, void *out, size_t wanted, size_t *got,
                      struct error *err)
{
    int status = 1;
    if (!file->compressed)
        return read_stored(file, out, wanted, got, err);
    file->inflater.next_out = out;
    file->inflater.avail_out = (uInt)wanted;
    while (status == 1 && file->inflater.avail_out > 0)
        status = inflate_some(file, err);
    *got = wanted - file->inflater.avail_out;
    return status < 0 ? -1 : 0;
}

/* --- records ---------------------------------------------------------------------------------- */

static int read_head(struct tfrecord_file *file, uint64_t *length, struct error *err)
{
    uint8_t head[TFRECORD_HEAD];
    size_t got;
    if (read_bytes(file, head, sizeof head, &got, err) < 0)
        return -1;
    if (got == 0)
        return 0;
    if (got < sizeof head)
        return damaged(file, "it is cut short in its first bytes", err);
    if (!tfrecord_head_read(head, length))
        return damaged(file, "the checksum of its length is wrong", err);
    if (*length > LONGEST)
        return error_set(err,
                         "%s, record %" PRIu64 ": it has %" PRIu64
                         " bytes, which no example of pre-training has; is this another "
                         "program's file?",
                         file->path, file->records + 1, *length);
    return 1;
}

int tfrecord_next(struct tfrecord_file *file, const uint8_t **data, size_t *size, struct error *err)
{
    uint64_t length = 0;
    size_t got;
    int status = read_head(file, &length, err);
    if (status != 1)
        return status;
    *size = (size_t)length;
    buffer_reset(&file->data);
    uint8_t *bytes = buffer_grow(&file->data, *size + sizeof(uint32_t));
    if (read_bytes(file, bytes, file->data.size, &got, err) < 0)
        return -1;
    if (got < file->data.size)
        return damaged(file, "it is cut short", err);
    if (!tfrecord_data_holds(bytes, *size, bytes + *size))
        return damaged(file, "the checksum of its data is wrong", err);
    *data = bytes;
    file->records++;
    return 1;
}

bool tfrecord_is(const char *path)
{
    struct tfrecord_file file;
    struct error err;
    uint8_t head[TFRECORD_HEAD];
    uint64_t length;
    size_t got = 0;
    if (tfrecord_open(&file, path, &err) < 0)
        return false;
    bool is = read_bytes(&file, head, sizeof head, &got, &err) == 0 && got == sizeof head &&
              tfrecord_head_read(head, &length);
    tfrecord_close(&file);
    return is;
}
