/* One shard, mapped for reading, and what its writer and its reader must agree on
 * (docs/formats.md, "Shard"). */
#ifndef LAMBERT_CORPUS_SHARD_H
#define LAMBERT_CORPUS_SHARD_H

#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/container.h"
#include "lambert/base/error.h"
#include "lambert/corpus/shard_writer.h"

#define SHARD_KIND      "shard"
#define SHARD_META      "META"
#define SHARD_DOCUMENTS "DOCS"
#define SHARD_LENGTHS   "LENGTHS"
#define SHARD_BLOCKS    "BLOCKS"
#define SHARD_IDS       "IDS"
/* Of shards of ready samples. */
#define SHARD_SAMPLE_LABELS "LABELS"
#define SHARD_MASKED        "MASKED"
#define SHARD_POSITIONS     "POSITIONS"
#define SHARD_MASK_IDS      "MASK_IDS"

/* Blocks are small because samples lie anywhere: a sample inflates one or two. Against 16,384
 * tokens a block, 4,096 make a corpus of English 3% larger and reading a sample that is not in the
 * cache three times as fast. */
enum {
    SHARD_VERSION = 1,         /* of a shard of documents */
    SHARD_SAMPLES_VERSION = 2, /* of a shard of ready samples */
    SHARD_BLOCK_TOKENS = 4096,
    SHARD_LONGEST_SENTENCE = 65535,
};

/* Section META. */
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
void shard_meta_put(const struct shard_meta *meta, struct buffer *out);

/* The hash of a shard grows document by document from 0: `record` is the document's lengths as u16,
 * then its ids as they are stored, both little-endian. */
uint64_t shard_hash_add(uint64_t hash, const void *record, size_t size);

/* What the record of a sample has behind its ids: label, positions, ids of what is masked. */
void shard_record_put_sample(struct buffer *record, uint8_t label, uint32_t masks,
                             const uint16_t *positions, const uint32_t *labels);

/* Where a document begins. An element of section DOCS, used in place. */
struct shard_place {
    uint64_t sentence;
    uint64_t token;
};

struct shard {
    struct container container;
    struct shard_meta meta;
    const struct shard_place *documents; /* [documents + 1] */
    const uint16_t *lengths;             /* [sentences] */
    uint64_t blocks;
    const uint64_t *block_offsets; /* [blocks + 1], into ids */
    const uint32_t *block_crcs;    /* [blocks], of the inflated bytes */
    const uint8_t *ids;            /* the deflated blocks */

    /* Of ready samples; else NULL. */
    const uint8_t *sample_labels;   /* [documents] */
    const uint64_t *first_mask;     /* [documents + 1] */
    const uint16_t *mask_positions; /* [masks] */
    const uint32_t *mask_ids;       /* [masks] */
};

/* Checks META and the sizes of the other sections, and reads none of them: the time does not depend
 * on the number of documents. */
int shard_open(struct shard *shard, const char *path, uint64_t vocabulary_hash, int vocabulary_size,
               struct error *err);
void shard_close(struct shard *shard);        /* fine on a zeroed shard */
void shard_forget(const struct shard *shard); /* as file_map_forget() */

struct shard_summary shard_summary(const struct shard *shard);

/* Checksums of the index sections, and that every number in them makes sense. */
int shard_check_index(const struct shard *shard, struct error *err);

/* The whole shard: every checksum, every block, the hash of the contents. */
int shard_verify(const struct shard *shard, struct error *err);

/* How many tokens a block holds. */
uint32_t shard_block_tokens(const struct shard *shard, uint64_t block);

/* Inflates a block: raw [shard_block_tokens * id_bytes], ids as stored. Checks its checksum and
 * that every id is in the vocabulary. */
int shard_read_block(const struct shard *shard, uint64_t block, void *raw, struct error *err);

#endif
