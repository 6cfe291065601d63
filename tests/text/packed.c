#include "packed.h"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "lambert/base/error.h"

enum { ROOM = 4096 };

static void put_gzip(struct buffer *out, const void *data, size_t size)
{
    z_stream z = {0};
    const size_t room = 2 * size + ROOM;
    require(deflateInit2(&z, 1, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    z.next_in = (uint8_t *)data;
    z.avail_in = (uInt)size;
    z.next_out = buffer_grow(out, room);
    z.avail_out = (uInt)room;
    require(deflate(&z, Z_FINISH) == Z_STREAM_END);
    out->size -= z.avail_out;
    deflateEnd(&z);
}

static void put_zstd(struct buffer *out, const void *data, size_t size)
{
    const size_t room = 2 * size + ROOM;
    ZSTD_CCtx *context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1); /* as the zstd command does */
    const size_t got = ZSTD_compress2(context, buffer_grow(out, room), room, data, size);
    require(!ZSTD_isError(got));
    out->size -= room - got;
    ZSTD_freeCCtx(context);
}

static void put_xz(struct buffer *out, const void *data, size_t size)
{
    const size_t room = 2 * size + ROOM;
    size_t got = 0;
    require(lzma_easy_buffer_encode(0, LZMA_CHECK_CRC64, NULL, data, size, buffer_grow(out, room),
                                    &got, room) == LZMA_OK);
    out->size -= room - got;
}

static void put_bzip2(struct buffer *out, const void *data, size_t size)
{
    const size_t room = 2 * size + ROOM;
    char empty[] = "";
    unsigned got = (unsigned)room;
    require(BZ2_bzBuffToBuffCompress(buffer_grow(out, room), &got, data ? (char *)data : empty,
                                     (unsigned)size, 1, 0, 0) == BZ_OK);
    out->size -= room - got;
}

void put_packed(struct buffer *out, enum compression kind, const void *data, size_t size)
{
    static void (*const put[COMPRESSIONS])(struct buffer *, const void *,
                                           size_t) = {[COMPRESSION_NONE] = buffer_put,
                                                      [COMPRESSION_GZIP] = put_gzip,
                                                      [COMPRESSION_ZSTD] = put_zstd,
                                                      [COMPRESSION_XZ] = put_xz,
                                                      [COMPRESSION_BZIP2] = put_bzip2};
    put[kind](out, data, size);
}
