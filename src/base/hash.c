#include "lambert/base/hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <isa-l/crc.h>
#include <xxhash.h>
#include <zlib.h>

#include "lambert/base/activity.h"

uint64_t hash_bytes(const void *data, size_t size)
{
    return XXH3_64bits(data, size);
}

uint64_t hash_bytes_seeded(const void *data, size_t size, uint64_t seed)
{
    return XXH3_64bits_withSeed(data, size, seed);
}

uint32_t crc32_bytes(uint32_t crc, const void *data, size_t size)
{
    const size_t most = (size_t)64 << 20; /* a slow disk brings that before a watchdog barks */
    const Bytef *bytes = data;
    uLong value = crc;
    while (size > 0) { /* crc32(.., NULL, 0) would start anew */
        size_t part = size < most ? size : most;
        value = crc32(value, bytes, (uInt)part);
        activity_heartbeat();
        bytes += part;
        size -= part;
    }
    return (uint32_t)value;
}

uint32_t crc32c_masked(const void *data, size_t size)
{
    const size_t most = (size_t)1 << 30; /* ISA-L counts in int */
    const unsigned char *bytes = data;
    uint32_t state = UINT32_MAX;
    while (size > 0) {
        const size_t part = size < most ? size : most;
        state = crc32_iscsi((unsigned char *)bytes, (int)part, state); /* which only reads them */
        bytes += part;
        size -= part;
    }
    const uint32_t crc = ~state;
    return ((crc >> 15) | (crc << 17)) + UINT32_C(0xa282ead8);
}

const char *hash_print(uint64_t hash, char text[HASH_TEXT])
{
    snprintf(text, HASH_TEXT, "%016" PRIx64, hash);
    return text;
}

bool hash_parse(const char *text, uint64_t *hash)
{
    if (strlen(text) != HASH_TEXT - 1 || strspn(text, "0123456789abcdef") != HASH_TEXT - 1)
        return false;
    *hash = strtoull(text, NULL, 16);
    return true;
}
