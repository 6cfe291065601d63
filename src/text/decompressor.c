#include "decompressor.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"

static const char no_memory[] = "there is no memory to decompress it";

static int fails(const char **why, const char *because)
{
    *why = because;
    return -1;
}

/* Between two members: zeros, which tapes and archivers leave, are passed over. Whether a member
 * begins, by its first byte. */
static bool next_member(struct decompressor_step *step, uint8_t first)
{
    while (step->in_size > 0 && *step->in == 0) {
        step->in++;
        step->in_size--;
    }
    return step->in_size > 0 && *step->in == first;
}

/* --- gzip ------------------------------------------------------------------------------------- */

enum { GZIP_WINDOW = 15 + 16 };

static int gzip_open(struct decompressor *d, const char **why)
{
    d->state = memory_new(1, sizeof(z_stream));
    if (inflateInit2(d->state, GZIP_WINDOW) == Z_OK)
        return 0;
    free(d->state);
    return fails(why, no_memory);
}

static void gzip_close(struct decompressor *d)
{
    inflateEnd(d->state);
    free(d->state);
}

static int gzip_step(struct decompressor *d, struct decompressor_step *step, const char **why)
{
    z_stream *z = d->state;
    if (!d->inside) {
        if (!next_member(step, 0x1F))
            return step->in_size == 0
                       ? 0
                       : fails(why, "it goes on behind its end with what is not gzip");
        inflateReset(z);
        d->inside = true;
    }
    const uInt in = (uInt)min_size(step->in_size, INT_MAX);
    const uInt out = (uInt)min_size(step->out_size, INT_MAX);
    z->next_in = (uint8_t *)step->in;
    z->avail_in = in;
    z->next_out = step->out;
    z->avail_out = out;
    int code = inflate(z, Z_NO_FLUSH);
    step->in += in - z->avail_in;
    step->in_size -= in - z->avail_in;
    step->out += out - z->avail_out;
    step->out_size -= out - z->avail_out;
    d->inside = code != Z_STREAM_END;
    if (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR)
        return 0;
    return fails(why, z->msg ? z->msg : "it cannot be inflated");
}

/* --- zstd ------------------------------------------------------------------------------------- */

/* zstd --long=31 makes files that are read with a window of 2 GB, and asks for the same option to
 * read them. The memory is taken for such a file alone. */
enum { ZSTD_LONGEST_WINDOW = 31 };

static int zstd_open(struct decompressor *d, const char **why)
{
    d->state = ZSTD_createDStream();
    if (!d->state)
        return fails(why, no_memory);
    ZSTD_DCtx_setParameter(d->state, ZSTD_d_windowLogMax, ZSTD_LONGEST_WINDOW);
    return 0;
}

static void zstd_close(struct decompressor *d)
{
    ZSTD_freeDStream(d->state);
}

static int zstd_step(struct decompressor *d, struct decompressor_step *step, const char **why)
{
    if (!d->inside && step->in_size == 0)
        return 0;
    ZSTD_inBuffer in = {.src = step->in, .size = step->in_size};
    ZSTD_outBuffer out = {.dst = step->out, .size = step->out_size};
    const size_t code = ZSTD_decompressStream(d->state, &out, &in);
    if (ZSTD_isError(code))
        return fails(why, ZSTD_getErrorCode(code) == ZSTD_error_prefix_unknown
                              ? "it goes on behind its end with what is not zstd"
                              : ZSTD_getErrorName(code));
    step->in += in.pos;
    step->in_size -= in.pos;
    step->out += out.pos;
    step->out_size -= out.pos;
    d->inside = code != 0; /* 0: a frame has ended, and all of it was given */
    return 0;
}

/* --- xz ----------------------------------------------------------------------------------------- */

static int xz_open(struct decompressor *d, const char **why)
{
    lzma_stream *xz = memory_new(1, sizeof *xz);
    *xz = (lzma_stream)LZMA_STREAM_INIT;
    d->state = xz;
    if (lzma_auto_decoder(xz, UINT64_MAX, LZMA_CONCATENATED) == LZMA_OK)
        return 0;
    free(xz);
    return fails(why, no_memory);
}

static void xz_close(struct decompressor *d)
{
    lzma_end(d->state);
    free(d->state);
}

static const char *xz_words(lzma_ret code)
{
    switch (code) {
    case LZMA_FORMAT_ERROR:
        return "it goes on behind its end with what is not xz";
    case LZMA_OPTIONS_ERROR:
        return "it was packed in a way that liblzma does not know";
    case LZMA_MEM_ERROR:
    case LZMA_MEMLIMIT_ERROR:
        return no_memory;
    default:
        return "its data do not hold what its checksums say, or it goes on behind its end with what is "
               "not xz";
    }
}

/* The library finds further streams and their padding itself, and has to be told where the file ends. */
static int xz_step(struct decompressor *d, struct decompressor_step *step, const char **why)
{
    lzma_stream *xz = d->state;
    if (!d->inside)
        return step->in_size == 0 ? 0 : fails(why, "it goes on behind its end with what is not xz");
    xz->next_in = step->in;
    xz->avail_in = step->in_size;
    xz->next_out = step->out;
    xz->avail_out = step->out_size;
    const lzma_ret code = lzma_code(xz, step->last ? LZMA_FINISH : LZMA_RUN);
    step->in = xz->next_in;
    step->in_size = xz->avail_in;
    step->out = xz->next_out;
    step->out_size = xz->avail_out;
    d->inside = code != LZMA_STREAM_END;
    if (code == LZMA_OK || code == LZMA_STREAM_END || code == LZMA_BUF_ERROR ||
        code == LZMA_GET_CHECK || code == LZMA_NO_CHECK || code == LZMA_UNSUPPORTED_CHECK)
        return 0;
    return fails(why, xz_words(code));
}

/* --- bzip2 ------------------------------------------------------------------------------------ */

struct bzip2_state {
    bz_stream stream;
    bool open; /* the library wants a new one for each member */
};

static void bzip2_end(struct bzip2_state *state)
{
    if (state->open)
        BZ2_bzDecompressEnd(&state->stream);
    state->open = false;
}

static int bzip2_begin(struct bzip2_state *state, const char **why)
{
    bzip2_end(state);
    state->stream = (bz_stream){0};
    state->open = BZ2_bzDecompressInit(&state->stream, 0, 0) == BZ_OK;
    return state->open ? 0 : fails(why, no_memory);
}

static int bzip2_open(struct decompressor *d, const char **why)
{
    d->state = memory_new(1, sizeof(struct bzip2_state));
    if (bzip2_begin(d->state, why) == 0)
        return 0;
    free(d->state);
    return -1;
}

static void bzip2_close(struct decompressor *d)
{
    bzip2_end(d->state);
    free(d->state);
}

static int bzip2_step(struct decompressor *d, struct decompressor_step *step, const char **why)
{
    struct bzip2_state *state = d->state;
    bz_stream *bz = &state->stream;
    if (!d->inside) {
        if (!next_member(step, 'B'))
            return step->in_size == 0
                       ? 0
                       : fails(why, "it goes on behind its end with what is not bzip2");
        if (bzip2_begin(state, why) < 0)
            return -1;
        d->inside = true;
    }
    const unsigned in = (unsigned)min_size(step->in_size, INT_MAX);
    const unsigned out = (unsigned)min_size(step->out_size, INT_MAX);
    bz->next_in = (char *)step->in;
    bz->avail_in = in;
    bz->next_out = (char *)step->out;
    bz->avail_out = out;
    const int code = BZ2_bzDecompress(bz);
    step->in += in - bz->avail_in;
    step->in_size -= in - bz->avail_in;
    step->out += out - bz->avail_out;
    step->out_size -= out - bz->avail_out;
    d->inside = code != BZ_STREAM_END;
    if (code == BZ_OK || code == BZ_STREAM_END)
        return 0;
    return fails(why, code == BZ_MEM_ERROR ? no_memory
                      : code == BZ_DATA_ERROR_MAGIC
                          ? "it goes on behind its end with what is not bzip2"
                          : "its data do not hold what its checksums say");
}

/* --- any of them ------------------------------------------------------------------------------ */

static const struct {
    int (*open)(struct decompressor *d, const char **why);
    int (*step)(struct decompressor *d, struct decompressor_step *step, const char **why);
    void (*close)(struct decompressor *d);
} kinds[COMPRESSIONS] = {[COMPRESSION_GZIP] = {gzip_open, gzip_step, gzip_close},
                         [COMPRESSION_ZSTD] = {zstd_open, zstd_step, zstd_close},
                         [COMPRESSION_XZ] = {xz_open, xz_step, xz_close},
                         [COMPRESSION_BZIP2] = {bzip2_open, bzip2_step, bzip2_close}};

int decompressor_open(struct decompressor *d, enum compression kind, const char **why)
{
    require(kind != COMPRESSION_NONE);
    *d = (struct decompressor){.kind = kind, .inside = true};
    if (kinds[kind].open(d, why) == 0)
        return 0;
    *d = (struct decompressor){0};
    return -1;
}

void decompressor_close(struct decompressor *d)
{
    if (d->state)
        kinds[d->kind].close(d);
    *d = (struct decompressor){0};
}

int decompressor_step(struct decompressor *d, struct decompressor_step *step, const char **why)
{
    return kinds[d->kind].step(d, step, why);
}
