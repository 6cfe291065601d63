/* The lock of a run's folder: two runs in one folder would take each other's checkpoints for their own. */
#ifndef LAMBERT_RUN_FOLDER_LOCK_H
#define LAMBERT_RUN_FOLDER_LOCK_H

#include "lambert/base/error.h"

struct run;

/* Collective. Rank 0 takes the lock for all, where it has not got it yet; the folder is there. A process of this host that
 * has it and lives is another run. Any other may have died with its host: it is waited for (run.lock_seconds), which the
 * log says. 0; -1; FAILED_FOR_NOW: it was waited for in vain; RUN_STOPPED: a signal ended the waiting, which the log says
 * as well. */
int folder_lock(struct run *run, struct error *err);

#endif
