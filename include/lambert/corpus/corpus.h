/* A prepared corpus: a folder with
 *
 *     corpus.json          manifest, written last: what made it, splits, shards with their hashes
 *     vocab.txt            the vocabulary it was made with, byte for byte
 *     tokens.counts        how often each id occurs in the training split (container "counts")
 *     train-PPPPP.shard    documents for training ...; PPPPP is the number of a chunk of the input
 *     heldout-PPPPP.shard  ... and those set aside for evaluation, chosen by document hash
 *
 * Chunks of several parts have names such as train-PPPPP-JJJJJ.shard. Numbers may have gaps: a part
 * without documents of a split makes no shard of it. A folder without corpus.json is not a corpus:
 * an interrupted prep leaves nothing that looks finished. */
#ifndef LAMBERT_CORPUS_CORPUS_H
#define LAMBERT_CORPUS_CORPUS_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/corpus/corpus_report.h"
#include "lambert/corpus/corpus_split.h"
#include "lambert/corpus/document_store.h"
#include "lambert/corpus/sample_totals.h"
#include "lambert/text/tokenizer_options.h"
#include "lambert/text/vocabulary.h"

struct corpus;

/* Maps the shards and looks at their ends only: corpora of any size open at once. While it is open its manifest has a
 * shared lock (base/file_use.h), for which `prep --overwrite` does not replace it. */
int corpus_open(struct corpus **corpus, const char *folder, struct error *err);
/* The same of a copy (corpus/corpus_copy.h) that lies in `place`; the corpus keeps the name of its folder. locks: with
 * that lock. */
int corpus_open_copy(struct corpus **corpus, const char *folder, const char *place, bool locks,
                     struct error *err);
void corpus_close(struct corpus *corpus); /* NULL is fine */

const char *corpus_folder(const struct corpus *corpus);
const struct vocabulary *corpus_vocabulary(const struct corpus *corpus);
const struct tokenizer_options *corpus_tokenizer(const struct corpus *corpus);
const struct document_store *corpus_store(const struct corpus *corpus, enum corpus_split split);

/* Whether white space parted the words of its text, and it knows where they begin. */
bool corpus_is_segmented(const struct corpus *corpus);

/* Text to make samples of, or samples that are ready (then totals say what they are like). */
enum shard_contents corpus_contents(const struct corpus *corpus);
struct sample_totals corpus_samples(const struct corpus *corpus);

/* Identity of the contents: vocabulary, tokenizer, documents, their order, splits, shards. What a
 * checkpoint remembers. */
uint64_t corpus_hash(const struct corpus *corpus);

/* Fails with both names and hashes when the vocabulary at `path` is not the corpus's. */
int corpus_check_vocabulary(const struct corpus *corpus, const char *path, struct error *err);

/* How often each id occurs in the training split: counts [vocabulary size]. */
int corpus_token_counts(const struct corpus *corpus, uint64_t *counts, struct error *err);

/* The manifest's text (JSON), and what its preparation counted (seconds are not kept), for
 * `show corpus`. */
const char *corpus_manifest(const struct corpus *corpus);
struct corpus_report corpus_report(const struct corpus *corpus);

#endif
