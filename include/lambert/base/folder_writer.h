/* A folder of files that are wanted together or not at all.
 *
 *     folder_writer_open -> files are written into writer.folder, atomically each ... -> folder_writer_commit
 *                                                                                        (or _discard)
 *
 * Where the folder is not there, the files are written into one beside it, NAME.tmp-PID-NUMBER, which is renamed when
 * all are there: whoever reads sees no folder, or one that is complete. A killed program leaves the folder beside,
 * which nobody takes for the other.
 *
 * A folder that is there may be one that cannot be replaced (a mount point, where the program stands, below a folder
 * that is another's) or that holds something else (.git): it is written into. Other writers are kept out by a lock,
 * NAME/.writer.lock, for as long as it takes. Whoever reads tells a complete folder by the file that is written last; a
 * killed program leaves those before it.
 *
 * Of two programs that write the same folder, the second is refused, at the latest when it commits. */
#ifndef LAMBERT_BASE_FOLDER_WRITER_H
#define LAMBERT_BASE_FOLDER_WRITER_H

#include "lambert/base/error.h"

struct folder_writer {
    char *folder; /* to write into */

    char *path;               /* what it is to be called */
    const char *const *names; /* [count] */
    int count;
    int lock; /* of a folder that was there; -1: it was not */
};

/* names [count]: of all files that will be written; they outlive the writer. A folder that has one of them is refused,
 * and so is what is no folder. Folders above it are made. */
int folder_writer_open(struct folder_writer *writer, const char *path, const char *const *names,
                       int count, struct error *err);

/* After commit, which discards where it fails, and after discard, which removes those files, the writer is closed. */
int folder_writer_commit(struct folder_writer *writer, struct error *err);
void folder_writer_discard(struct folder_writer *writer); /* fine on a closed or zeroed one */

#endif
