/* Sorted tables to be read, put together by hand: entries to blocks, blocks to a file. */
#ifndef LAMBERT_TESTS_STORE_TABLES_H
#define LAMBERT_TESTS_STORE_TABLES_H

#include "lambert/base/buffer.h"

void table_varint(struct buffer *out, uint64_t value);

/* An entry whose key begins as the last one's, `shared` bytes of it. */
void table_entry(struct buffer *block, uint64_t shared, const char *rest, size_t rest_size,
                 const void *value, size_t value_size);

/* Writes the block, of this way of being compressed, with its trailer; and where it lies, into `handle`. */
void table_block(struct buffer *file, const struct buffer *entries, uint8_t compression,
                 struct buffer *handle);

/* The rest of a file whose blocks have these handles in their order: meta block, index, footer. The keys of the
 * index are "1", "2", ... */
void table_end(struct buffer *file, const struct buffer *handles, int count);

/* A table of one block. */
void table_of(struct buffer *file, const struct buffer *entries);

#endif
