#include "lambert/base/temporary_folder.h"

#include <stdlib.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"

int temporary_folder_make(char **path, const char *parent, const char *name, struct error *err)
{
    if (!parent)
        parent = getenv("TMPDIR");
    if (!parent || *parent == '\0')
        parent = "/tmp";
    char *made = memory_text("%s/%s.XXXXXX", parent, name);
    if (mkdtemp(made)) {
        *path = made;
        return 0;
    }
    free(made);
    return error_errno(err, "cannot make a folder in %s", parent);
}

static int remove_all(const char *path, struct error *err)
{
    if (file_is_link(path) || !folder_exists(path))
        return file_remove(path, err);
    struct folder_list list;
    int status = folder_list_open(&list, path, err);
    if (status < 0)
        return -1;
    for (int i = 0; i < list.count && status == 0; i++) {
        char *inside = path_join(path, list.names[i]);
        status = remove_all(inside, err);
        free(inside);
    }
    folder_list_close(&list);
    if (status == 0 && rmdir(path) < 0)
        status = error_errno(err, "cannot remove %s", path);
    return status;
}

void temporary_folder_remove(char *path)
{
    struct error err;
    if (path && remove_all(path, &err) < 0)
        log_warning("%s", err.text);
    free(path);
}
