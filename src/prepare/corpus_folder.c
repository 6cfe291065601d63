#include "corpus_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chunk.h"
#include "corpus_files.h"
#include "lambert/base/file.h"
#include "lambert/base/file_lock.h"
#include "lambert/base/file_use.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/corpus/manifest.h"

/* In the folder of a corpus that is to be replaced. A manifest in it, which is written last, says that the new
 * corpus is whole there. */
#define WORK_FOLDER "prep.new"

char *corpus_folder_work(const char *path, bool overwrite)
{
    return overwrite ? path_join(path, WORK_FOLDER) : memory_copy_text(path);
}

static bool is_apart(const struct corpus_folder *folder)
{
    return strcmp(folder->path, folder->work) != 0;
}

static int remove_file(const char *folder, const char *name, struct error *err)
{
    char *path = path_join(folder, name);
    int status = file_remove(path, err);
    free(path);
    return status;
}

static int remove_files(const char *folder, bool (*which)(const char *name), struct error *err)
{
    struct folder_list names;
    int status = 0;
    if (folder_list_open(&names, folder, err) < 0)
        return -1;
    for (int i = 0; i < names.count && status == 0; i++)
        if (which(names.names[i]))
            status = remove_file(folder, names.names[i], err);
    folder_list_close(&names);
    return status;
}

/* The manifest goes first, and for good, so that no half-removed corpus looks whole. */
static int remove_corpus(const char *folder, struct error *err)
{
    if (remove_file(folder, MANIFEST_FILE, err) < 0 || folder_sync(folder, err) < 0)
        return -1;
    return remove_files(folder, corpus_file_is_ours, err);
}

static bool holds_corpus(const char *folder)
{
    char *path = path_join(folder, MANIFEST_FILE);
    bool there = file_exists(path);
    free(path);
    return there;
}

/* A vocab.txt that lies there without a corpus is somebody's; the same one may stay. */
static int refuse_other_vocabulary(const char *path, const struct vocabulary *vocabulary,
                                   struct error *err)
{
    struct buffer there = {0};
    size_t size;
    const char *text = vocabulary_text(vocabulary, &size);
    int status = file_read(path, &there, err);
    if (status == 0 && (there.size != size || memcmp(there.data, text, size) != 0))
        status = error_set(err,
                           "%s is there already and is not the vocabulary to be used; choose "
                           "another folder, or say --overwrite",
                           path);
    buffer_release(&there);
    return status;
}

/* Counts the whole records that are there, of this plan and of others. */
static int count_records(const char *folder, uint64_t plan, int *same, int *other,
                         struct error *err)
{
    struct folder_list names;
    *same = *other = 0;
    if (folder_list_open(&names, folder, err) < 0)
        return -1;
    for (int i = 0; i < names.count; i++) {
        uint64_t found;
        if (!corpus_file_is_record(names.names[i]))
            continue;
        char *path = path_join(folder, names.names[i]);
        bool whole = chunk_record_plan(path, &found);
        free(path);
        if (whole)
            ++*(found == plan ? same : other);
    }
    folder_list_close(&names);
    return 0;
}

/* The manifest of the new corpus; false where there is none, or none that can be read. */
static bool read_new_manifest(const char *work, struct manifest *manifest)
{
    char *path = path_join(work, MANIFEST_FILE);
    struct buffer text = {0};
    struct error err;
    const bool whole = file_exists(path) && file_read(path, &text, &err) == 0 &&
                       manifest_parse(manifest, buffer_text(&text), path, &err) == 0;
    buffer_release(&text);
    free(path);
    return whole;
}

static bool holds_new_corpus(const struct corpus_folder *folder)
{
    struct manifest manifest;
    const bool whole = is_apart(folder) && read_new_manifest(folder->work, &manifest);
    if (whole)
        manifest_release(&manifest);
    return whole;
}

/* Removes what lies there of a corpus, but keeps what an interrupted preparation of the same plan has done, and refuses
 * where another one has done all: its text, a stream's, may not come again. */
static int remove_other_work(const struct corpus_folder *folder, uint64_t plan, struct error *err)
{
    int same, other;
    if (count_records(folder->work, plan, &same, &other, err) < 0)
        return -1;
    if ((same == 0 || other > 0) && holds_new_corpus(folder))
        return error_set(
            err,
            "%s holds a whole corpus of another preparation, which has not taken the place of the one "
            "in %s; it can be used as it is: move it elsewhere, or remove it, and begin again",
            folder->work, folder->path);
    if (same == 0 || other > 0)
        return remove_corpus(folder->work, err);
    if (remove_file(folder->work, MANIFEST_FILE, err) <
        0) /* of one that could not take its place */
        return -1;
    log_info("%s: going on from %d parts that are done", folder->path, same);
    return remove_files(folder->work, corpus_file_is_temporary, err);
}

/* What an interrupted call with --overwrite left is of use to another such call alone. */
static int remove_work_folder(const char *path, struct error *err)
{
    char *work = corpus_folder_work(path, true);
    int status = 0;
    if (folder_exists(work)) {
        status = remove_corpus(work, err);
        if (status == 0)
            status = remove_file(work, VOCABULARY_FILE, err);
        rmdir(work);
    }
    free(work);
    return status;
}

/* --- a new corpus takes the place of an old one --------------------------------------------------- */

static int move_file(const char *work, const char *path, const char *name, struct error *err)
{
    char *from = path_join(work, name), *to = path_join(path, name);
    int status = rename(from, to);
    if (status < 0)
        error_errno(err, "cannot move %s to %s", from, to);
    free(from);
    free(to);
    return status;
}

static bool has_shard(const struct manifest *manifest, const char *name)
{
    for (int s = 0; s < CORPUS_SPLITS; s++)
        for (int i = 0; i < manifest->splits[s].count; i++)
            if (strcmp(manifest->splits[s].shards[i].file, name) == 0)
                return true;
    return false;
}

/* Moves all but the manifest, over what has the same names. Records, and what a killed program left, stay. */
static int move_files(const char *work, const char *path, struct error *err)
{
    struct folder_list names;
    int status = 0;
    if (folder_list_open(&names, work, err) < 0)
        return -1;
    for (int i = 0; i < names.count && status == 0; i++) {
        const char *name = names.names[i];
        if (strcmp(name, VOCABULARY_FILE) == 0 ||
            (corpus_file_is_ours(name) && strcmp(name, MANIFEST_FILE) != 0 &&
             !corpus_file_is_record(name) && !corpus_file_is_temporary(name)))
            status = move_file(work, path, name, err);
    }
    folder_list_close(&names);
    return status;
}

/* Removes files of an old corpus whose names the new one has not. */
static int remove_old_files(const char *path, const struct manifest *manifest, struct error *err)
{
    struct folder_list names;
    int status = 0;
    if (folder_list_open(&names, path, err) < 0)
        return -1;
    for (int i = 0; i < names.count && status == 0; i++)
        if (corpus_file_is_ours(names.names[i]) && strcmp(names.names[i], COUNTS_FILE) != 0 &&
            !has_shard(manifest, names.names[i]))
            status = remove_file(path, names.names[i], err);
    folder_list_close(&names);
    return status;
}

/* Each step can be the last one, and can be done once more. Until the old manifest is gone the old corpus is
 * whole. From then on the folder has no manifest, and the new one's, which stays in the work folder until all
 * else has been moved, says to the next preparation that it has to go on here (finish_replacement()). */
static int replace_corpus(const char *work, const char *path, const struct manifest *manifest,
                          struct error *err)
{
    if (remove_file(path, MANIFEST_FILE, err) < 0 || folder_sync(path, err) < 0 ||
        move_files(work, path, err) < 0 || remove_old_files(path, manifest, err) < 0 ||
        folder_sync(path, err) < 0 || move_file(work, path, MANIFEST_FILE, err) < 0 ||
        folder_sync(path, err) < 0 || remove_files(work, corpus_file_is_ours, err) < 0)
        return -1;
    rmdir(work);
    return 0;
}

/* Goes on where a replacement was interrupted: when the new corpus was whole, and the old one was not any more. The
 * new one's records, which go with its work folder, say whether it is what this preparation is to make. */
static int finish_replacement(struct corpus_folder *folder, uint64_t plan, struct error *err)
{
    const char *path = folder->path;
    char *work = corpus_folder_work(path, true);
    struct manifest manifest;
    int status = 0, same, other;
    if (!holds_corpus(path) && read_new_manifest(work, &manifest)) {
        status = count_records(work, plan, &same, &other, err);
        if (status == 0)
            status = replace_corpus(work, path, &manifest, err);
        manifest_release(&manifest);
        if (status == 0) {
            folder->is_done = same > 0 && other == 0;
            log_info(
                "%s: the new corpus, which was whole when its preparation was interrupted, is in its "
                "place now%s",
                path, folder->is_done ? "; there is nothing left to do" : "");
        }
    }
    free(work);
    return status;
}

/* Where a run reads the old corpus, its files have to stay. *descriptor keeps new readers away. */
static int keep_readers_out(const char *path, int *descriptor, struct error *err)
{
    char *manifest = path_join(path, MANIFEST_FILE);
    int status = file_use_exclude(manifest, descriptor, err);
    if (status < 0)
        error_prefix(err, "cannot replace the corpus in %s", path);
    free(manifest);
    return status;
}

/* Early, so that a preparation of hours does not end with it. */
static int check_not_read(const char *path, struct error *err)
{
    int descriptor;
    int status = keep_readers_out(path, &descriptor, err);
    if (status == 0)
        file_use_end(&descriptor);
    return status;
}

static int take_place(const struct corpus_folder *folder, struct error *err)
{
    struct manifest manifest;
    int readers;
    if (keep_readers_out(folder->path, &readers, err) < 0) {
        struct error why = *err;
        return error_set(
            err,
            "%s; the new one is whole, in %s, and can be used there or moved elsewhere; where its text is in files, the "
            "same command puts it in its place as soon as it can be replaced",
            why.text, folder->work);
    }
    int status = -1;
    if (read_new_manifest(folder->work, &manifest)) {
        status = replace_corpus(folder->work, folder->path, &manifest, err);
        manifest_release(&manifest);
    } else {
        error_set(err, "%s/" MANIFEST_FILE ", which was just written, cannot be read",
                  folder->work);
    }
    file_use_end(&readers);
    return status;
}

/* --- the lock ------------------------------------------------------------------------------------- */

static void unlock(struct corpus_folder *folder)
{
    struct error err;
    if (folder->lock < 0)
        return;
    char *lock = path_join(folder->path, LOCK_FILE);
    if (file_unlock(lock, &folder->lock, &err) < 0)
        log_warning("%s", err.text);
    free(lock);
}

static int lock_folder(struct corpus_folder *folder, struct error *err)
{
    char *lock = path_join(folder->path, LOCK_FILE);
    const enum lock_state state = file_lock_try(lock, &folder->lock, err);
    free(lock);
    if (state <= LOCK_GRANTED)
        return 0;
    error_prefix(err, "cannot prepare a corpus in %s%s", folder->path,
                 state == LOCK_FAILED
                     ? " (--no-lock does without the lock; then nobody else may be at work there)"
                     : "");
    return -1;
}

int corpus_folder_begin(struct corpus_folder *folder, const char *path, bool overwrite, bool lock,
                        const struct vocabulary *vocabulary, uint64_t plan, struct error *err)
{
    char *vocabulary_path = path_join(path, VOCABULARY_FILE);
    char *work = corpus_folder_work(path, true);
    int status = -1;
    *folder = (struct corpus_folder){.path = memory_copy_text(path),
                                     .work = corpus_folder_work(path, overwrite),
                                     .created = !folder_exists(path),
                                     .lock = -1};
    if (folder_create(path, err) < 0)
        goto done;
    /* Before anything in the folder is looked at: what stands there may be another's work. */
    if (lock && lock_folder(folder, err) < 0)
        goto done;
    if (finish_replacement(folder, plan, err) < 0)
        goto done;
    if (folder->is_done) {
        status = 0;
        goto done;
    }
    folder->had_vocabulary = file_exists(vocabulary_path);
    if (!overwrite && holds_corpus(path)) {
        error_set(err, "%s holds a corpus already; choose another folder, or say --overwrite",
                  path);
        goto done;
    }
    if (!overwrite && folder->had_vocabulary &&
        refuse_other_vocabulary(vocabulary_path, vocabulary, err) < 0)
        goto done;
    if (corpus_files_refuse_others(path, true, err) < 0 ||
        (folder_exists(work) && corpus_files_refuse_others(work, true, err) < 0) ||
        (overwrite && check_not_read(path, err) < 0))
        goto done;
    if (overwrite ? folder_create(folder->work, err) < 0 : remove_work_folder(path, err) < 0)
        goto done;
    status = remove_other_work(folder, plan, err);
done:
    free(vocabulary_path);
    free(work);
    if (status < 0)
        corpus_folder_release(folder);
    return status;
}

void corpus_folder_abandon(struct corpus_folder *folder)
{
    struct error err;
    const bool apart = is_apart(folder);
    int status = remove_corpus(folder->work, &err);
    if (status == 0 && (apart || !folder->had_vocabulary))
        status = remove_file(folder->work, VOCABULARY_FILE, &err);
    if (status < 0)
        log_warning("%s", err.text);
    if (apart)
        rmdir(folder->work);
    unlock(folder);
    if (folder->created)
        rmdir(folder->path); /* left alone when somebody put something there meanwhile */
}

int corpus_folder_commit(const struct corpus_folder *folder, struct error *err)
{
    return is_apart(folder) ? take_place(folder, err)
                            : remove_files(folder->work, corpus_file_is_record, err);
}

void corpus_folder_leave(struct corpus_folder *folder)
{
    struct error err;
    int same, other;
    if (count_records(folder->work, 0, &same, &other, &err) < 0)
        log_warning("%s", err.text);
    else if (same + other == 0)
        corpus_folder_abandon(folder);
}

void corpus_folder_release(struct corpus_folder *folder)
{
    if (folder->path)
        unlock(folder);
    free(folder->work);
    free(folder->path);
    *folder = (struct corpus_folder){0};
}
