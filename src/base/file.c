#define _DEFAULT_SOURCE /* madvise(); posix_madvise() of glibc forgets nothing */
#include "lambert/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lambert/base/memory.h"

enum { LONGEST_STREAM = 64 << 20 };

static int open_to_read(const char *path, struct stat *info, struct error *err)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
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
    struct stat info = {0};
    int descriptor = open_to_read(path, &info, err);
    if (descriptor < 0)
        return -1;
    size_t before = buffer->size;
    int status = read_all(descriptor, &info, buffer);
    if (status < 0) {
        error_errno(err, "cannot read %s", path);
        buffer->size = before;
    }
    close(descriptor);
    return status;
}

int file_map_open(struct file_map *map, const char *path, struct error *err)
{
    *map = (struct file_map){0};
    struct stat info = {0};
    int descriptor = open_to_read(path, &info, err);
    if (descriptor < 0)
        return -1;
    int status = 0;
    if (!S_ISREG(info.st_mode)) {
        status = error_set(err, "%s is not a regular file", path);
    } else if (info.st_size > 0) {
        void *data = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, descriptor, 0);
        if (data == MAP_FAILED)
            status = error_errno(err, "cannot map %s", path);
        else
            *map = (struct file_map){data, (size_t)info.st_size};
    }
    close(descriptor);
    return status;
}

void file_map_forget(const struct file_map *map)
{
    if (map->data)
        madvise((void *)map->data, map->size, MADV_DONTNEED); /* a wish: it changes no byte */
}

void file_map_close(struct file_map *map)
{
    if (map->data)
        munmap((void *)map->data, map->size);
    *map = (struct file_map){0};
}

bool file_is_same(const char *path, const char *other)
{
    struct stat one, two;
    return strcmp(path, other) == 0 || (stat(path, &one) == 0 && stat(other, &two) == 0 &&
                                        one.st_dev == two.st_dev && one.st_ino == two.st_ino);
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

int file_lock(const char *path, int *descriptor, struct error *err)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    struct stat there, here;
    for (;;) {
        *descriptor = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
        if (*descriptor < 0 && file_is_link(path))
            return error_set(
                err,
                "%s is a symbolic link, where a file of this folder's own is wanted; remove it",
                path);
        if (*descriptor < 0)
            return error_errno(err, "cannot open %s", path);
        if (fcntl(*descriptor, F_SETLK, &lock) != 0 && errno != ENOLCK && errno != ENOSYS) {
            if (errno == EACCES || errno == EAGAIN)
                error_set(err, "%s is locked: another process is at work there", path);
            else
                error_errno(err, "cannot lock %s", path);
            close(*descriptor);
            *descriptor = -1;
            return -1;
        }
        /* Whoever held the lock may have removed the file after it was opened here. */
        if (stat(path, &there) == 0 && fstat(*descriptor, &here) == 0 &&
            there.st_dev == here.st_dev && there.st_ino == here.st_ino)
            return 0;
        close(*descriptor);
    }
}
