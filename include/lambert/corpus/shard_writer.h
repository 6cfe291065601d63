/* Writes one shard of a document store (docs/formats.md, "shard").
 *
 *     shard_writer_open(...)
 *     shard_writer_add(w, ids, lengths, sentences)      once a document
 *     shard_writer_commit(w, &summary, err)             atomic; or shard_writer_discard
 *
 * A sentence longer than 65,535 tokens is stored in pieces of that length; empty sentences are left
 * out; a document without tokens is not stored. */
#ifndef LAMBERT_CORPUS_SHARD_WRITER_H
#define LAMBERT_CORPUS_SHARD_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"

struct shard_writer;

struct shard_summary {
    uint64_t documents;
    uint64_t sentences;
    uint64_t tokens;
    uint64_t bytes; /* of the file */
    uint64_t hash;  /* of ids and lengths: independent of the compression */
};

struct shard_options {
    uint64_t vocabulary_hash;
    int vocabulary_size;
    int compression; /* zlib level, 1 .. 9 */
};

int shard_writer_open(struct shard_writer **writer, const char *path,
                      const struct shard_options *options, struct error *err);
int shard_writer_add(struct shard_writer *writer, const int32_t *ids /* [sum of lengths] */,
                     const uint32_t *lengths /* [sentences] */, uint32_t sentences,
                     struct error *err);
int shard_writer_commit(struct shard_writer *writer, struct shard_summary *summary,
                        struct error *err);
void shard_writer_discard(struct shard_writer *writer); /* NULL is fine */

#endif
