#include "lambert/text/compression.h"

#include <stdbool.h>
#include <string.h>

const char *const compression_names[COMPRESSIONS] = {[COMPRESSION_NONE] = "plain",
                                                     [COMPRESSION_GZIP] = "gzip",
                                                     [COMPRESSION_ZSTD] = "zstd",
                                                     [COMPRESSION_XZ] = "xz",
                                                     [COMPRESSION_BZIP2] = "bzip2"};

static bool begins(const uint8_t *head, size_t size, const char *magic, size_t length)
{
    return size >= length && memcmp(head, magic, length) == 0;
}

/* RFC 8878: a frame, or a frame to be skipped, with which pzstd begins. */
static bool is_zstd(const uint8_t *head, size_t size)
{
    return begins(head, size, "\x28\xB5\x2F\xFD", 4) ||
           (size >= 4 && (head[0] & 0xF0) == 0x50 && memcmp(head + 1, "\x2A\x4D\x18", 3) == 0);
}

/* A .lzma file has no magic, so what every header has is looked at, as liblzma does: properties below
 * 225, a dictionary of 2^n or 2^n + 2^(n-1) bytes, and a size that is not known or below 256 GB. The
 * properties are believed for what xz and 7-zip write alone, since a text may begin with any byte. */
static bool is_lzma(const uint8_t *head, size_t size)
{
    uint32_t dictionary = 0;
    uint64_t bytes = 0;
    if (size < 13 || head[0] != 0x5D)
        return false;
    for (int i = 3; i >= 0; i--)
        dictionary = dictionary << 8 | head[1 + i];
    for (int i = 7; i >= 0; i--)
        bytes = bytes << 8 | head[5 + i];
    const uint32_t high = dictionary == 0 ? 0 : UINT32_C(1) << (31 - __builtin_clz(dictionary));
    const bool known =
        dictionary == UINT32_MAX || dictionary == high || dictionary == (high | high >> 1);
    return dictionary >= 4096 && known && (bytes == UINT64_MAX || bytes < UINT64_C(1) << 38);
}

/* "BZh", a digit, and the first block's mark, or the end's where there is no block. */
static bool is_bzip2(const uint8_t *head, size_t size)
{
    const size_t there = size < 10 ? size : 10;
    return size >= 5 && memcmp(head, "BZh", 3) == 0 && head[3] >= '1' && head[3] <= '9' &&
           (memcmp(head + 4, "\x31\x41\x59\x26\x53\x59", there - 4) == 0 ||
            memcmp(head + 4, "\x17\x72\x45\x38\x50\x90", there - 4) == 0);
}

enum compression compression_of(const uint8_t *head, size_t size)
{
    if (begins(head, size, "\x1F\x8B", 2))
        return COMPRESSION_GZIP;
    if (is_zstd(head, size))
        return COMPRESSION_ZSTD;
    if (begins(head, size,
               "\xFD"
               "7zXZ\0",
               6) ||
        is_lzma(head, size))
        return COMPRESSION_XZ;
    return is_bzip2(head, size) ? COMPRESSION_BZIP2 : COMPRESSION_NONE;
}

/* About what text is packed by at least; gzip's number says how the chunks of gzip files have always
 * been made, and is never to change. */
int compression_weight(enum compression compression)
{
    static const int weights[COMPRESSIONS] = {[COMPRESSION_NONE] = 1,
                                              [COMPRESSION_GZIP] = 4,
                                              [COMPRESSION_ZSTD] = 4,
                                              [COMPRESSION_XZ] = 5,
                                              [COMPRESSION_BZIP2] = 5};
    return weights[compression];
}
