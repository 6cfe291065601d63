/* The folder a corpus is written to: made ready, and cleaned up when nothing came of it. */
#ifndef LAMBERT_PREPARE_CORPUS_FOLDER_H
#define LAMBERT_PREPARE_CORPUS_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/error.h"
#include "lambert/text/vocabulary.h"

/* Where the files of a new corpus are written: the folder itself, or, where it may hold a corpus that is to
 * be replaced, a folder in it. free() */
char *corpus_folder_work(const char *path, bool overwrite);

struct corpus_folder {
    char *path;
    char *work;
    bool created;        /* by corpus_folder_begin() */
    bool had_vocabulary; /* before */
    int lock;            /* descriptor; -1: not held */
};

/* Takes the folder's lock (file_lock() says what that is worth on shared file systems), then makes
 * it ready; while another preparation has the lock, the folder is not touched and begin fails. One
 * process of a job, rank 0, holds it for all of them until the folder is released. What was killed
 * leaves the file, but not the lock.
 *
 * Refuses a folder that holds a corpus, or another vocab.txt than `vocabulary`, unless overwrite.
 * Shards, counts, records and temporary files of an interrupted preparation are removed, unless all its
 * records bear the hash `plan`. A corpus that is overwritten stays as it is until the new one is whole. */
int corpus_folder_begin(struct corpus_folder *folder, const char *path, bool overwrite,
                        const struct vocabulary *vocabulary, uint64_t plan, struct error *err);

/* To be called once the manifest is written: removes the records. An old corpus is removed, its manifest
 * first, and the new one's files take its place, the manifest last. */
int corpus_folder_commit(const struct corpus_folder *folder, struct error *err);

/* After a failure: removes all files that were written, and the folder when begin created it. */
void corpus_folder_abandon(struct corpus_folder *folder);

/* After a failure that leaves parts worth keeping: the same as abandon where there are none. */
void corpus_folder_leave(struct corpus_folder *folder);

/* Gives up the lock; fine on a zeroed one. */
void corpus_folder_release(struct corpus_folder *folder);

#endif
