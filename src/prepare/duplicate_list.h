/* Which documents of a whole preparation are copies of one before them, in the order of the input.
 *
 * A document is known by the 64-bit hash of its text (docs/formats.md, "Splits"), which its chunk's
 * record holds; of n different documents two have the same hash with a chance of n^2 / 2^65 (one in
 * 40,000 for 30 million). Records are read from the folder, so every rank that asks finds the same list
 * by itself. That some of the copies have been dropped already changes nothing for the others: the
 * first of all is never dropped, and no document changes its place among those that are left.
 *
 * Memory: a table of the hashes that were met, 16 to 32 bytes a document, for up to `most` documents; where there are
 * more, the hashes in the records (and nothing else of these) are gone through several times, for a part of all
 * hashes each time. How many copies there are makes no difference. And a bit a document, 24 bytes a part. */
#ifndef LAMBERT_PREPARE_DUPLICATE_LIST_H
#define LAMBERT_PREPARE_DUPLICATE_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "chunk.h"
#include "lambert/base/error.h"

struct duplicate_part {
    uint64_t chunk;
    uint64_t first; /* of its documents, counted over all parts */
    uint32_t part;
};

struct duplicate_list {
    struct duplicate_part *parts; /* [count], in the order of the input */
    size_t count, capacity;
    uint8_t *copies; /* [documents] bits */
    uint64_t documents;
    size_t table_bytes; /* that the table took */
};

/* How many documents a part has. */
size_t duplicate_list_documents(const struct duplicate_list *list, size_t part);

/* The records of chunks 0 .. chunks-1 must be there, and stay as they are until it returns. */
int duplicate_list_find(struct duplicate_list *list, const struct chunk_plan *plan, uint64_t chunks,
                        uint64_t most, struct error *err);
void duplicate_list_release(struct duplicate_list *list); /* fine on a zeroed one */

/* Of documents [first, first + count): sets dropped [count], and returns whether there is one. */
bool duplicate_list_get(const struct duplicate_list *list, uint64_t first, size_t count,
                        bool *dropped);

#endif
