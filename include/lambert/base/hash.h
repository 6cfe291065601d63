/* 64-bit content hashes (XXH3 of the xxHash library: fixed for ever, not cryptographic) and CRC-32
 * (zlib's). */
#ifndef LAMBERT_BASE_HASH_H
#define LAMBERT_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *data, size_t size);
uint64_t hash_bytes_seeded(const void *data, size_t size, uint64_t seed);
uint32_t crc32_bytes(uint32_t crc, const void *data, size_t size); /* start with crc 0; any size */

/* A hash as text: 16 hexadecimal digits. hash_parse() is false where the text is anything else. */
enum { HASH_TEXT = 17 };
const char *hash_print(uint64_t hash, char text[HASH_TEXT]); /* returns text */
bool hash_parse(const char *text, uint64_t *hash);

#endif
