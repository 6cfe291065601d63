/* A folder for trials inside of the folder that is looked at, and gone afterwards with all that is in it. */
#ifndef LAMBERT_DOCTOR_SCRATCH_H
#define LAMBERT_DOCTOR_SCRATCH_H

#include "lambert/base/error.h"

/* Makes it in `folder`, which is there: *path, to be given to scratch_remove(); NULL on failure. No other process makes
 * one of the same name at the same time. */
int scratch_make(char **path, const char *folder, struct error *err);
void scratch_remove(char *path); /* with its files; NULL is fine */

#endif
