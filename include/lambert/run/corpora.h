/* The corpora of a run: one for all phases, or phases with their own. All are open from the start,
 * so that what is wrong with the last one is said before the first step. */
#ifndef LAMBERT_RUN_CORPORA_H
#define LAMBERT_RUN_CORPORA_H

#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/config/config.h"
#include "lambert/corpus/corpus.h"

struct corpora {
    struct corpus *opened[CONFIG_MAX_PHASES]; /* [count], each folder once */
    int count;
    int of_phase[CONFIG_MAX_PHASES]; /* place in opened */
};

/* [local] Fails where they do not agree in vocabulary and case. On failure nothing is left to
 * close. */
int corpora_open(struct corpora *corpora, const struct config *config, struct error *err);
void corpora_close(struct corpora *corpora); /* fine on a zeroed one */

const struct corpus *corpora_of(const struct corpora *corpora, int phase);

/* What a checkpoint remembers: the hash of the corpus or, where there are several, of their hashes
 * in the order of phases. */
uint64_t corpora_hash(const struct corpora *corpora);

#endif
