#include "scratch.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/host_name.h"
#include "lambert/base/memory.h"

int scratch_make(char **path, const char *folder, struct error *err)
{
    char host[HOST_NAME_ROOM];
    host_name(host);
    char *name = memory_text(".lambert-doctor-%s-%ld", host, (long)getpid());
    *path = path_join(folder, name);
    free(name);
    if (mkdir(*path, 0777) == 0)
        return 0;
    error_errno(err, "cannot make a folder in %s", folder);
    free(*path);
    *path = NULL;
    return -1;
}

void scratch_remove(char *path)
{
    struct folder_list names;
    struct error err;
    if (path && folder_list_open(&names, path, &err) == 0) {
        for (int i = 0; i < names.count; i++) {
            char *file = path_join(path, names.names[i]);
            unlink(file);
            free(file);
        }
        folder_list_close(&names);
        rmdir(path);
    }
    free(path);
}
