/* Text to a corpus (corpus/corpus.h): read, split into sentences, tokenise, set documents aside,
 * write shards, and last the manifest. All threads of all ranks work; what comes out is the same,
 * byte for byte, whatever their number.
 *
 * The input is cut into chunks (text/input_feed.h), each of which becomes shards of its own and a
 * record of what was counted in it (src/prepare/chunk.h). Ranks share nothing but the output
 * folder, which all of them must see:
 *
 *     prepare_open(&preparation, &options, rank, ranks, err)    every rank; touches nothing
 *     prepare_begin(preparation, err)                           rank 0, before any rank goes on
 *     prepare_chunks(preparation, err)                          every rank
 *     prepare_find_duplicates(preparation, err)                 every rank, after all ranks
 *     prepare_drop_duplicates(preparation, err)                 every rank, after all ranks
 *     prepare_finish(preparation, &report, err)                 rank 0, after all ranks
 *     prepare_close(preparation)                                every rank
 *
 * Between these the caller makes the ranks agree. When prepare_chunks() failed or was interrupted,
 * the chunks that are done stay, and the same preparation, run again, goes on from those whose
 * checksums hold; any other one into that folder removes them. From prepare_begin() to
 * prepare_close() rank 0 holds the folder's lock for the job (DIR/prep.lock; file_lock() says what
 * it is worth on shared file systems), and a second preparation into the folder is refused at
 * prepare_begin().
 *
 * Input files that are TFRecords (docs/formats.md) become ready samples, every record checked, a
 * chunk and a shard of a split for each file, in memory for about 200 bytes a record; text and
 * TFRecords in one input are refused. Of the options, split_sentences and shard_bytes are then
 * without effect, and `tokenizer` only says how the text was treated.
 *
 * Duplicates are counted exactly as long as there are no more than 2^21 documents and 2^21 lines
 * (and the input's size does not say otherwise: 2 KB a document, 160 bytes a line), else estimated
 * from a sample of their hashes (src/prepare/fingerprints.h).
 *
 * Copies of documents are dropped whatever their number: prepare_find_duplicates() takes 16 to 32 bytes a
 * document, at most 134 MB, and a bit a document; every rank does.
 *
 * What is to be excluded takes 32 to 64 bytes for each n-gram of the test sets, on every rank.
 *
 * Memory: about twice shard_bytes and 10 MB a thread, a few hundred bytes an input file, and for
 * finishing at most about 150 MB for fingerprints (2^21 of lines and as many of documents, 16 bytes
 * each, and room to grow and to sort them) and half a kilobyte a shard for the manifest. */
#ifndef LAMBERT_PREPARE_PREPARE_H
#define LAMBERT_PREPARE_PREPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/corpus/corpus_report.h"
#include "lambert/text/text_options.h"
#include "lambert/text/tokenizer_options.h"

struct prepare_options {
    char *const *inputs; /* as for input_list_open(); standard input wants a single rank */
    int input_count;
    /* A vocab.txt. It, the output folder and the files of `exclude` are passed over where they lie in an input. */
    const char *vocabulary;
    const char *output; /* folder; refused when it holds a corpus, unless overwrite */
    bool overwrite;
    bool
        no_lock; /* of the folder: its file system's locks fail, and nobody else is at work there */
    struct tokenizer_options tokenizer;
    bool split_sentences; /* no: every line is one sentence */
    bool segmented;       /* white space parts the words of the text: shards say where they begin */
    double heldout_fraction; /* of documents, by hash of their text: the same text, the same side */
    uint64_t shard_bytes;    /* of input text a shard, at least 4096 */
    int compression;         /* zlib level */
    bool drop_duplicates;    /* of documents with the same text, the first alone is kept */
    const char
        *exclude; /* files of test sets (src/prepare/exclusion_texts.h), or NULL: documents that
                                share a run of words with them are left out */
    int exclude_words; /* how many words, 2 to 100 (src/prepare/exclusion.h) */
    struct text_options text;
};

extern const struct prepare_options prepare_defaults;

struct preparation;

int prepare_open(struct preparation **preparation, const struct prepare_options *options, int rank,
                 int ranks, struct error *err);
void prepare_close(struct preparation *preparation); /* NULL is fine */

/* Fails while another preparation is at work in the folder. With `overwrite` the old corpus stays until
 * prepare_finish() has the new one whole. */
int prepare_begin(struct preparation *preparation, struct error *err);

/* Rank 0, after prepare_begin(): that has finished what this very preparation was killed at, a new corpus that took
 * the place of an old one. Then chunks and duplicates are to be left out, by all ranks; prepare_finish() gives the
 * report. */
bool prepare_is_done(const struct preparation *preparation);

/* Over all OpenMP threads. */
int prepare_chunks(struct preparation *preparation, struct error *err);

/* Over all threads; without drop_duplicates both do nothing. All ranks must have found which documents
 * are copies before one begins to drop them. A document's text is its lines, trimmed, without the
 * title (docs/formats.md, "Splits"): what is left does not depend on the number of ranks, and since
 * the same text falls on the same side, none is in both splits, dropped or not. */
int prepare_find_duplicates(struct preparation *preparation, struct error *err);
int prepare_drop_duplicates(struct preparation *preparation, struct error *err);

/* Rank 0, when prepare_chunks() failed on any rank: cleans up where no chunk is done. */
void prepare_leave(struct preparation *preparation);

/* Puts the records together. Nothing to train on (no document with a token, or all of them held
 * out) is an error, and then nothing is left behind. Warns about bytes that are not UTF-8, damaged
 * markup, and splits too small to make pairs of. */
int prepare_finish(struct preparation *preparation, struct corpus_report *report,
                   struct error *err);

/* All of it, by one rank. */
int prepare_corpus(const struct prepare_options *options, struct corpus_report *report,
                   struct error *err);

#endif
