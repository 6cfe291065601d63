#include "sstable.h"

#include <inttypes.h>
#include <string.h>

#include "lambert/base/buffer.h"
#include "lambert/base/hash.h"
#include "lambert/base/minmax.h"

enum {
    FOOTER_BYTES = 48,
    MAGIC_BYTES = 8,
    TRAILER_BYTES = 5, /* of a block: how it is compressed, checksum */
    STORED = 0,        /* not compressed */
    SNAPPY = 1
};
static const uint64_t MAGIC = UINT64_C(0xdb4775248b80fb57);

/* Where a block lies, without its trailer. */
struct handle {
    uint64_t offset, size;
};

struct table {
    const uint8_t *data;
    size_t size; /* without the footer */
    int (*take)(void *context, const struct sstable_entry *entry, struct error *err);
    void *context;
    bool begun; /* a key has been taken; the last one is: */
    size_t last_size;
    char last[SSTABLE_LONGEST_KEY];
};

/* The entries of a block while they are read; the key of the last one. */
struct block {
    struct byte_reader rest;
    size_t offset; /* in the file, for sentences */
    size_t key_size;
    char key[SSTABLE_LONGEST_KEY + 1];
};

/* --- bytes ------------------------------------------------------------------------------------ */

/* 0, and rest->overrun, where there is none of up to ten bytes; one that ends in a zero is longer than anyone
 * writes it. */
static uint64_t take_varint(struct byte_reader *rest)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        const uint8_t *byte = byte_reader_bytes(rest, 1);
        if (!byte)
            return 0;
        value |= (uint64_t)(*byte & 0x7F) << shift;
        if (*byte == 0 && shift > 0)
            break;
        if (*byte < 0x80)
            return value;
    }
    rest->overrun = true;
    return 0;
}

static struct handle take_handle(struct byte_reader *rest)
{
    struct handle handle;
    handle.offset = take_varint(rest);
    handle.size = take_varint(rest);
    return handle;
}

static size_t bytes_left(const struct byte_reader *rest)
{
    return rest->size - rest->position;
}

/* --- a block ---------------------------------------------------------------------------------- */

static int damaged(const struct block *block, const char *what, struct error *err)
{
    return error_set(err, "its block at byte %zu is damaged: %s", block->offset, what);
}

/* Checks the block and leaves its entries to be read. */
static int open_block(const struct table *table, struct handle handle, struct block *block,
                      struct error *err)
{
    block->offset = (size_t)handle.offset;
    block->key_size = 0;
    byte_reader_init(&block->rest, NULL, 0);
    if (handle.offset > table->size || handle.size > table->size - handle.offset ||
        table->size - handle.offset - handle.size < TRAILER_BYTES)
        return error_set(err,
                         "it has a block of %" PRIu64 " bytes at byte %" PRIu64 ", beyond its end",
                         handle.size, handle.offset);
    struct byte_reader tail;
    const uint8_t *data = table->data + handle.offset;
    const size_t size = (size_t)handle.size;
    byte_reader_init(&tail, data + size + 1, sizeof(uint32_t));
    if (byte_reader_u32(&tail) != crc32c_masked(data, size + 1))
        return damaged(block, "its checksum is wrong", err);
    if (data[size] == SNAPPY)
        return error_set(
            err, "it is compressed with Snappy, which only TensorFlow before 1.2 did and this "
                 "program does not read");
    if (data[size] != STORED)
        return damaged(block, "it is compressed in an unknown way", err);

    if (size < sizeof(uint32_t))
        return damaged(block, "it is too short", err);
    byte_reader_init(&tail, data + size - sizeof(uint32_t), sizeof(uint32_t));
    const uint64_t whole_keys = (uint64_t)byte_reader_u32(&tail) + 1; /* and their number */
    if (whole_keys > size / sizeof(uint32_t))
        return damaged(block, "it has no room for the offsets of its keys", err);
    byte_reader_init(&block->rest, data, size - (size_t)whole_keys * sizeof(uint32_t));
    return 0;
}

/* The next entry: 1, or 0 where there is none. */
static int next_entry(struct block *block, struct sstable_entry *entry, struct error *err)
{
    struct byte_reader *rest = &block->rest;
    *entry = (struct sstable_entry){.key = block->key, .value = rest->data};
    if (bytes_left(rest) == 0)
        return 0;
    const uint64_t shared = take_varint(rest), own = take_varint(rest),
                   value_size = take_varint(rest);
    if (rest->overrun || shared > block->key_size || own > bytes_left(rest) ||
        value_size > bytes_left(rest) - own)
        return damaged(block, "an entry is longer than it", err);
    if (shared + own > SSTABLE_LONGEST_KEY)
        return error_set(err, "it has a key of %" PRIu64 " bytes; up to %d are read", shared + own,
                         SSTABLE_LONGEST_KEY);
    const void *key_rest = byte_reader_bytes(rest, (size_t)own);
    if (own > 0)
        memcpy(block->key + shared, key_rest, (size_t)own);
    block->key_size = (size_t)(shared + own);
    block->key[block->key_size] = '\0';
    entry->key_size = block->key_size;
    entry->value = byte_reader_bytes(rest, (size_t)value_size);
    entry->value_size = (size_t)value_size;
    return 1;
}

/* --- the table -------------------------------------------------------------------------------- */

static bool ascends(const struct table *table, const struct sstable_entry *entry)
{
    const size_t common = min_size(table->last_size, entry->key_size);
    const int order = memcmp(table->last, entry->key, common);
    return !table->begun || order < 0 || (order == 0 && table->last_size < entry->key_size);
}

static int read_entries(struct table *table, struct handle handle, struct error *err)
{
    struct block block;
    struct sstable_entry entry;
    int got;
    if (open_block(table, handle, &block, err) < 0)
        return -1;
    while ((got = next_entry(&block, &entry, err)) == 1) {
        if (!ascends(table, &entry))
            return damaged(&block, "its keys are not in order", err);
        memcpy(table->last, entry.key, entry.key_size);
        table->last_size = entry.key_size;
        table->begun = true;
        if (table->take(table->context, &entry, err) < 0)
            return -1;
    }
    return got;
}

static int read_blocks(struct table *table, struct handle index, struct error *err)
{
    struct block block;
    struct sstable_entry entry;
    int got;
    if (open_block(table, index, &block, err) < 0)
        return -1;
    while ((got = next_entry(&block, &entry, err)) == 1) {
        struct byte_reader value;
        byte_reader_init(&value, entry.value, entry.value_size);
        const struct handle handle = take_handle(&value);
        if (value.overrun || bytes_left(&value) > 0)
            return damaged(&block, "it does not say where another block lies", err);
        if (read_entries(table, handle, err) < 0)
            return -1;
    }
    return got;
}

bool sstable_is(const uint8_t *data, size_t size)
{
    struct byte_reader magic;
    if (size < FOOTER_BYTES)
        return false;
    byte_reader_init(&magic, data + size - MAGIC_BYTES, MAGIC_BYTES);
    return byte_reader_u64(&magic) == MAGIC;
}

/* The meta block holds what is for LevelDB alone, but is to be whole. */
int sstable_read(const uint8_t *data, size_t size,
                 int (*take)(void *context, const struct sstable_entry *entry, struct error *err),
                 void *context, struct error *err)
{
    struct byte_reader footer;
    struct block meta;
    if (!sstable_is(data, size))
        return error_set(
            err, "its last 8 bytes are not those of a table: it is cut short or something else");
    struct table table = {
        .data = data, .size = size - FOOTER_BYTES, .take = take, .context = context};
    byte_reader_init(&footer, data + table.size, FOOTER_BYTES - MAGIC_BYTES);
    const struct handle meta_block = take_handle(&footer), index_block = take_handle(&footer);
    bool sound = !footer.overrun;
    while (sound && bytes_left(&footer) > 0)
        sound = *(const uint8_t *)byte_reader_bytes(&footer, 1) == 0;
    if (!sound)
        return error_set(err, "its footer, the last 48 bytes, is damaged");
    if (open_block(&table, meta_block, &meta, err) < 0)
        return -1;
    return read_blocks(&table, index_block, err);
}
