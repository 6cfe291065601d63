#include "lambert/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_faults.h"
#include "lambert/base/activity.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"

enum { BUFFER_SIZE = 1 << 18 };

static const char temporary_mark[] = ".tmp-";

bool file_is_temporary(const char *name)
{
    /* as open_temporary() makes them: NAME.tmp-PID-NUMBER */
    const char *mark = NULL;
    for (const char *at = name; (at = strstr(at, temporary_mark)) != NULL; at++)
        mark = at;
    if (!mark || mark == name)
        return false;
    const char *digits = mark + sizeof temporary_mark - 1;
    size_t first = strspn(digits, "0123456789");
    if (first == 0 || digits[first] != '-')
        return false;
    size_t second = strspn(digits + first + 1, "0123456789");
    return second > 0 && digits[first + 1 + second] == '\0';
}

/* Process numbers repeat, on other machines of a shared file system and after a restart; so a name
 * that is taken is left alone and the next one tried. Not mkstemp(), whose files only their owner
 * may read. */
static int open_temporary(struct file_writer *writer)
{
    static atomic_uint number;
    for (int tries = 0; tries < 10000; tries++) {
        writer->temporary = memory_text("%s%s%ld-%u", writer->path, temporary_mark, (long)getpid(),
                                        atomic_fetch_add(&number, 1));
        int descriptor = open(writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (descriptor >= 0 || errno != EEXIST)
            return descriptor;
        free(writer->temporary);
        writer->temporary = NULL;
    }
    return -1;
}

/* Frees what the closed writer held, keeping errno. */
static void forget(struct file_writer *writer)
{
    int saved = errno;
    free(writer->buffer);
    free(writer->path);
    free(writer->temporary);
    *writer = (struct file_writer){0};
    errno = saved;
}

int file_writer_open(struct file_writer *writer, const char *path, struct error *err)
{
    *writer = (struct file_writer){0};
    struct stat info;
    if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) /* rename would replace a device */
        return error_set(err, "cannot write %s: it exists and is not a regular file", path);

    writer->path = memory_copy_text(path);
    int descriptor = open_temporary(writer);
    if (descriptor < 0) {
        error_errno(err, "cannot create a file beside %s", path);
        forget(writer);
        return -1;
    }
    writer->stream = fdopen(descriptor, "w");
    if (!writer->stream) {
        error_errno(err, "cannot write %s", path);
        unlink(writer->temporary);
        close(descriptor);
        forget(writer);
        return -1;
    }
    writer->buffer = memory_new(BUFFER_SIZE, 1); /* left to itself glibc takes 4096 bytes */
    setvbuf(writer->stream, writer->buffer, _IOFBF, BUFFER_SIZE);
    return 0;
}

/* Gives up with the sentence of errno. */
static int failed(struct file_writer *writer, struct error *err)
{
    error_errno(err, "cannot write %s", writer->path);
    file_writer_discard(writer);
    return -1;
}

/* Bytes that lie in a mapped file (file_map_open()) which is not whole any more: the system cannot read
 * them, and says EFAULT. */
static int failed_to_write(struct file_writer *writer, const void *data, struct error *err)
{
    const char *source = errno == EFAULT ? file_map_path(data) : NULL;
    if (!source)
        return failed(writer, err);
    error_set(err, "cannot write %s: %s, which it is made of, " FILE_MAP_BROKEN, writer->path,
              source);
    file_writer_discard(writer);
    return -1;
}

enum file_sync file_sync(int descriptor)
{
    if (fsync(descriptor) == 0)
        return FILE_SYNCED;
    return errno == EINVAL || file_says_unsupported(errno) ? FILE_SYNC_MISSING : FILE_SYNC_FAILED;
}

/* Where there is no such thing as fsync nothing is to be done; all else, EIO above all, means that bytes
 * may be lost. */
static int sync_file(int descriptor, const char *path)
{
    const enum file_sync outcome = file_sync(descriptor);
    if (outcome == FILE_SYNC_FAILED)
        return -1;
    if (outcome == FILE_SYNC_MISSING)
        LOG_WARNING_ONCE(
            "%s cannot be synced (%s): if the power fails, what was written last may be gone, "
            "here and in files like it",
            path, strerror(errno));
    return 0;
}

int file_writer_write(struct file_writer *writer, const void *data, size_t size, struct error *err)
{
    require(writer->stream != NULL);
    if (size != 0 && fwrite(data, 1, size, writer->stream) != size)
        return failed_to_write(writer, data, err);
    writer->bytes += size;
    activity_heartbeat();
    return 0;
}

int file_writer_commit(struct file_writer *writer, struct error *err)
{
    require(writer->stream != NULL);
    if (fflush(writer->stream) != 0 || sync_file(fileno(writer->stream), writer->path) != 0)
        return failed(writer, err);
    FILE *stream = writer->stream;
    writer->stream = NULL;
    if (fclose(stream) != 0)
        return failed(writer, err);
    if (rename(writer->temporary, writer->path) != 0)
        return failed(writer, err);
    char *folder = path_folder(writer->path);
    int status = folder_sync(folder, err);
    if (status < 0)
        error_prefix(err, "%s is written but a power failure may undo it", writer->path);
    free(folder);
    forget(writer);
    return status;
}

void file_writer_discard(struct file_writer *writer)
{
    if (writer->stream)
        fclose(writer->stream); /* what it could not write is not wanted any more */
    if (writer->temporary)
        unlink(writer->temporary);
    forget(writer);
}

int file_write(const char *path, const void *data, size_t size, struct error *err)
{
    struct file_writer writer;
    if (file_writer_open(&writer, path, err) < 0)
        return -1;
    if (file_writer_write(&writer, data, size, err) < 0)
        return -1;
    return file_writer_commit(&writer, err);
}
