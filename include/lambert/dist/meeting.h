/* How ranks meet where one may still wait for something of its own, as for a batch from a disk that does not answer, and
 * may be told to end meanwhile, or another may that is there already.
 *
 *     meeting_init(&meeting, told)
 *     while it waits:          meeting_is_called(dist, &meeting)             [local]
 *     then, on every rank:     meeting_sum(dist, &meeting, values, count)    collective; the next meeting follows
 *
 * A rank that is told to end while it waits comes without what it waits for, and calls the others; so does one that is
 * told while it stands at the meeting. Who waits hears of it, and comes without, too. Whether anybody did is for the
 * callers to add up among the values: a call that comes too late is passed over. */
#ifndef LAMBERT_DIST_MEETING_H
#define LAMBERT_DIST_MEETING_H

#include <stdbool.h>

#include "lambert/dist/dist.h"

struct meeting {
    bool (*told)(void); /* whether this rank is told to end; NULL: it never is */
    int number;
    bool calls;  /* this rank has called the others to this one */
    bool called; /* what meeting_is_called() said */
};

void meeting_init(struct meeting *meeting, bool (*told)(void));

/* [local] Whether this rank is to come without what it waits for. */
bool meeting_is_called(const struct dist *dist, struct meeting *meeting);

/* Collective: the sum over all ranks, element by element and in place, as dist_sum_double(). */
void meeting_sum(const struct dist *dist, struct meeting *meeting, double *values, int count);

#endif
