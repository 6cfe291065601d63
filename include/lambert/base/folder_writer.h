/* A new folder of files, written whole or not at all.
 *
 *     folder_writer_open -> files are written into writer.temporary ... -> folder_writer_commit   (or _discard)
 *
 * The files are written into a folder beside it, NAME.tmp-PID-NUMBER, which is renamed when all are there. Whoever
 * reads sees no folder, or one that is complete; of two programs that write the same one, the second is refused,
 * at the latest when it commits. A killed program leaves the folder beside, which nobody takes for the other. */
#ifndef LAMBERT_BASE_FOLDER_WRITER_H
#define LAMBERT_BASE_FOLDER_WRITER_H

#include "lambert/base/error.h"

struct folder_writer {
    char *path;
    char *temporary; /* the folder to write into */
};

/* What stands at `path` is kept: anything but an empty folder is refused, by the first name in it. Folders above it are
 * made. */
int folder_writer_open(struct folder_writer *writer, const char *path, struct error *err);

/* After commit, which discards where it fails, and after discard the writer is closed. The folder then holds only files
 * of its own: discarding removes them, not what lies in folders within. */
int folder_writer_commit(struct folder_writer *writer, struct error *err);
void folder_writer_discard(struct folder_writer *writer); /* fine on a closed or zeroed one */

#endif
