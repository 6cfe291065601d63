#include "lambert/base/share_folder.h"

#include <stdbool.h>
#include <stdlib.h>
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
    char *home = path_folder(program), *found = NULL;
    /* A build folder lies in the checkout, or, of sanitizers, in another build folder. */
    static const char *const places[] = {"../share/lambert", "..", "../.."};
    for (size_t i = 0; i < sizeof places / sizeof *places && !found; i++)
        found = accept(path_join(home, places[i]));
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
