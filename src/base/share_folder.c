#include "lambert/base/share_folder.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"

/* Every folder of this kind has it, and hardly another. */
static const char landmark[] = "configs/bert.ini";

/* What it came to without links and dots, where it is such a folder; NULL else; frees `folder`. */
static char *accept(char *folder)
{
    char *file = path_join(folder, landmark), *real = NULL;
    if (file_exists(file))
        real = realpath(folder, NULL);
    free(file);
    free(folder);
    return real;
}

char *share_folder(void)
{
    const char *const named = getenv("LAMBERT_SHARE");
    if (named && *named != '\0')
        return accept(memory_copy_text(named));

    char *program = realpath("/proc/self/exe", NULL);
    if (!program)
        return NULL;
    char *home = path_folder(program), *found = accept(path_join(home, "../share/lambert"));
    /* Build folders of another MPI, of sanitizers and of coverage lie in one another, however deep, in a checkout. */
    while (!found && strcmp(home, "/") != 0) {
        char *above = path_folder(home);
        free(home);
        home = above;
        found = accept(memory_copy_text(home));
    }
    free(home);
    free(program);
    return found;
}

char *share_folder_file(const char *name)
{
    char *folder = share_folder();
    if (!folder)
        return NULL;
    char *path = path_join(folder, name);
    free(folder);
    if (file_exists(path))
        return path;
    free(path);
    return NULL;
}
