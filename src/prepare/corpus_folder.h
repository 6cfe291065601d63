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
    bool is_done;        /* what begin finished is the corpus of this plan: nothing is left to do */
    int lock;            /* descriptor; -1: not held */
};

/* A new corpus that is to replace another is written whole into a folder in the folder, and then moved, the
 * manifest last. Who is interrupted there leaves a folder without a manifest, and the next preparation of any
 * kind, before all else, goes on moving: at each moment one of the two corpora is there or is found again. A corpus
 * that is open (corpus_open()) is not replaced. Where the corpus that was being moved is one of the same plan,
 * begin ends with is_done, and nothing but corpus_folder_release() is to follow.
 *
 * Takes the folder's lock (file_lock() says what that is worth on shared file systems), then makes
 * it ready; while another preparation has the lock, the folder is not touched and begin fails. One
 * process of a job, rank 0, holds it for all of them until the folder is released. What was killed
 * leaves the file, but not the lock. Without `lock` nobody sees that it is at work.
 *
 * Refuses a folder that holds a corpus, or another vocab.txt than `vocabulary`, unless overwrite; with
 * overwrite, one that is being read, or one where a whole corpus of another plan waits to take its place; and always, one in which somebody's own files, or folders, have the names of
 * a corpus' files (corpus_files.h).
 * Shards, counts, records and temporary files of an interrupted preparation are removed, unless all its
 * records bear the hash `plan`. A corpus that is overwritten stays as it is until the new one is whole. */
int corpus_folder_begin(struct corpus_folder *folder, const char *path, bool overwrite, bool lock,
                        const struct vocabulary *vocabulary, uint64_t plan, struct error *err);

/* To be called once the manifest is written: removes the records; a new corpus takes the old one's place. Where
 * that is being read the call fails, and the new one waits, whole and with its records, for the same preparation to
 * be run again, or to be moved: any other preparation refuses to remove it. */
int corpus_folder_commit(const struct corpus_folder *folder, struct error *err);

/* After a failure: removes all files that were written, and the folder when begin created it. */
void corpus_folder_abandon(struct corpus_folder *folder);

/* After a failure that leaves parts worth keeping: the same as abandon where there are none. */
void corpus_folder_leave(struct corpus_folder *folder);

/* Gives up the lock; fine on a zeroed one. */
void corpus_folder_release(struct corpus_folder *folder);

#endif
