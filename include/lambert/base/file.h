/* Files, each call whole: it did all of it or says in one sentence why not.
 *
 * Writing is atomic: to a temporary name beside the target, fsync, rename, fsync of the folder.
 * Whoever reads sees the old file or the new one, and an interrupted program leaves nothing that
 * looks finished. Where a file system has no fsync, or none of folders, there is one warning, and writing
 * goes on; an fsync that fails (EIO) is an error. */
#ifndef LAMBERT_BASE_FILE_H
#define LAMBERT_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"

/* A descriptor of a file, pipe or device that is read from its beginning on; the caller closes it. A named pipe that
 * nobody has open to write is waited for some seconds, and is an error then. */
int file_open_stream(const char *path, struct error *err);

/* The whole file, appended to buffer. A pipe or device may hold at most 64 MB. */
int file_read(const char *path, struct buffer *buffer, struct error *err);

/* The whole file mapped read-only, or read into memory where its file system maps nothing (a warning says so).
 * An empty file gives data NULL and size 0. Atomic writes never change what is mapped. A file that somebody makes
 * shorter meanwhile, or whose disk or server fails, ends the program where the missing bytes are looked at, and under
 * mpirun the job: with code 1 and a sentence that names the file (the handler of SIGBUS is set with the first map). */
struct file_map {
    const uint8_t *data;
    size_t size;
    bool copied; /* into memory */
    int place;   /* in the list of all maps */
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

/* What comes of asking the system to bring an open file to its disk; errno says why it did not. */
enum file_sync {
    FILE_SYNCED,
    FILE_SYNC_MISSING, /* the file system has no such thing */
    FILE_SYNC_FAILED   /* bytes may be lost */
};
enum file_sync file_sync(int descriptor);

/* Writes a whole small file atomically. */
int file_write(const char *path, const void *data, size_t size, struct error *err);

int file_remove(const char *path, struct error *err); /* fine if there is none */

bool file_exists(const char *path);

/* Whether two paths are one file, or would be. */
bool file_is_same(const char *path, const char *other);

/* Whether what is open is what the path names now: it may have been removed, moved or replaced meanwhile. */
bool file_is_open_at(int descriptor, const char *path);

/* Whether the path itself is a symbolic link, wherever it leads. */
bool file_is_link(const char *path);

bool folder_exists(const char *path);
int folder_create(const char *path, struct error *err); /* with parents; fine if it is there */
int folder_create_last(const char *path,
                       struct error *err);                  /* where its parents have to be there */
int folder_create_for(const char *path, struct error *err); /* the folder that `path` lies in */
int folder_sync(const char *path,
                struct error *err); /* a file system that cannot is warned of, once */

/* The names in a folder ("." and ".." left out), sorted by byte value. */
struct folder_list {
    char **names;
    int count;
};
int folder_list_open(struct folder_list *list, const char *path, struct error *err);
void folder_list_close(struct folder_list *list);

/* The path itself, or the nearest above it that is there: where the rest of it would be made; a link that leads nowhere is
 * there, and nothing can be made below it; free(). */
char *path_nearest(const char *path);

char *path_join(const char *folder, const char *name); /* free() */
/* The folder that it lies in, as the path says it, or "."; free(). Slashes at its end are of what lies there. */
char *path_folder(const char *path);

#endif
