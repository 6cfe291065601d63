/* A new folder for files that nobody wants afterwards. */
#ifndef LAMBERT_BASE_TEMPORARY_FOLDER_H
#define LAMBERT_BASE_TEMPORARY_FOLDER_H

#include "lambert/base/error.h"

/* `name` and six letters more, in `parent`, or where that is NULL in TMPDIR, or /tmp; free() the path. A killed program
 * leaves it behind. */
int temporary_folder_make(char **path, const char *parent, const char *name, struct error *err);

/* With all that is in it (links, not what they lead to), warning where that fails; NULL is fine. Frees the path. */
void temporary_folder_remove(char *path);

#endif
