/* What reading and mapping begin with. */
#ifndef LAMBERT_BASE_FILE_OPEN_H
#define LAMBERT_BASE_FILE_OPEN_H

#include <sys/stat.h>

#include "lambert/base/error.h"

/* A descriptor, and what the file is; -1 for what cannot be opened, and for folders. flags: O_NONBLOCK, where a named pipe
 * without a writer is not to be waited for, or 0. */
int file_open_to_read(const char *path, int flags, struct stat *info, struct error *err);

#endif
