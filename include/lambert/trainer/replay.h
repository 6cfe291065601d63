/* Whether the processors and memories of a job can be trusted: a replay computes a micro-batch that one rank computes
 * again on another one with the same kernels, on another machine where there is one (dist/partners.h), and compares
 * both results bit by bit. The bits of a micro-batch depend neither on the rank nor on its threads, so a difference
 * is a fault of one of the two: a processor that is wrong now and then, or memory, or weights that are not those of
 * the others any more.
 *
 * In a step with a replay every rank sends its first micro-batch to one rank, computes that of another before its own
 * in memory that is free until then, and keeps only hashes of what came out. A job of one rank, or a rank that is the
 * only one with its kernels, computes its own twice, which finds faults that come and go.
 *
 *     replay_new(&replay, dist, table, compute_type)
 *     in a step:  replay_begin(replay, turn, mine, last)
 *                 replay_theirs(replay, &last)               to be computed, hashes into replay_hashes_of_theirs()
 *                 ...                                        own micro-batch, hashes into replay_hashes_of_mine()
 *                 replay_compare(replay, &report)
 *     replay_free(replay)
 *
 * Functions are collective unless marked [local]. */
#ifndef LAMBERT_TRAINER_REPLAY_H
#define LAMBERT_TRAINER_REPLAY_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/float16.h"
#include "lambert/base/host_name.h"
#include "lambert/batch/packed_batch.h"
#include "lambert/dist/dist.h"
#include "lambert/trainer/result_hashes.h"

/* A micro-batch of which two ranks made different results. */
struct replay_difference {
    int owner,
        checker; /* ranks: whose micro-batch it is, and who computed it as well; may be one and the same */
    char owner_host[HOST_NAME_ROOM], checker_host[HOST_NAME_ROOM];
    int sequences;   /* in it */
    uint64_t sample; /* the sample_index of the first of them */
    struct result_difference result;
};

struct replay_report {
    int made;  /* micro-batches that were computed twice, of all ranks; 0: the step had no replay */
    int alone; /* of these, twice by the same rank */
    int different;                               /* of these, with different results */
    const struct replay_difference *differences; /* [different], by owner; until the next replay */
};

struct replay;

/* The log says which ranks will be checked by whom, as far as it is no matter of course. dist and table outlive it. */
void replay_new(struct replay **replay, const struct dist *dist, const struct param_table *table,
                enum float_type compute_type);
void replay_free(struct replay *replay); /* [local] NULL is fine */

/* turn: 0, 1, ..., the same on all ranks, decides on who checks whom. mine: this rank's first micro-batch, NULL where
 * it has none; last: it is its only one. */
void replay_begin(struct replay *replay, int64_t turn, const struct packed_batch *mine, bool last);

/* [local] What this rank is to compute again, NULL where that is nothing; *last as its owner said it. */
const struct packed_batch *replay_theirs(const struct replay *replay, bool *last);

/* [local] Where the hashes of both go. */
struct result_hashes *replay_hashes_of_theirs(struct replay *replay);
struct result_hashes *replay_hashes_of_mine(struct replay *replay);

/* *report is the same on all ranks. */
void replay_compare(struct replay *replay, struct replay_report *report);

#endif
