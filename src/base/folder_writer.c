#include "lambert/base/folder_writer.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/file_lock.h"
#include "lambert/base/memory.h"

#define LOCK ".writer.lock"

/* --- paths ------------------------------------------------------------------------------------ */

/* Without slashes at its end, which would put what is called NAME.tmp... inside; free(). */
static char *trimmed(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    return memory_text("%.*s", (int)length, path);
}

/* Whatever it is, a link that leads nowhere too. */
static bool is_there(const char *path)
{
    struct stat info;
    return lstat(path, &info) == 0;
}

/* --- a folder that is there ------------------------------------------------------------------- */

static int check_names(const struct folder_writer *writer, struct error *err)
{
    int status = 0;
    for (int i = 0; i < writer->count && status == 0; i++) {
        char *path = path_join(writer->path, writer->names[i]);
        if (is_there(path))
            status = error_set(err, "%s already holds a %s; name another folder", writer->path,
                               writer->names[i]);
        free(path);
    }
    return status;
}

static void unlock(struct folder_writer *writer)
{
    struct error ignored;
    char *path = path_join(writer->path, LOCK);
    file_unlock(path, &writer->lock, &ignored);
    free(path);
}

/* Looked at before, for a folder that may not be written to is no reason to say nothing of what it holds, and under the
 * lock, as whoever had it may have written. */
static int open_there(struct folder_writer *writer, struct error *err)
{
    char *lock = path_join(writer->path, LOCK);
    int status = check_names(writer, err);
    if (status == 0)
        status = file_lock(lock, &writer->lock, err);
    free(lock);
    if (status == 0 && check_names(writer, err) < 0) {
        unlock(writer);
        status = -1;
    }
    if (status == 0)
        writer->folder = memory_copy_text(writer->path);
    return status;
}

/* --- a new one -------------------------------------------------------------------------------- */

/* Names that are taken are left alone, as those of file_writer_open(). */
static int make_temporary(struct folder_writer *writer)
{
    static atomic_uint number;
    for (int tries = 0; tries < 10000; tries++) {
        writer->folder = memory_text("%s.tmp-%ld-%u", writer->path, (long)getpid(),
                                     atomic_fetch_add(&number, 1));
        if (mkdir(writer->folder, 0777) == 0)
            return 0;
        free(writer->folder);
        writer->folder = NULL;
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

static int open_new(struct folder_writer *writer, struct error *err)
{
    if (is_there(writer->path))
        return error_set(err, "%s is there already; name another folder", writer->path);
    if (make_temporary(writer) < 0)
        return error_errno(err, "cannot create a folder beside %s", writer->path);
    return 0;
}

static int put_in_place(struct folder_writer *writer, struct error *err)
{
    if (rename(writer->folder, writer->path) == 0)
        return 0;
    if (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR)
        return error_set(err, "%s was written by another program meanwhile; name another folder",
                         writer->path);
    return error_errno(err, "cannot write %s", writer->path);
}

/* --- both ------------------------------------------------------------------------------------- */

static void forget(struct folder_writer *writer)
{
    free(writer->path);
    free(writer->folder);
    *writer = (struct folder_writer){0};
}

int folder_writer_open(struct folder_writer *writer, const char *path, const char *const *names,
                       int count, struct error *err)
{
    *writer =
        (struct folder_writer){.path = trimmed(path), .names = names, .count = count, .lock = -1};
    int status = path[0] ? folder_create_for(writer->path, err)
                         : error_set(err, "'' is no name for a folder");
    if (status == 0)
        status = folder_exists(writer->path) ? open_there(writer, err) : open_new(writer, err);
    if (status < 0)
        forget(writer);
    return status;
}

int folder_writer_commit(struct folder_writer *writer, struct error *err)
{
    const bool is_new = writer->lock < 0;
    require(writer->folder != NULL);
    if (folder_sync(writer->folder, err) < 0 || (is_new && put_in_place(writer, err) < 0)) {
        folder_writer_discard(writer);
        return -1;
    }
    int status = 0;
    if (is_new) {
        char *parent = path_folder(writer->path);
        status = folder_sync(parent, err);
        free(parent);
    } else {
        unlock(writer);
    }
    if (status < 0)
        error_prefix(err, "%s is written but a power failure may undo it", writer->path);
    forget(writer);
    return status;
}

/* What cannot be removed stays behind, the last file before all others. */
void folder_writer_discard(struct folder_writer *writer)
{
    if (!writer->folder)
        return;
    for (int i = writer->count; i-- > 0;) {
        char *path = path_join(writer->folder, writer->names[i]);
        unlink(path);
        free(path);
    }
    if (writer->lock < 0)
        rmdir(writer->folder);
    else
        unlock(writer);
    forget(writer);
}
