/* A file that others are not to replace while it is read: readers hold a shared lock of it, any number at once,
 * and who would replace it asks for an exclusive one. The lock is of an open file (F_OFD_SETLK), not of a
 * process: opening and closing the file elsewhere does not lose it, and the system releases it when the
 * holder ends.
 *
 * Where the file system cannot lock it, nothing is held, and one warning says why: reading goes on. What a lock
 * is worth between machines is said with file_lock() (base/file_lock.h). */
#ifndef LAMBERT_BASE_FILE_USE_H
#define LAMBERT_BASE_FILE_USE_H

#include "lambert/base/error.h"

/* -1: the file cannot be opened, or somebody is about to replace it. Close the descriptor to end the use. */
int file_use_begin(const char *path, int *descriptor, struct error *err);

/* The exclusive lock. -1: somebody reads it, or that cannot be asked. A file that is not there is fine: *descriptor
 * is -1. Of a file that may be read alone, another's in a shared folder, it is asked whether somebody reads it, and
 * nothing is held: who begins to read it from then on is not kept out. */
int file_use_exclude(const char *path, int *descriptor, struct error *err);

void file_use_end(int *descriptor); /* fine where it is -1, which it is then */

#endif
