/* Compressed bytes in, text out, a block at a time: gzip, zstd, xz (and its elder, .lzma) and bzip2.
 *
 *     kind = compression_of(head, size);
 *     decompressor_open(&d, kind, &why);
 *     while (...) decompressor_step(&d, &step, &why);
 *     decompressor_close(&d);
 *
 * What its own tool makes of several members (frames, streams) one behind the other is made of them
 * here: one text. Behind the last one may stand what that tool lets stand there in silence: zeros behind
 * gzip and bzip2, frames to be skipped behind zstd, padding of four zeros and more behind xz. What gunzip
 * and bunzip2 leave out with a warning is damage here. */
#ifndef LAMBERT_TEXT_DECOMPRESSOR_H
#define LAMBERT_TEXT_DECOMPRESSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/text/compression.h"

struct decompressor {
    enum compression kind;
    void *state; /* of the library */
    bool inside; /* a member that has begun and not ended: `false` where the file may end */
};

struct decompressor_step {
    const uint8_t *in; /* moved on over what was taken */
    size_t in_size;
    bool last;    /* nothing follows these bytes in the file */
    uint8_t *out; /* moved on over what was given */
    size_t out_size;
};

/* -1: *why says what is wrong, in the words of "the file is damaged: ...". */
int decompressor_open(struct decompressor *d, enum compression kind, const char **why);
void decompressor_close(struct decompressor *d); /* fine on a zeroed one */

/* Takes bytes in or gives bytes out, as far as it can. With `last`, and neither taken nor given, and
 * still `inside`: the end of the file is missing. -1: the bytes are damaged. */
int decompressor_step(struct decompressor *d, struct decompressor_step *step, const char **why);

#endif
