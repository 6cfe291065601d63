/* The corpora of a run: one for all phases, or phases with their own, and of each phase one or
 * several, whose samples are mixed. All are open from the start, so that what is wrong with the last
 * one is said before the first step. */
#ifndef LAMBERT_RUN_CORPORA_H
#define LAMBERT_RUN_CORPORA_H

#include <stddef.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/config/config.h"
#include "lambert/corpus/corpus.h"
#include "lambert/model/bert.h"
#include "lambert/sample/mixed_sampler.h"
#include "lambert/sample/mixture.h"

/* What the samples of a phase are of: part p of the mixture is the corpus opened[parts[p]]. */
struct phase_corpora {
    int *parts; /* [mixture.count]; NULL: the phase is not opened */
    struct mixture mixture;
};

struct corpora {
    struct corpus **opened; /* [count], each folder once, however it is spelt */
    int count;
    size_t capacity;
    struct phase_corpora phases[CONFIG_MAX_PHASES];
};

/* [local] Of all phases, or of one alone; each is held against data.vocabulary. Fails where they do not
 * agree in vocabulary and in how text is normalised. On failure nothing is left to close. */
int corpora_open(struct corpora *corpora, const struct config *config, struct error *err);
int corpora_open_phase(struct corpora *corpora, const struct config *config, int phase,
                       struct error *err);
/* Of phases [first, end), and where they were copied to; NULL: nowhere. */
struct stage;
int corpora_open_staged(struct corpora *corpora, const struct stage *stage,
                        const struct config *config, int first, int end, struct error *err);
void corpora_close(struct corpora *corpora); /* fine on a zeroed one */

/* Of a phase: how many corpora it has, the p-th, and how they are mixed (by weights, or by the tokens
 * of their training splits). A corpus may stand in a phase more than once. */
int corpora_parts(const struct corpora *corpora, int phase);
const struct corpus *corpora_of(const struct corpora *corpora, int phase, int part);
const struct mixture *corpora_mixture(const struct corpora *corpora, int phase);

/* What a checkpoint remembers: the hash of the corpus; where there are several, of their hashes in
 * the order of phases; where a phase has several, of the number and the hashes of those of each phase,
 * phases with the same list once. */
uint64_t corpora_hash(const struct corpora *corpora);

/* The same where each spelling of a folder in the configuration that was opened counts as a corpus of its own, as in
 * checkpoints of earlier versions. */
uint64_t corpora_hash_by_spelling(const struct corpora *corpora, const struct config *config);

/* Makes room for the ready samples of all that is open, whose masks no option limits. */
void corpora_widen(const struct corpora *corpora, struct bert_capacity *capacity);

/* The samples of a phase, held-out ones masked as an evaluation does. The parts share data.cache_megabytes. */
int corpora_sampler(const struct corpora *corpora, const struct config *config, int phase,
                    enum corpus_split split, struct mixed_sampler **sampler, struct error *err);

#endif
