/* A rank's share of each global batch, made ahead of time by a thread.
 *
 * Global batch k (k = 0, 1, ...) of a phase is samples [k G, (k + 1) G). Every rank plans all G of
 * them (lengths only), deals them out by cost, the same way everywhere, and fills its own. So the
 * global batch is the same for any number of ranks, and ranks get equal work without talking.
 *
 *     batch_source_open(&source, sampler, &options, err);
 *     while (...) { batch_source_next(source, &share, err); ... }
 *     batch_source_close(source);
 *
 * The share stays valid until the next call. The sampler belongs to the source's thread from open
 * to close. A share may be empty when there are more ranks than samples. */
#ifndef LAMBERT_SAMPLE_BATCH_SOURCE_H
#define LAMBERT_SAMPLE_BATCH_SOURCE_H

#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/batch/packed_batch.h"
#include "lambert/sample/sampler.h"

struct batch_source_options {
    uint64_t first_batch; /* number of the first global batch wanted: a resumed run starts here */
    uint64_t end_batch;   /* none is asked for from here on */
    int global_batch;     /* G, sequences */
    int group;            /* so many consecutive samples, from k G on, go to the same rank (the last
                             group is what is left); 0 and 1: each may go anywhere */
    int rank, ranks;
};

struct batch_source;

int batch_source_open(struct batch_source **source, struct sampler *sampler,
                      const struct batch_source_options *options, struct error *err);
int batch_source_next(struct batch_source *source, const struct packed_batch **share,
                      struct error *err);
void batch_source_close(struct batch_source *source); /* NULL is fine */

/* The samples from share->sample_index[first] on that are of one group: how many sequences of the
 * share they are, whichever batch it is of. */
int batch_group_fit(const struct packed_batch *share, int first, int global_batch, int group);

/* Which of `count` sequences with these lengths go to `rank`: their numbers, ascending, into
 * chosen; returns how many. Longest first, each to the rank with the least work so far, of those
 * with room (a rank gets floor or ceiling of count / ranks). Cost of a sequence of t tokens: t + t²
 * / 2048. */
int balance_by_cost(const int *lengths /* [count] */, int count, int ranks, int rank,
                    int *chosen /* [ceil(count / ranks)] */);

#endif
