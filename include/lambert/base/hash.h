/* 64-bit content hashes (XXH3 of the xxHash library: fixed for ever, not cryptographic), CRC-32
 * (zlib's), and CRC-32C (Castagnoli's, another polynomial) as TensorFlow's files hold it. */
#ifndef LAMBERT_BASE_HASH_H
#define LAMBERT_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

uint64_t hash_bytes(const void *data, size_t size);
uint64_t hash_bytes_seeded(const void *data, size_t size, uint64_t seed);
/* Start with crc 0; any size. Of many bytes, which may be a mapped file's, it gives signs of life (base/activity.h). */
uint32_t crc32_bytes(uint32_t crc, const void *data, size_t size);

/* The CRC-32C c of the bytes, masked: ((c >> 15) | (c << 17)) + 0xa282ead8. LevelDB began to, since a checksum
 * of bytes that hold their own checksum is worth little. Any size. */
uint32_t crc32c_masked(const void *data, size_t size);

/* A hash as text: 16 hexadecimal digits. hash_parse() is false where the text is anything else. */
enum { HASH_TEXT = 17 };
const char *hash_print(uint64_t hash, char text[HASH_TEXT]); /* returns text */
bool hash_parse(const char *text, uint64_t *hash);

#endif
