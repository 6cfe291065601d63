#include "new_file.h"

#include <stdlib.h>

#include "lambert/base/file.h"
#include "lambert/base/file_lock.h"
#include "lambert/base/memory.h"

/* Looked for under the lock: who had it before may have written the file. */
int new_file_begin(int *lock, const char *path, struct error *err)
{
    char *name = memory_text("%s.lock", path);
    int status = file_exists(path) || folder_exists(path) ? -1 : folder_create_for(path, err);
    if (status == 0)
        status = file_lock(name, lock, err);
    if (status == 0 && file_exists(path)) {
        new_file_end(*lock, path);
        status = -1;
    }
    if (file_exists(path) || folder_exists(path))
        error_set(err, "%s is there already; name another file", path);
    free(name);
    return status;
}

void new_file_end(int lock, const char *path)
{
    struct error ignored;
    char *name = memory_text("%s.lock", path);
    file_unlock(name, &lock, &ignored);
    free(name);
}
