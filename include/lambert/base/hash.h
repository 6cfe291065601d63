/* 64-bit content hashes (XXH3 of the xxHash library: fixed for ever, not cryptographic) and CRC-32
 * (zlib's). */
#ifndef LAMBERT_BASE_HASH_H
#define LAMBERT_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *data, size_t size);
uint64_t hash_bytes_seeded(const void *data, size_t size, uint64_t seed);
uint32_t crc32_bytes(uint32_t crc, const void *data, size_t size); /* start with crc 0; any size */

#endif
