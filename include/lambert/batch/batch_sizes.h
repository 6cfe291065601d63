/* How many sequences each global batch of a phase has: as many as the first, until a change says
 * otherwise. Samples are numbered on through all of them, so which samples batch k has is a function of k
 * alone, and what a sample is does not depend on the batch that it is in:
 *
 *     batch k is samples [batch_sizes_before(k), batch_sizes_before(k + 1))
 *
 * A struct without changes has batches of one size. All functions are pure. */
#ifndef LAMBERT_BATCH_BATCH_SIZES_H
#define LAMBERT_BATCH_BATCH_SIZES_H

#include <stdint.h>

#include "lambert/base/buffer.h"

enum { BATCH_CHANGES_MOST = 16 };

/* From batch number `after` on, which is once so many batches were, they have `sequences`. */
struct batch_change {
    int after;
    int sequences;
};

struct batch_sizes {
    int first; /* sequences */
    int change_count;
    struct batch_change changes[BATCH_CHANGES_MOST]; /* ascending by `after`, which is 1 at least */
};

int batch_sizes_at(const struct batch_sizes *sizes, uint64_t batch);

/* The sequences of all batches before that one: its first sample. */
uint64_t batch_sizes_before(const struct batch_sizes *sizes, uint64_t batch);

/* The fewest batches that have so many sequences together. */
uint64_t batch_sizes_covering(const struct batch_sizes *sizes, uint64_t sequences);

int batch_sizes_least(const struct batch_sizes *sizes);
int batch_sizes_most(const struct batch_sizes *sizes);

/* For people: "512", "512 (1024 after step 1000, 2048 after step 3000)". */
void batch_sizes_print(const struct batch_sizes *sizes, struct buffer *text);

#endif
