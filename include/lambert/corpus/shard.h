/* One shard, mapped for reading (docs/formats.md, "Shard"). */
#ifndef LAMBERT_CORPUS_SHARD_H
#define LAMBERT_CORPUS_SHARD_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/container.h"
#include "lambert/base/error.h"
#include "lambert/corpus/shard_format.h"

struct shard {
    struct container container;
    struct shard_meta meta;
    uint64_t bytes;                      /* of the file */
    const struct shard_place *documents; /* [documents + 1] */
    const uint16_t *lengths;             /* [sentences] */
    uint64_t blocks;
    const uint64_t *block_offsets; /* [blocks + 1], into ids */
    const uint32_t *block_crcs;    /* [blocks], of the inflated bytes */
    const uint8_t *ids;            /* [ids_bytes], the deflated blocks */
    uint64_t ids_bytes;
    const uint8_t *words; /* [shard_words_bytes(tokens)]; NULL: the text is not segmented */

    /* Of ready samples; else NULL. */
    const uint8_t *sample_labels;   /* [documents] */
    const uint64_t *first_mask;     /* [documents + 1] */
    const uint16_t *mask_positions; /* [masks] */
    const uint32_t *mask_ids;       /* [masks] */
    uint64_t masks;
};

/* Checks META and the sizes of the other sections, and reads none of them: the time does not depend
 * on the number of documents. */
int shard_open(struct shard *shard, const char *path, uint64_t vocabulary_hash, int vocabulary_size,
               struct error *err);
void shard_close(struct shard *shard);        /* fine on a zeroed shard */
void shard_forget(const struct shard *shard); /* as file_map_forget() */

/* Gives up the mapping, and all that points into it; path, meta and summary stay. shard_map_again()
 * fails when the file is gone or has become another one. */
void shard_unmap(struct shard *shard);
bool shard_is_mapped(const struct shard *shard);
int shard_map_again(struct shard *shard, struct error *err);

/* Whether it is known where words begin, mapped or not. */
bool shard_is_segmented(const struct shard *shard);

struct shard_summary shard_summary(const struct shard *shard);

/* Checksums of the index sections, and that every number in them makes sense. */
int shard_check_index(const struct shard *shard, struct error *err);

/* The whole shard: every checksum, every block, the hash of the contents. */
int shard_verify(const struct shard *shard, struct error *err);

/* How many tokens a block holds. */
uint32_t shard_block_tokens(const struct shard *shard, uint64_t block);

/* Whether tokens [token, token + count), which there are, begin a word: begins_word [count], 1 or 0. */
void shard_read_words(const struct shard *shard, uint64_t token, uint32_t count,
                      uint8_t *begins_word);

/* Inflates a block: raw [shard_block_tokens * id_bytes], ids as stored. Checks its checksum and
 * that every id is in the vocabulary. */
int shard_read_block(const struct shard *shard, uint64_t block, void *raw, struct error *err);

#endif
