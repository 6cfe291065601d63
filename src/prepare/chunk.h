/* A part of the input (text/input_feed.h) and what is made of it: one shard for each split that
 * gets a document, and last a record of what was counted. The record is what says that the part is
 * done: an interrupted preparation goes on from the records it finds, and the manifest is put
 * together from them, whichever thread or rank made them.
 *
 *     train-PPPPP.shard, heldout-PPPPP.shard, piece-PPPPP.record              part 0 of chunk P
 *     train-PPPPP-JJJJJ.shard ...                                             part J > 0
 *
 * A TFRecord file (prepare_samples.c) is a chunk of one part.
 *
 * A record is a container of kind "piece": META, numbers (below); COUNTS, u32 [vocabulary size], of
 * the training split; DOCS and LINES, fingerprints of documents and lines; and where duplicates are to
 * be dropped, EACH, what is to be taken off the numbers with each document; and EXCLUDED, a few that were, in
 * words; UNKNOWN, the commonest words that were [UNK] (text/frequent_words.h). Records are removed once
 * the manifest is written. On disk they keep the name "piece", which chunks once had, so that what
 * an older program was interrupted in is recognised, and removed. */
#ifndef LAMBERT_PREPARE_CHUNK_H
#define LAMBERT_PREPARE_CHUNK_H

#include <stdbool.h>
#include <stdint.h>

#include "document_encoder.h"
#include "fingerprints.h"
#include "lambert/base/container.h"
#include "lambert/base/error.h"
#include "lambert/corpus/manifest.h"
#include "lambert/corpus/sample_totals.h"
#include "lambert/corpus/shard_writer.h"
#include "lambert/text/frequent_words.h"
#include "lambert/text/left_out_places.h"

#define RECORD_FILE_PREFIX "piece-"
#define RECORD_FILE_SUFFIX ".record"
#define RECORD_KIND        "piece" /* of container */

/* What all parts of a preparation have in common. */
struct chunk_plan {
    const char *folder;
    uint64_t hash; /* of the inputs and of every option that the result depends on */
    struct shard_options shard;
    uint64_t text_bytes; /* of text to expect, but for streams, whose end nobody knows: */
    uint64_t part_bytes; /* each part so far stands for these; 0 where there is no stream */
    bool
        drop_duplicates; /* chunk_drop() will be asked for: every document leaves its fingerprint */
};

/* What a document has added to the numbers of its chunk. An element of section EACH. */
struct chunk_document {
    uint64_t split; /* enum corpus_split */
    uint64_t lines, line_prints, sentences, tokens;
};

struct chunk {
    const struct chunk_plan *plan;
    uint64_t number;
    uint32_t part;
    bool last; /* part of its chunk */
    struct shard_writer *writers[CORPUS_SPLITS];
    bool made[CORPUS_SPLITS]; /* whether the split has a shard */
    struct shard_summary shards[CORPUS_SPLITS];
    struct corpus_report report;
    struct sample_totals totals; /* of ready samples, both splits */
    uint32_t *counts;            /* [vocabulary size], of the training split */
    struct fingerprints documents, lines;
    int document_bits, line_bits; /* by which they were kept */
    struct chunk_document
        *each; /* [documents.count] where duplicates are to be dropped, else none */
    size_t each_capacity;
    struct left_out_places left_out;
    struct buffer excluded;         /* lines, about the first that were excluded */
    struct frequent_words *unknown; /* words, of what was tokenised; who tokenises adds them */
};
enum { CHUNK_UNKNOWN_WORDS = 1000 };

/* A chunk is memory for many parts, one after another. */
void chunk_init(struct chunk *chunk, const struct chunk_plan *plan);
void chunk_release(struct chunk *chunk); /* fine on a zeroed one; discards what is open */

/* Begins another part: nothing is counted yet, and no shard open. */
void chunk_begin(struct chunk *chunk, uint64_t number, uint32_t part, bool last);

/* Adds the document that the encoder encoded last; `hash` is of its text. */
int chunk_add(struct chunk *chunk, enum corpus_split split, uint64_t hash,
              const struct document *document, const struct document_encoder *encoder,
              struct error *err);

/* Counts a document that is left out; of the first CHUNK_MOST_TOLD of a part, the sentence is kept. */
enum { CHUNK_MOST_TOLD = 5 };
void chunk_exclude(struct chunk *chunk, const struct document *document, const char *sentence);

/* Adds a ready sample; `hash` is of its `size` bytes of record. */
int chunk_add_sample(struct chunk *chunk, enum corpus_split split, uint64_t hash, uint64_t size,
                     const struct ready_sample *sample, int32_t mask_id, struct error *err);

/* Finishes the shards, then writes the record. */
int chunk_commit(struct chunk *chunk, struct error *err);
void chunk_discard(struct chunk *chunk);

/* Whether the part was done by a preparation with the same plan: its record is whole, and so are
 * its shards, every checksum of which is read (at more than 1 GB/s; a corpus is a third of its
 * text). A shard that does not hold is warned of. */
bool chunk_is_done(const struct chunk_plan *plan, uint64_t number, uint32_t part);

/* Makes the chunk what it was when its record was written, but for writers. */
int chunk_read(struct chunk *chunk, uint64_t number, uint32_t part, struct error *err);

/* Of a record no more than copies are found by: what its documents are known by, in place, and how it stands among
 * the parts of its chunk. The rest is neither read nor checked, and of the fingerprints nothing but the number
 * where they are not asked for. */
struct chunk_prints {
    struct container file;
    const struct fingerprint *prints; /* [count]; NULL: not asked for */
    size_t count;
    bool last; /* part of its chunk */
};
int chunk_prints_open(struct chunk_prints *prints, const struct chunk_plan *plan, uint64_t number,
                      uint32_t part, bool with_prints, struct error *err);
void chunk_prints_close(struct chunk_prints *prints);

/* Adds the shards of the chunk to the manifest. */
void chunk_enter(const struct chunk *chunk, struct manifest *manifest);

/* For chunk_drop.c: where a shard lies (free()), and the record as chunk_commit() writes it. */
char *chunk_shard_path(const struct chunk_plan *plan, uint64_t number, uint32_t part,
                       enum corpus_split split);
int chunk_write_record(const struct chunk *chunk, struct error *err);

/* The plan's hash that a record carries; false where it is not a whole record. */
bool chunk_record_plan(const char *path, uint64_t *hash);

#endif
