/* corpus.json: what a corpus is made of (docs/formats.md, "Corpus"). The same input makes the same
 * bytes: no times, no paths. */
#ifndef LAMBERT_CORPUS_MANIFEST_H
#define LAMBERT_CORPUS_MANIFEST_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "lambert/corpus/corpus_report.h"
#include "lambert/corpus/corpus_split.h"
#include "lambert/corpus/sample_totals.h"
#include "lambert/corpus/shard_format.h"
#include "lambert/text/tokenizer_options.h"

/* Names of the files in a corpus folder; shards: SPLIT-NNNNN.shard. */
#define MANIFEST_FILE     "corpus.json"
#define VOCABULARY_FILE   "vocab.txt"
#define COUNTS_FILE       "tokens.counts"
#define SHARD_FILE_SUFFIX ".shard"
#define MANIFEST_FORMAT                                                                            \
    "lambert corpus"          /* what the manifest says that it is, in its first line or two */
#define LOCK_FILE "prep.lock" /* while a preparation is at work */

/* tokens.counts: a container with one section, u64 [vocabulary size]. */
#define COUNTS_KIND    "counts"
#define COUNTS_SECTION "COUNTS"
/* 2 or 3 where an older program would misread the corpus: a tokenizer that is not plain, segmented text. */
enum {
    COUNTS_VERSION = 1,
    MANIFEST_PLAIN_VERSION = 1,
    MANIFEST_TOKENIZER_VERSION = 2,
    MANIFEST_VERSION = 3
};

struct manifest_shard {
    char *file; /* name in the folder */
    struct shard_summary summary;
};

struct manifest_split {
    struct manifest_shard *shards; /* [count], in the order of documents */
    int count;
};

struct manifest {
    uint64_t vocabulary_hash;
    int vocabulary_size;
    struct tokenizer_options tokenizer;
    bool split_sentences;
    bool segmented; /* the shards of documents say where words begin */
    char *unicode;  /* version of the tokenizer's tables */
    double heldout_fraction;
    struct manifest_split splits[CORPUS_SPLITS];
    enum shard_contents contents;
    struct sample_totals samples; /* of ready samples */
    struct corpus_report report;  /* seconds is not kept */
};

void manifest_release(struct manifest *manifest); /* fine on a zeroed one */
void manifest_add_shard(struct manifest *manifest, enum corpus_split split, const char *file,
                        const struct shard_summary *summary);
struct shard_summary manifest_split_total(const struct manifest *manifest, enum corpus_split split);

/* Over the vocabulary's hash, how text was tokenised, and each shard's split and hash. */
uint64_t manifest_hash(const struct manifest *manifest);

void manifest_print(const struct manifest *manifest, struct buffer *out);

/* path is for error sentences. On failure nothing is left to release. */
int manifest_parse(struct manifest *manifest, const char *text, const char *path,
                   struct error *err);

#endif
