/* A corpus of any size out of nothing, to measure with: shards (corpus/shard_writer.h) of documents
 * whose numbers of sentences, and sentences whose numbers of tokens, are log-normal as those of
 * Wikipedia are, roughly. Ids follow Zipf's law, so that blocks inflate as slowly as real ones.
 * After some dozens of shards they begin to repeat. The same description gives the same shards,
 * whatever the number of threads. */
#ifndef LAMBERT_BENCH_ARTIFICIAL_CORPUS_H
#define LAMBERT_BENCH_ARTIFICIAL_CORPUS_H

#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/text/vocabulary.h"

struct artificial_corpus {
    uint64_t documents;
    double sentences_per_document; /* mean, about */
    double tokens_per_sentence;    /* mean, about */
    uint64_t shard_documents;      /* in each shard but the last */
};

/* As many entries as BERT's; a quarter of them are "##" pieces. */
struct vocabulary *artificial_vocabulary(void);

/* Writes the shards into `folder`, over threads, with a progress line. paths [*count] are the
 * files, in order; artificial_corpus_free_paths() frees them. After a failure there are none. */
int artificial_corpus_write(const struct artificial_corpus *corpus,
                            const struct vocabulary *vocabulary, const char *folder, char ***paths,
                            int *count, struct error *err);
void artificial_corpus_free_paths(char **paths, int count);

#endif
