/* What tests of corpora share: a vocabulary, a store of made-up
 * documents whose every token is known. */
#ifndef LAMBERT_TESTS_CORPUS_FIXTURE_H
#define LAMBERT_TESTS_CORPUS_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/corpus/document_store.h"
#include "lambert/text/vocabulary.h"
#include "lib/scratch.h"

void write_text(const char *folder, const char *name, const char *text);
int count_files(const char *folder);

/* [PAD] [UNK] [CLS] [SEP] [MASK], then `words` entries; every third of those is a "##" piece. */
enum { FIRST_WORD = 5 };
struct vocabulary *made_vocabulary(int words);

/* The shape of made-up documents: sentence lengths are a function of (document, sentence). */
struct shape {
    uint64_t documents;
    uint32_t most_sentences; /* 1 .. this many */
    uint32_t most_tokens;    /* 1 .. this many a sentence */
    int shards;
    int words;      /* of the vocabulary */
    bool segmented; /* the shards say where words begin: made_begins_word() */
};
uint32_t made_sentences(const struct shape *shape, uint64_t document);
uint32_t made_length(const struct shape *shape, uint64_t document, uint32_t sentence);
uint64_t made_tokens(const struct shape *shape, uint64_t document);
int32_t made_id(const struct shape *shape, uint64_t document, uint64_t token);
bool made_begins_word(uint64_t document, uint64_t token); /* words of 1 to 3 tokens */

/* Sample i of a store of made-up ready samples: every third has no B, every fifth no masks. Valid
 * until the next call. */
const struct ready_sample *made_sample(uint64_t i);
enum { MADE_SAMPLE_LONGEST = 64 };
/* Writes samples [first, end) into a new shard. */
void write_samples(const char *path, const struct vocabulary *vocabulary, uint64_t first,
                   uint64_t end);

struct fixture {
    struct shape shape;
    char *folder;
    struct vocabulary *vocabulary;
    char **paths; /* [shape.shards] */
    struct document_store *store;
};
void fixture_open(struct fixture *fixture, const struct shape *shape);
void fixture_close(struct fixture *fixture);

#endif
