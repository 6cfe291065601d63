/* How ranks give up together what each of them is at, between two parts of its work, when one of them is told to.
 *
 *     call_off_begin(&call_off)
 *     between two parts:     call_off_heard(dist, &call_off, told)      [local]
 *     then, on every rank:   call_off_agree(dist, &call_off)            collective, once
 *
 * A rank that is told, and has not heard of another, sends all others an empty message, which these look for between
 * their parts: so that the first to hear need not wait until the others are through. Who hears goes to the agreement at once, who does not when it
 * comes to what cannot be given up; there they all learn alike whether any had heard. */
#ifndef LAMBERT_DIST_CALL_OFF_H
#define LAMBERT_DIST_CALL_OFF_H

#include <stdbool.h>

#include "lambert/dist/dist.h"

struct call_off {
    bool told; /* this rank has told the others */
    int heard; /* messages of others that were received */
};

void call_off_begin(struct call_off *call_off);

/* [local] told: this rank is told to give up, now or before. Whether it was, or has heard of another. */
bool call_off_heard(const struct dist *dist, struct call_off *call_off, bool told);

/* Collective. True everywhere when any rank was told. */
bool call_off_agree(const struct dist *dist, struct call_off *call_off);

#endif
