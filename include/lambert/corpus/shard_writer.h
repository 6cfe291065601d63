/* Writes one shard of a document store (docs/formats.md, "shard").
 *
 *     shard_writer_open(...)
 *     shard_writer_add(w, ids, lengths, sentences)      once a document, or in a shard of samples
 *     shard_writer_add_sample(w, &sample)               once a sample
 *     shard_writer_commit(w, &summary, err)             atomic; or shard_writer_discard
 *
 * A sentence longer than 65,535 tokens is stored in pieces of that length; empty sentences are left
 * out; a document without tokens is not stored.
 *
 * A shard of ready samples holds sequences that others made and masked: each is a document of one
 * sentence, "[CLS] A [SEP]", or two, the other "B [SEP]", with its masks and its label beside it.
 */
#ifndef LAMBERT_CORPUS_SHARD_WRITER_H
#define LAMBERT_CORPUS_SHARD_WRITER_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"

struct shard_writer;

enum shard_contents { SHARD_DOCUMENTS_OF_TEXT, SHARD_READY_SAMPLES };

enum { SAMPLE_UNLABELLED = 255 };

struct ready_sample {
    const int32_t *ids; /* [tokens], masks applied */
    uint32_t tokens;    /* [CLS] and [SEP] included; at most 65,535 */
    uint32_t a_tokens;  /* of "[CLS] A [SEP]", at least 2; all of them when there is no B */
    uint8_t next_sentence_label; /* 1: B is random, 0: B follows A, or SAMPLE_UNLABELLED */
    uint32_t masks;
    const uint16_t *positions; /* [masks], from 0 in the sequence, ascending, never a [CLS] */
    const uint32_t *labels;    /* [masks], the ids that stood there */
};

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
    enum shard_contents contents;
};

int shard_writer_open(struct shard_writer **writer, const char *path,
                      const struct shard_options *options, struct error *err);
int shard_writer_add(struct shard_writer *writer, const int32_t *ids /* [sum of lengths] */,
                     const uint32_t *lengths /* [sentences] */, uint32_t sentences,
                     struct error *err);
int shard_writer_add_sample(struct shard_writer *writer, const struct ready_sample *sample,
                            struct error *err);
int shard_writer_commit(struct shard_writer *writer, struct shard_summary *summary,
                        struct error *err);
void shard_writer_discard(struct shard_writer *writer); /* NULL is fine */

#endif
