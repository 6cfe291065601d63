/* Text files to a corpus (corpus/corpus.h): read, split into sentences, tokenise, set documents
 * aside, write shards, and last the manifest.
 *
 * Shards are cut by bytes of input (at document boundaries), so the same input gives the same
 * files, byte for byte: with all files, in order, as one run of bytes, a document belongs to the
 * shards number p / shard_bytes, where p is where the document before it ended. */
#ifndef LAMBERT_CORPUS_PREPARE_H
#define LAMBERT_CORPUS_PREPARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"

struct prepare_options {
    char *const *inputs; /* files or folders (all files below; input_list_open) */
    int input_count;
    const char *vocabulary; /* path of a vocab.txt */
    const char *output;     /* folder; refused when it holds a corpus, unless overwrite */
    bool overwrite;
    bool lower_case;
    bool split_sentences;    /* no: every line is one sentence */
    double heldout_fraction; /* of documents, by hash of their text: the same text, the same side */
    uint64_t shard_bytes;    /* of input text a shard */
    int compression;         /* zlib level */
};

extern const struct prepare_options prepare_defaults;

struct prepare_report {
    uint64_t input_bytes;
    uint64_t files;
    uint64_t documents, empty_documents, heldout_documents, one_sentence_documents;
    uint64_t sentences, tokens;
    uint64_t words, unknown_words;
    uint64_t invalid_bytes;
    uint64_t corpus_bytes;
    double seconds;
};

/* Nothing to train on (no document with a token, or all of them held out) is an error. After any
 * error nothing is left behind; with `overwrite` the old corpus is gone as soon as reading begins.
 * Warns about bytes that are not UTF-8, and about splits too small to make pairs of. */
int prepare_corpus(const struct prepare_options *options, struct prepare_report *report,
                   struct error *err);

/* The files that `inputs` stand for; for `vocab` as well. Inputs in the order given, a folder as
 * all files below it sorted by name (byte by byte), those whose names begin with a dot passed over.
 * No file at all is an error. */
struct input_list {
    char **paths;
    int count;
    uint64_t bytes;
};
int input_list_open(struct input_list *list, char *const *inputs, int input_count,
                    struct error *err);
void input_list_close(struct input_list *list);

#endif
