/* Writes one shard of a document store (docs/formats.md, "shard").
 *
 *     shard_writer_open(...)
 *     shard_writer_add(w, ids, words, lengths, sentences)   once a document, or in a shard of samples
 *     shard_writer_add_sample(w, &sample)               once a sample
 *     shard_writer_commit(w, &summary, err)             atomic; or shard_writer_discard
 *
 * A sentence longer than 65,535 tokens is stored as several of up to that length; empty sentences
 * are left out; a document without tokens is not stored.
 *
 * A shard of ready samples holds sequences that others made and masked: each is a document of one
 * sentence, "[CLS] A [SEP]", or two, the other "B [SEP]", with its masks and its label beside it.
 */
#ifndef LAMBERT_CORPUS_SHARD_WRITER_H
#define LAMBERT_CORPUS_SHARD_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/corpus/shard_format.h"

struct shard_writer;

struct shard_options {
    uint64_t vocabulary_hash;
    int vocabulary_size;
    int compression; /* zlib level, 1 .. 9 */
    enum shard_contents contents;
    bool segmented; /* of documents: it is known where words begin */
};

int shard_writer_open(struct shard_writer **writer, const char *path,
                      const struct shard_options *options, struct error *err);
/* begins_word [sum of lengths]: of segmented text, 0 where the id goes on with a word; else NULL. */
int shard_writer_add(struct shard_writer *writer, const int32_t *ids /* [sum of lengths] */,
                     const uint8_t *begins_word, const uint32_t *lengths /* [sentences] */,
                     uint32_t sentences, struct error *err);
int shard_writer_add_sample(struct shard_writer *writer, const struct ready_sample *sample,
                            struct error *err);
int shard_writer_commit(struct shard_writer *writer, struct shard_summary *summary,
                        struct error *err);
void shard_writer_discard(struct shard_writer *writer); /* NULL is fine */

#endif
