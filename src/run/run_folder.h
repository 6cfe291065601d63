/* The folder of a run, while the run has it. All [rank 0]. */
#ifndef LAMBERT_RUN_RUN_FOLDER_H
#define LAMBERT_RUN_RUN_FOLDER_H

#include <stdbool.h>

#include "lambert/base/error.h"
#include "lambert/base/file_lock.h"

struct run;

/* Tries to lock the folder, where it is to be locked (run.lock) and is not yet: two runs in one folder would take
 * each other's checkpoints for their own. run->lock is the descriptor; folder_lock.h waits for others. */
enum lock_state run_folder_try_lock(struct run *run, struct error *err);

/* Makes the folder run->folder if need be, holds it open (run->place), locks it if it is not yet, and writes
 * config.ini. */
int run_folder_take(struct run *run, struct error *err);

/* Closes what was opened, if anything was; the lock goes with it. */
void run_folder_release(struct run *run);

/* Whether run->folder is still the folder that was taken, whatever was removed from it. */
bool run_folder_is_there(const struct run *run);

/* For one that is: locks it again, with a warning, where somebody has removed `lock` (by hand, or as one of the old
 * files of a disk). -1 where another run has locked it meanwhile, or it cannot be locked. */
int run_folder_keep_lock(struct run *run, struct error *err);

/* For one that is not: run->folder becomes the place where the folder was moved to (*moved), or its old place, made
 * anew; -1 where somebody else has taken that. */
int run_folder_find(struct run *run, bool *moved, struct error *err);

#endif
