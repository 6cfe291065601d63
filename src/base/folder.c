#include "lambert/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file_faults.h"
#include "lambert/base/array.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"

bool folder_exists(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* Another process may make the same folder at the same time, so "it is there" is success. */
int folder_create_last(const char *path, struct error *err)
{
    if (mkdir(path, 0777) == 0 || folder_exists(path))
        return 0;
    if (file_exists(path))
        return error_set(err, "cannot create folder %s: a file of that name is in the way", path);
    return error_errno(err, "cannot create folder %s", path);
}

int folder_create(const char *path, struct error *err)
{
    char *part = memory_copy_text(path);
    int status = -1;
    for (char *slash = part; (slash = strchr(slash, '/')) != NULL; slash++) {
        if (slash == part)
            continue;
        *slash = '\0';
        if (folder_create_last(part, err) < 0)
            goto done;
        *slash = '/';
    }
    status = folder_create_last(path, err);
done:
    free(part);
    return status;
}

int folder_create_for(const char *path, struct error *err)
{
    char *folder = path_folder(path);
    const int status = folder_create(folder, err);
    free(folder);
    return status;
}

/* Many file systems cannot sync a folder, and say so in many ways; a folder may be written to that may
 * not be read. What lies in the files is safe by then, so that nothing is lost but, if the power fails
 * in the next seconds, a name. */
static bool cannot_be_synced(int error)
{
    return error == EINVAL || error == EBADF || error == EIO || error == EACCES ||
           file_says_unsupported(error);
}

int folder_sync(const char *path, struct error *err)
{
    int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor >= 0 && fsync(descriptor) == 0) {
        close(descriptor);
        return 0;
    }
    const int error = errno;
    if (descriptor >= 0)
        close(descriptor);
    if (!cannot_be_synced(error)) {
        errno = error;
        return error_errno(err, descriptor < 0 ? "cannot open folder %s" : "cannot sync folder %s",
                           path);
    }
    LOG_WARNING_ONCE(
        "the folder %s cannot be synced (%s): if the power fails, what was written last "
        "may be gone, here and in folders like it",
        path, strerror(error));
    return 0;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int folder_list_open(struct folder_list *list, const char *path, struct error *err)
{
    *list = (struct folder_list){0};
    DIR *folder = opendir(path);
    if (!folder)
        return error_errno(err, "cannot open folder %s", path);
    size_t capacity = 0;
    struct dirent *entry;
    while (errno = 0, (entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        ARRAY_RESERVE(list->names, (size_t)list->count + 1, capacity);
        list->names[list->count++] = memory_copy_text(entry->d_name);
    }
    int status = 0;
    if (errno != 0) {
        status = error_errno(err, "cannot read folder %s", path);
        folder_list_close(list);
    }
    closedir(folder);
    if (list->count > 1)
        qsort(list->names, (size_t)list->count, sizeof *list->names, by_bytes);
    return status;
}

void folder_list_close(struct folder_list *list)
{
    for (int i = 0; i < list->count; i++)
        free(list->names[i]);
    free(list->names);
    *list = (struct folder_list){0};
}

char *path_join(const char *folder, const char *name)
{
    size_t length = strlen(folder);
    const char *between = length == 0 || folder[length - 1] == '/' ? "" : "/";
    return memory_text("%s%s%s", folder, between, name);
}

char *path_folder(const char *path)
{
    size_t end = strlen(path);
    while (end > 1 && path[end - 1] == '/')
        end--;
    while (end > 0 && path[end - 1] != '/')
        end--;
    if (end == 0)
        return memory_copy_text(".");
    return memory_text("%.*s", end > 1 ? (int)end - 1 : 1, path);
}

char *path_nearest(const char *path)
{
    char *at = memory_copy_text(path);
    struct stat info;
    while (lstat(at, &info) != 0 && strcmp(at, ".") != 0 && strcmp(at, "/") != 0) {
        char *above = path_folder(at);
        free(at);
        at = above;
    }
    return at;
}
