#define _GNU_SOURCE /* F_OFD_SETLK */
#include "lambert/base/file_use.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/log.h"

/* The command is F_OFD_SETLK, or F_OFD_GETLK, which asks alone (and takes any descriptor, where a lock to write wants one
 * to write with). 1: locked, or it could be, or not to be locked here; 0: somebody has a lock that excludes this one. */
static int lock(int descriptor, int command, short type, const char *path)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET};
    if (fcntl(descriptor, command, &lock) == 0)
        return command == F_OFD_SETLK || lock.l_type == F_UNLCK;
    if (errno == EACCES || errno == EAGAIN)
        return 0;
    LOG_WARNING_ONCE(
        "%s cannot be locked (%s), so that nothing keeps a corpus that is read from being replaced",
        path, strerror(errno));
    return 1;
}

int file_use_begin(const char *path, int *descriptor, struct error *err)
{
    for (;;) {
        *descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (*descriptor < 0)
            return error_errno(err, "cannot open %s", path);
        if (!lock(*descriptor, F_OFD_SETLK, F_RDLCK, path)) {
            file_use_end(descriptor);
            return error_set(err, "%s is being replaced; try again when that is done", path);
        }
        if (file_is_open_at(*descriptor, path))
            return 0;
        file_use_end(descriptor);
    }
}

int file_use_exclude(const char *path, int *descriptor, struct error *err)
{
    *descriptor = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
    const bool may_write =
        *descriptor >= 0 || (errno != EACCES && errno != EPERM && errno != EROFS);
    if (!may_write)
        *descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (*descriptor < 0)
        return errno == ENOENT ? 0 : error_errno(err, "cannot open %s", path);
    if (lock(*descriptor, may_write ? F_OFD_SETLK : F_OFD_GETLK, F_WRLCK, path))
        return 0;
    file_use_end(descriptor);
    return error_set(err, "%s is in use by another process, which reads it", path);
}

void file_use_end(int *descriptor)
{
    if (*descriptor >= 0)
        close(*descriptor);
    *descriptor = -1;
}
