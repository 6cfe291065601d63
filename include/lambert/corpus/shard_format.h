/* What the writer and the reader of a shard must agree on (docs/formats.md, "Shard"), and what a
 * shard is to those who handle it whole. */
#ifndef LAMBERT_CORPUS_SHARD_FORMAT_H
#define LAMBERT_CORPUS_SHARD_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/buffer.h"

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

#define SHARD_KIND              "shard"
#define SHARD_SECTION_META      "META"
#define SHARD_SECTION_DOCUMENTS "DOCS"
#define SHARD_SECTION_LENGTHS   "LENGTHS"
#define SHARD_SECTION_BLOCKS    "BLOCKS"
#define SHARD_SECTION_IDS       "IDS"
/* Of shards of segmented text. */
#define SHARD_SECTION_WORDS "WORDS"
/* Of shards of ready samples. */
#define SHARD_SECTION_SAMPLE_LABELS "LABELS"
#define SHARD_SECTION_MASKED        "MASKED"
#define SHARD_SECTION_POSITIONS     "POSITIONS"
#define SHARD_SECTION_MASK_IDS      "MASK_IDS"

/* Blocks are small because samples lie anywhere: a sample inflates one or two. Against 16,384
 * tokens a block, 4,096 make a corpus of English 3% larger and reading a sample that is not in the
 * cache three times as fast. */
enum {
    SHARD_VERSION = 1,         /* of a shard of documents */
    SHARD_SAMPLES_VERSION = 2, /* of a shard of ready samples */
    SHARD_WORDS_VERSION = 3,   /* of a shard of documents of segmented text */
    SHARD_BLOCK_TOKENS = 4096,
    SHARD_LONGEST_SENTENCE = 65535,
};

/* Section META, as it is in memory; in the file its numbers lie in this order, little-endian. */
enum { SHARD_META_BYTES = 56 };
struct shard_meta {
    uint64_t vocabulary_hash;
    uint32_t vocabulary_size;
    uint32_t id_bytes;     /* 2 or 4 */
    uint32_t block_tokens; /* in every block but the last */
    uint32_t contents;     /* enum shard_contents */
    uint64_t documents, sentences, tokens;
    uint64_t hash;
};
uint32_t shard_id_bytes(int vocabulary_size);
void shard_meta_put(const struct shard_meta *meta, struct buffer *out); /* SHARD_META_BYTES */
struct shard_meta shard_meta_get(const void *data);

/* The hash of a shard grows document by document from 0: `record` is the document's lengths as u16,
 * then its ids as they are stored, both little-endian; of segmented text then a byte for each id, 1 where it
 * begins a word, else 0. */
uint64_t shard_hash_add(uint64_t hash, const void *record, size_t size);

/* Section WORDS has a bit a token, the lowest of a byte first: 1 where it begins a word. */
static inline size_t shard_words_bytes(uint64_t tokens)
{
    return (size_t)(tokens / 8 + (tokens % 8 > 0));
}

/* What the record of a sample has behind its ids: label, positions, ids of what is masked. */
void shard_record_put_sample(struct buffer *record, uint8_t label, uint32_t masks,
                             const uint16_t *positions, const uint32_t *labels);

/* Where a document begins. An element of section DOCS, used in place. */
struct shard_place {
    uint64_t sentence;
    uint64_t token;
};

#endif
