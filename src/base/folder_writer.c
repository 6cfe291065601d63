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
#include "lambert/base/memory.h"

/* Without slashes at its end, which would put what is called NAME.tmp... inside; free(). */
static char *trimmed(const char *path)
{
    size_t length = strlen(path);
    while (length > 1 && path[length - 1] == '/')
        length--;
    return memory_text("%.*s", (int)length, path);
}

/* The part behind the last slash. */
static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] != '\0' ? slash + 1 : path;
}

/* The folder that it lies in; free(). */
static char *parent_of(const char *path)
{
    const char *name = name_of(path);
    return name == path ? memory_copy_text(".") : memory_text("%.*s", (int)(name - path), path);
}

/* It cannot be replaced, though it may be empty: it is where somebody stands. */
static bool is_a_place(const char *path)
{
    const char *name = name_of(path);
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, "/") == 0;
}

static int check_place(const char *path, struct error *err)
{
    struct folder_list list;
    struct stat info;
    int status = 0;
    if (path[0] == '\0' || is_a_place(path))
        return error_set(err, "'%s' is no name for a new folder; name one that is not there", path);
    if (lstat(path, &info) != 0)
        return 0; /* whatever else is wrong with it is said when it is made */
    if (!S_ISDIR(info.st_mode))
        return error_set(err, "%s is there already; name another folder", path);
    if (folder_list_open(&list, path, err) < 0)
        return -1;
    if (list.count > 0)
        status = error_set(err, "%s already holds a %s; name another folder", path, list.names[0]);
    folder_list_close(&list);
    return status;
}

/* Names that are taken are left alone, as those of file_writer_open(). */
static int make_temporary(struct folder_writer *writer)
{
    static atomic_uint number;
    for (int tries = 0; tries < 10000; tries++) {
        writer->temporary = memory_text("%s.tmp-%ld-%u", writer->path, (long)getpid(),
                                        atomic_fetch_add(&number, 1));
        if (mkdir(writer->temporary, 0777) == 0)
            return 0;
        free(writer->temporary);
        writer->temporary = NULL;
        if (errno != EEXIST)
            return -1;
    }
    return -1;
}

static void forget(struct folder_writer *writer)
{
    free(writer->path);
    free(writer->temporary);
    *writer = (struct folder_writer){0};
}

int folder_writer_open(struct folder_writer *writer, const char *path, struct error *err)
{
    *writer = (struct folder_writer){.path = trimmed(path)};
    char *parent = parent_of(writer->path);
    int status = check_place(writer->path, err);
    if (status == 0)
        status = folder_create(parent, err);
    if (status == 0 && make_temporary(writer) < 0)
        status = error_errno(err, "cannot create a folder beside %s", writer->path);
    free(parent);
    if (status < 0)
        forget(writer);
    return status;
}

int folder_writer_commit(struct folder_writer *writer, struct error *err)
{
    require(writer->temporary != NULL);
    if (folder_sync(writer->temporary, err) < 0) {
        folder_writer_discard(writer);
        return -1;
    }
    if (rename(writer->temporary, writer->path) != 0) {
        if (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR)
            error_set(err, "%s was written by another program meanwhile; name another folder",
                      writer->path);
        else
            error_errno(err, "cannot write %s", writer->path);
        folder_writer_discard(writer);
        return -1;
    }
    char *parent = parent_of(writer->path);
    const int status = folder_sync(parent, err);
    if (status < 0)
        error_prefix(err, "%s is written but a power failure may undo it", writer->path);
    free(parent);
    forget(writer);
    return status;
}

void folder_writer_discard(struct folder_writer *writer)
{
    struct folder_list list;
    struct error err; /* what cannot be removed stays behind, under its temporary name */
    if (writer->temporary && folder_list_open(&list, writer->temporary, &err) == 0) {
        for (int i = 0; i < list.count; i++) {
            char *path = path_join(writer->temporary, list.names[i]);
            unlink(path);
            free(path);
        }
        folder_list_close(&list);
        rmdir(writer->temporary);
    }
    forget(writer);
}
