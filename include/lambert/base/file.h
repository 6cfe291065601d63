/* Files, each call whole: it did all of it or says in one sentence why not.
 *
 * Writing is atomic: to a temporary name beside the target, fsync, rename, fsync of the folder.
 * Whoever reads sees the old file or the new one, and an interrupted program leaves nothing that
 * looks finished. */
#ifndef LAMBERT_BASE_FILE_H
#define LAMBERT_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"

/* The whole file, appended to buffer. A pipe or device may hold at most 64 MB. */
int file_read(const char *path, struct buffer *buffer, struct error *err);

/* The whole file mapped read-only. An empty file gives data NULL and size 0. A file that another
 * program makes shorter meanwhile ends this one (SIGBUS); atomic writes never do that. */
struct file_map {
    const uint8_t *data;
    size_t size;
};
int file_map_open(struct file_map *map, const char *path, struct error *err);
/* Its pages no longer count as this process's memory; they come back when they are looked at, from
 * the system's page cache as long as that has them. Others may be looking meanwhile. Fine on a
 * closed one. */
void file_map_forget(const struct file_map *map);
void file_map_close(struct file_map *map);

/* An atomic write in progress.
 *
 *     file_writer_open -> file_writer_write ... -> file_writer_commit   (or file_writer_discard)
 *
 * What stands at `path` is replaced (a symbolic link is not followed; anything but a regular file
 * is refused). Writes are buffered; `bytes` counts what was written so far. After commit or discard
 * the writer is closed. A failed write or commit has discarded the temporary file and closed it
 * too. */
struct file_writer {
    FILE *stream;
    char *buffer; /* of the stream */
    char *path;
    char *temporary;
    uint64_t bytes;
};
int file_writer_open(struct file_writer *writer, const char *path, struct error *err);
int file_writer_write(struct file_writer *writer, const void *data, size_t size, struct error *err);
int file_writer_commit(struct file_writer *writer, struct error *err);
void file_writer_discard(struct file_writer *writer); /* fine on a closed or zeroed writer */

/* Whether a name is one that file_writer_open() gives to files in progress (NAME.tmp-PID-NUMBER): a
 * killed program leaves them behind, and whoever owns the folder may remove them. */
bool file_is_temporary(const char *name);

/* Writes a whole small file atomically. */
int file_write(const char *path, const void *data, size_t size, struct error *err);

int file_remove(const char *path, struct error *err); /* fine if there is none */

/* Takes the lock of a file (made if need be; a symbolic link is refused), for as long as the process lives or until close() of
 * *descriptor: -1 with a sentence while another process has it. The system releases the lock of a
 * process that is killed. Its holder may remove the file before it closes it; the file must not be
 * opened otherwise meanwhile (closing it would give up the lock).
 *
 * It is a POSIX record lock (fcntl), so it holds between machines on NFS 4, on NFS 3 with lockd,
 * and on Lustre mounted with `flock`. NFS mounted `nolock` or `local_lock=posix` and Lustre mounted
 * `localflock` keep apart only the processes of one machine; where the file system knows no locks
 * (errno ENOLCK, ENOSYS) the lock is taken for granted. */
int file_lock(const char *path, int *descriptor, struct error *err);

bool file_exists(const char *path);

/* Whether two paths are one file, or would be. */
bool file_is_same(const char *path, const char *other);

/* Whether the path itself is a symbolic link, wherever it leads. */
bool file_is_link(const char *path);

bool folder_exists(const char *path);
int folder_create(const char *path, struct error *err); /* with parents; fine if it is there */
int folder_sync(const char *path, struct error *err);

/* The names in a folder ("." and ".." left out), sorted by byte value. */
struct folder_list {
    char **names;
    int count;
};
int folder_list_open(struct folder_list *list, const char *path, struct error *err);
void folder_list_close(struct folder_list *list);

char *path_join(const char *folder, const char *name); /* free() */

#endif
