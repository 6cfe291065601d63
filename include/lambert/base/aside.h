/* Work that may never come to its end, done by a thread of its own: a disk or a file server that answers no more holds
 * whoever reads from it, and no signal frees him. Who must not be held as well waits for the thread, looks at other
 * things meanwhile, and can leave it behind.
 *
 *     aside_begin(&aside, "reader", work, context, err)
 *     while (!aside_wait(aside, 0.05)) look at other things
 *     if (!aside_end(aside, 5)) what `work` may touch stays as it is, until the process ends
 *
 * Where it ends in time what it wrote is there for who waited. */
#ifndef LAMBERT_BASE_ASIDE_H
#define LAMBERT_BASE_ASIDE_H

#include <stdbool.h>

#include "lambert/base/error.h"

struct aside;

/* `name`, of 15 characters at most, is what the system calls the thread, and stays. On failure *aside is NULL. */
int aside_begin(struct aside **aside, const char *name, void (*work)(void *context), void *context,
                struct error *err);

/* Whether the work is done; it is waited for so long at most. */
bool aside_wait(struct aside *aside, double seconds);

/* The same, and the end of `aside`. False: the thread is left behind, and may go on at any time. */
bool aside_end(struct aside *aside, double seconds);

#endif
