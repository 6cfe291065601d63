/* A source of batches: one global batch after the other, of each this rank's share, until the
 * source has ended.
 *
 *     struct batch batch;
 *     while ((status = batch_source_next(source, &batch, err)) > 0)
 *         a step on batch.share, of batch.global_batch sequences over all ranks
 *     batch_source_close(source);
 *
 * Where the batches come from is the implementation's: the samples of a corpus, made ahead of time
 * by a thread (sample/sampled_batches.h), or anything else. A source may end, and may change the
 * size of its batches and their groups from one batch to the next. Every rank has a source of its
 * own, and all of them agree without talking: in all that is said of batch k but the share, and in
 * when they end. No call is collective.
 *
 * Groups are how a global batch is cut into micro-batches where the cut is not to depend on the
 * number of ranks: `group` consecutive samples each, counted from the batch's first sample, the
 * last group being what is left. A group is whole on one rank, in the order of its samples. */
#ifndef LAMBERT_BATCH_BATCH_SOURCE_H
#define LAMBERT_BATCH_BATCH_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/batch/packed_batch.h"

struct batch {
    /* This rank's sequences, ascending by sample_index; the source's, valid until it is asked for
     * the next batch or closed. Empty where there are more ranks than sequences or groups. */
    const struct packed_batch *share;

    uint64_t number;       /* of the batch in its phase: 0, 1, ... */
    uint64_t first_sample; /* the lowest sample_index of the global batch */
    int global_batch;      /* sequences, over all ranks; at least 1 */
    int group;             /* samples of a group; 0: micro-batches are cut as they fit */
};

struct batch_source;

/* 1: a batch; 0: the source has ended; -1: an error. What was answered last, 0 or -1, stays. */
int batch_source_next(struct batch_source *source, struct batch *batch, struct error *err);

/* NULL is fine. False: who makes its batches does not come back, as from a disk that does not answer. He is left behind, and
 * what he may touch, all that the source was given, has to stay as it is until the process ends. */
bool batch_source_close(struct batch_source *source);

/* Whether the next batch, the end or the error is there, so that batch_source_next() would not wait; it is waited for so
 * long at most. */
bool batch_source_wait(struct batch_source *source, double seconds);

/* Of a batch with groups: how many sequences of its share, from `first` on, are of one group. */
int batch_group_fit(const struct batch *batch, int first);

/* How many groups the global batch has, over all ranks; 0 where it is not cut into groups. */
int batch_groups(const struct batch *batch);

/* For implementations: a struct whose first member is a struct batch_source, which is set when it
 * is opened. The operations get that member's address. */
struct batch_source_operations {
    int (*next)(struct batch_source *source, struct batch *batch, struct error *err);
    bool (*wait)(struct batch_source *source,
                 double seconds); /* NULL: nothing is ever waited for */
    bool (*close)(struct batch_source *source);
};

struct batch_source {
    const struct batch_source_operations *operations;
};

#endif
