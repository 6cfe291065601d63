/* A folder for trials inside of the folder that is looked at, which is gone afterwards with all that is in it, also where
 * a signal or the watchdog ends the process meanwhile. One at a time; for the main thread.
 *
 *     scratch_make(&path, folder, err)
 *     ... scratch_file(SCRATCH_WRITTEN) ...
 *     scratch_remove(err)
 *
 * Only who is killed outright (SIGKILL, a host that dies) leaves it: .lambert-doctor.XXXXXX, which is in nobody's way, as
 * each name is a new one, and which may be removed. */
#ifndef LAMBERT_DOCTOR_SCRATCH_H
#define LAMBERT_DOCTOR_SCRATCH_H

#include "lambert/base/error.h"

/* The files that there may be in it: a handler of signals cannot ask which there are. */
enum scratch_file { SCRATCH_LOCK, SCRATCH_WRITTEN, SCRATCH_FILES };
extern const char *const scratch_names[SCRATCH_FILES];

/* Makes it in `folder`, which is there; *path stays until scratch_remove(). Until then signals that end a process remove
 * it first. */
int scratch_make(const char **path, const char *folder, struct error *err);
const char *scratch_file(enum scratch_file file); /* its path, as long */

/* With its files; fine if there is none. */
int scratch_remove(struct error *err);

/* What a handler of signals and the watchdog's thread may call while the main thread hangs anywhere: removes the files and
 * the folder, and leaves the rest as it is. */
void scratch_drop(void);

#endif
