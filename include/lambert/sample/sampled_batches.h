/* Batches of the samples of a corpus or several (a batch/batch_source.h), made ahead of time by a
 * thread.
 *
 * Global batch k (k = 0, 1, ...) of a phase is the G samples that batch/batch_sizes.h says, those behind the
 * ones of batch k - 1. Every rank plans all of them (lengths only), assigns them to ranks by cost (batch/share.h), the same way everywhere,
 * and fills its own. So the global batch is the same for any number of ranks, and ranks get equal
 * work without talking.
 *
 * The sampler belongs to the source's thread until the source is closed, and must outlive it; where the thread is still
 * reading five seconds after that, for ever (batch_source_close()). */
#ifndef LAMBERT_SAMPLE_SAMPLED_BATCHES_H
#define LAMBERT_SAMPLE_SAMPLED_BATCHES_H

#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/batch/batch_sizes.h"
#include "lambert/batch/batch_source.h"
#include "lambert/sample/mixed_sampler.h"

struct sampled_batches_options {
    uint64_t first_batch; /* number of the first global batch wanted: a resumed run starts here */
    uint64_t end_batch;   /* the source ends before this one */
    struct batch_sizes sizes; /* G of each batch */
    int group;                /* batch.group; 0 and 1: each sample may go to any rank */
    int rank, ranks;
};

/* Bytes that a rank holds of batches of sequences of up to sequence_length tokens and `labelled` masked ones, at most:
 * of each sequence of the largest global batch what is planned of it, and two shares whole. */
size_t sampled_batches_memory(int global_batch, int ranks, int sequence_length, int labelled);

/* Plans the epochs before first_batch over all threads; the batches are then made by one. */
int sampled_batches_open(struct batch_source **source, struct mixed_sampler *sampler,
                         const struct sampled_batches_options *options, struct error *err);

/* How far each part of the sampler has come with the batch that was handed out last, which there
 * is; the source's, as that batch. */
const struct part_progress *sampled_batches_progress(const struct batch_source *source);

#endif
