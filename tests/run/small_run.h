/* What tests of runs share: corpora of a few documents, prepared from text, and configurations of a
 * model of a few thousand weights. */
#ifndef LAMBERT_TESTS_RUN_SMALL_RUN_H
#define LAMBERT_TESTS_RUN_SMALL_RUN_H

#include "lib/unit.h"

#include "lambert/config/config.h"

/* How a corpus is prepared; {0} is an uncased one of 40 documents, all to train on. */
struct small_corpus {
    const char *extra_word; /* of the vocabulary; NULL: none */
    bool cased;
    double heldout;
    int documents; /* 0: 40 */
};

/* [one rank] Prepares the corpus NAME in the scratch folder. */
void small_corpus_make(const char *name, const struct small_corpus *corpus);

/* Configuration of one phase "one" on a corpus in the scratch folder, for the run folder RUN in it; the
 * words, up to a NULL, win over those of the small run. */
void small_config(struct config *config, const char *corpus, const char *run, ...)
    __attribute__((sentinel));

#endif
