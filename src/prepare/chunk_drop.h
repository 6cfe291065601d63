/* Takes documents out of a part of the input that is done (chunk.h), as though they had never been
 * there: out of its shards, its fingerprints and its numbers, but that its report says how many were
 * dropped. What was counted while the text was read (documents, words, bytes that are not UTF-8) stays
 * as it was. */
#ifndef LAMBERT_PREPARE_CHUNK_DROP_H
#define LAMBERT_PREPARE_CHUNK_DROP_H

#include <stdbool.h>

#include "chunk.h"

/* Of a part that chunk_read() has read, of a plan with drop_duplicates: drops the documents d with
 * dropped[d], numbered as chunk.documents are. Shards that hold one of them are written anew (one that
 * would be empty goes), each in the place of the old one, and last the record. Where it is interrupted
 * in between, shards and record do not fit each other, and the part is prepared again. */
int chunk_drop(struct chunk *chunk, const bool *dropped /* [documents.count] */, struct error *err);

#endif
