/* Where the samples of one epoch lie: all documents are cut once (segments.h), and every so many
 * passages the place is noted, so that finding any one means cutting a few passages from the mark
 * before it, however long its document is. A mark takes 16 bytes for 32 samples. */
#ifndef LAMBERT_SAMPLE_EPOCH_PLAN_H
#define LAMBERT_SAMPLE_EPOCH_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/corpus/document_store.h"
#include "segments.h"

struct epoch_options {
    uint64_t seed;
    uint32_t phase;
    struct cutting cutting;
};

struct epoch_range;

struct epoch_plan {
    const struct document_store *store;
    struct epoch_options options;
    uint32_t epoch;
    uint64_t samples;
    uint64_t
        damaged; /* a document that is no longer what it was, and gave no samples; none: their number */
    struct epoch_range *ranges; /* [range_count], runs of documents */
    uint32_t range_count;
};

/* Owns nothing yet; the store outlives it and has at least one document. */
void epoch_plan_init(struct epoch_plan *plan, const struct document_store *store,
                     const struct epoch_options *options);
void epoch_plan_release(struct epoch_plan *plan);

/* Cuts all documents for this epoch, over threads if parallel. */
void epoch_plan_make(struct epoch_plan *plan, uint32_t epoch, bool parallel);

/* The sample'th passage of the epoch, counted in the order of documents: the passage and its
 * document. Returns the target length that the document was cut with; 0: the index is not what it was when the
 * plan was made, *document is where it was noticed. */
uint32_t epoch_plan_find(const struct epoch_plan *plan, uint64_t sample, struct passage *passage,
                         uint64_t *document);

#endif
