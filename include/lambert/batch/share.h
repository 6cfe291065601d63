/* Which samples of a global batch are a rank's share: whole groups (batch_source.h), given to ranks by cost
 * (balance_by_cost.h), by every rank in the same way, from the lengths alone. */
#ifndef LAMBERT_BATCH_SHARE_H
#define LAMBERT_BATCH_SHARE_H

/* How a global batch is dealt out. */
struct sharing {
    int global_batch; /* samples, at least 1 */
    int group;        /* consecutive samples that stay together; 0 and 1: each may go to any rank */
    int rank, ranks;
};

/* Bytes a sample of the global batch that share_choose() works in, at most. */
enum { SHARE_BYTES_A_SAMPLE = 4 * sizeof(int) };

/* The rank's samples, ascending, counted from the batch's first, into chosen; returns how many. */
int share_choose(const struct sharing *sharing, const int *lengths /* [global_batch] tokens */,
                 int *chosen /* [global_batch] */);

#endif
