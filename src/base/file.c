#define _GNU_SOURCE /* tee() */
#include "lambert/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_open.h"
#include "lambert/base/clock.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"

enum { LONGEST_STREAM = 64 << 20, WRITER_SECONDS = 5 };

int file_open_to_read(const char *path, struct stat *info, struct error *err)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return error_errno(err, "cannot open %s", path);
    if (fstat(descriptor, info) != 0) {
        error_errno(err, "cannot look at %s", path);
        close(descriptor);
        return -1;
    }
    if (S_ISDIR(info->st_mode)) {
        error_set(err, "%s is a folder where a file is wanted", path);
        close(descriptor);
        return -1;
    }
    return descriptor;
}

/* Whether a pipe that was opened without waiting has bytes, or somebody who may write some. A read would tell, but take
 * a byte that came meanwhile: tee() tells the same, and leaves it. */
static int look_for_writer(int descriptor, bool *there, struct error *err)
{
    int copy[2];
    if (pipe2(copy, O_CLOEXEC) != 0)
        return error_errno(err, "cannot make a pipe");
    const ssize_t bytes = tee(descriptor, copy[1], 1, SPLICE_F_NONBLOCK);
    const int failure = bytes < 0 && errno != EAGAIN ? errno : 0;
    close(copy[0]);
    close(copy[1]);
    *there = bytes != 0;
    errno = failure;
    return failure == 0 ? 0 : error_errno(err, "cannot look into a pipe");
}

/* That open() should wait for a writer would have no end, nor would a signal that is only noted end it. So the pipe is
 * open already: one who has it open to write, and takes his time to write anything, as a command before a pipe may, is
 * waited for as long as he is there. */
static int await_writer(int descriptor, const char *path, struct error *err)
{
    const double end = clock_seconds() + WRITER_SECONDS;
    struct pollfd pipe = {.fd = descriptor, .events = POLLIN};
    bool there = false;
    for (double left; (left = end - clock_seconds()) > 0;)
        if (poll(&pipe, 1, (int)(1000 * left) + 1) > 0)
            return 0;
    if (look_for_writer(descriptor, &there, err) < 0)
        return error_prefix(err, "cannot read %s", path);
    if (there) {
        log_info(
            "%s is a pipe that somebody has open, and nothing came for %d seconds: it is waited for",
            path, WRITER_SECONDS);
        return 0;
    }
    return error_set(err,
                     "cannot read %s: it is a named pipe, and nobody wrote to it for %d seconds",
                     path, WRITER_SECONDS);
}

int file_open_stream(const char *path, struct error *err)
{
    struct stat info = {0};
    int descriptor = file_open_to_read(path, &info, err);
    if (descriptor < 0)
        return -1;
    if (S_ISFIFO(info.st_mode) && await_writer(descriptor, path, err) < 0) {
        close(descriptor);
        return -1;
    }
    const int flags = fcntl(descriptor, F_GETFL);
    if (flags >= 0)
        fcntl(descriptor, F_SETFL, flags & ~O_NONBLOCK);
    return descriptor;
}

/* One byte more than the file has is asked for, so that its end is seen without a second round; a
 * pipe has no size, and a file may grow. What is not a regular file may have no end at all. */
static int read_all(int descriptor, const struct stat *info, struct buffer *buffer)
{
    bool regular = S_ISREG(info->st_mode);
    size_t most = regular ? SIZE_MAX : buffer->size + LONGEST_STREAM;
    size_t room = (regular ? (size_t)info->st_size : 0) + 1;
    while (buffer->size <= most) {
        buffer_reserve(buffer, buffer->size + room);
        ssize_t got = read(descriptor, buffer->data + buffer->size, room);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return (int)got;
        buffer->size += (size_t)got;
        room -= (size_t)got;
        if (room == 0)
            room = buffer->size / 2 + 65536;
    }
    errno = EFBIG;
    return -1;
}

int file_read(const char *path, struct buffer *buffer, struct error *err)
{
    struct stat info;
    int descriptor = file_open_stream(path, err);
    if (descriptor < 0)
        return -1;
    size_t before = buffer->size;
    int status = fstat(descriptor, &info);
    if (status == 0)
        status = read_all(descriptor, &info, buffer);
    if (status < 0) {
        error_errno(err, "cannot read %s", path);
        buffer->size = before;
    }
    close(descriptor);
    return status;
}

static bool is_same(const struct stat *one, const struct stat *two)
{
    return one->st_dev == two->st_dev && one->st_ino == two->st_ino;
}

bool file_is_same(const char *path, const char *other)
{
    struct stat one, two;
    return strcmp(path, other) == 0 ||
           (stat(path, &one) == 0 && stat(other, &two) == 0 && is_same(&one, &two));
}

bool file_is_open_at(int descriptor, const char *path)
{
    struct stat there, here;
    return stat(path, &there) == 0 && fstat(descriptor, &here) == 0 && is_same(&there, &here);
}

bool file_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

bool file_is_link(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0 && S_ISLNK(info.st_mode);
}

int file_remove(const char *path, struct error *err)
{
    if (unlink(path) == 0 || errno == ENOENT)
        return 0;
    return error_errno(err, "cannot remove %s", path);
}
