/* The checkpoints of a run folder: checkpoints/step-00001234.checkpoint (the run's total steps), of
 * which the last K are kept; and beside that folder best.checkpoint, where the run keeps the weights
 * that did best in its evaluations. Who goes on takes the newest, who uses the model the best. All
 * is [local]; rank 0's business. The folder checkpoints/ may be a symbolic link to where large files
 * are kept; one that leads to the checkpoints of another run is refused. */
#ifndef LAMBERT_STORE_CHECKPOINT_FOLDER_H
#define LAMBERT_STORE_CHECKPOINT_FOLDER_H

#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/store/checkpoint_file.h"

/* Opens the newest checkpoint of a run folder whose checksums all hold, to be closed; a run may be at work there, and
 * remove what it no longer keeps. A folder that
 * has none is no failure: checkpoint_file_path() is then NULL. Damaged ones, and such as cannot be looked at, are
 * passed over with a warning; it is an error when nothing else is there, so that nobody begins anew over a run that
 * could be rescued. */
int checkpoint_newest(const char *run_folder, struct checkpoint_file *file, struct error *err);

/* Opens the checkpoint that a path means: of a run folder the best, and where none is kept the
 * newest, as above; of anything else the file itself. */
int checkpoint_find(const char *path, struct checkpoint_file *file, struct error *err);

/* Opens the checkpoint that a path means to who goes on from it: of a run folder the newest, where there is to be one;
 * of anything else the file itself. */
int checkpoint_find_newest(const char *path, struct checkpoint_file *file, struct error *err);

/* The step of the newest checkpoint, by its name alone: nothing is opened. -1 where the folder has none; fails where
 * checkpoint_newest() would fail of the folder. */
int checkpoint_newest_step(const char *run_folder, int64_t *step, struct error *err);

/* Path for a step's checkpoint, and for the best one; free(). */
char *checkpoint_path(const char *run_folder, int64_t total_steps);
char *checkpoint_best_path(const char *run_folder);

/* Removes all but the newest `keep` of the steps' checkpoints, and temporary files left by a killed
 * run. Those whose step is a multiple of `keep_every` stay for good, and do not count (0: there are none). */
int checkpoint_prune(const char *run_folder, int keep, int keep_every, struct error *err);

#endif
