/* What reading and mapping begin with. */
#ifndef LAMBERT_BASE_FILE_OPEN_H
#define LAMBERT_BASE_FILE_OPEN_H

#include <sys/stat.h>

#include "lambert/base/error.h"

/* A descriptor that does not block (O_NONBLOCK), so that a named pipe without a writer is not waited for, and what the
 * file is; -1 for what cannot be opened, and for folders. */
int file_open_to_read(const char *path, struct stat *info, struct error *err);

#endif
