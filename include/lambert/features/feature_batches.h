/* Batches of a set of features for training (a batch/batch_source.h): sample i of a phase is the sequence
 * that a permutation keyed by (seed, phase, epoch) puts at i modulo the size of the set, so an epoch is
 * each sequence once, in an order of its own, and any number of ranks sees the same global batches.
 * Everything random in the model for sample i is keyed by (seed, phase, i). A batch is made when it is asked
 * for: it is a copy of what the set holds. */
#ifndef LAMBERT_FEATURES_FEATURE_BATCHES_H
#define LAMBERT_FEATURES_FEATURE_BATCHES_H

#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/batch/batch_sizes.h"
#include "lambert/batch/batch_source.h"
#include "lambert/features/feature_set.h"

struct feature_batches_options {
    uint64_t seed;
    uint32_t phase;
    uint64_t first_batch; /* number of the first global batch wanted: a resumed run starts here */
    uint64_t end_batch;   /* the source ends before this one */
    struct batch_sizes sizes;
    int group; /* batch.group */
    int rank, ranks;
};

/* Bytes that a rank holds of batches, at most, where no sequence has more tokens; besides the set itself. */
size_t feature_batches_memory(const struct feature_set *features, int global_batch, int ranks,
                              int sequence_length);

/* The features must outlive the source. */
struct batch_source *feature_batches_open(const struct feature_set *features,
                                          const struct feature_batches_options *options);

#endif
