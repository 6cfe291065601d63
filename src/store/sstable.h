/* Sorted tables of keys and values, the format of LevelDB's files (its doc/table_format.md) and of the index
 * of a TensorFlow checkpoint, read whole and in order:
 *
 *     block ...   entries, each of: how many bytes of its key are the last key's, how many follow, how many the
 *                 value has (varints); the key's rest; the value. Then the offsets of entries with whole
 *                 keys, each a u32, and how many there are; then a byte, how the block is
 *                 compressed, and the masked CRC-32C of all this (base/hash.h)
 *     footer      48 bytes: where the meta block and the index block lie (offset and size, varints), zeros, and
 *                 the magic number 0xdb4775248b80fb57
 *
 * The index block is a block whose values say where the others lie. Numbers are little-endian.
 *
 * Nothing is trusted: checksums, places, and that keys ascend. Sentences begin "its ..." or "it ..." and say
 * what is damaged; the caller knows the file. */
#ifndef LAMBERT_STORE_SSTABLE_H
#define LAMBERT_STORE_SSTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"

enum { SSTABLE_LONGEST_KEY = 4096 }; /* longer ones are refused */

struct sstable_entry {
    const char *key; /* [key_size], with a NUL behind it; gone after the call */
    size_t key_size;
    const uint8_t *value; /* [value_size] */
    size_t value_size;
};

/* Hands every entry to `take`, whose failure ends it. */
int sstable_read(const uint8_t *data, size_t size,
                 int (*take)(void *context, const struct sstable_entry *entry, struct error *err),
                 void *context, struct error *err);

/* Whether the bytes end as a table does. */
bool sstable_is(const uint8_t *data, size_t size);

#endif
