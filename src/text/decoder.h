/* Text of any encoding that the system's iconv knows, made UTF-8 as it streams by.
 *
 *     decoder_open(&decoder, "UTF-16LE", err);
 *     decoder_put(&decoder, bytes, size, last, &text);   any number of times, the last with `last`
 *     decoder_close(&decoder);
 *
 * Bytes that are no character there are left out and counted; nothing else is lost, wherever the bytes
 * are cut. */
#ifndef LAMBERT_TEXT_DECODER_H
#define LAMBERT_TEXT_DECODER_H

#include <iconv.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"

struct decoder {
    bool open;
    iconv_t converter;
    size_t unit;        /* bytes to leave out where there is no character */
    struct buffer rest; /* the beginning of a character, whose end is still to come */
    uint64_t undecoded; /* bytes left out so far */
};

int decoder_open(struct decoder *decoder, const char *encoding, struct error *err);
void decoder_close(struct decoder *decoder); /* fine on a zeroed one */

/* Appends what the bytes mean. */
void decoder_put(struct decoder *decoder, const void *bytes, size_t size, bool last,
                 struct buffer *text);

#endif
