/* The kinds of compression that text is read from. */
#ifndef LAMBERT_TEXT_COMPRESSION_H
#define LAMBERT_TEXT_COMPRESSION_H

#include <stddef.h>
#include <stdint.h>

enum compression {
    COMPRESSION_NONE,
    COMPRESSION_GZIP,
    COMPRESSION_ZSTD,
    COMPRESSION_XZ, /* and .lzma, which xz reads too */
    COMPRESSION_BZIP2,
    COMPRESSIONS
};

extern const char *const compression_names[COMPRESSIONS];

enum { COMPRESSION_HEAD = 16 }; /* bytes that tell */

/* What a file that begins with these bytes is compressed with, whatever its name. */
enum compression compression_of(const uint8_t *head, size_t size);

/* As how many bytes of text a byte is counted where text is shared out. */
int compression_weight(enum compression compression);

#endif
