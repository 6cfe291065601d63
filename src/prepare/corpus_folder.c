#include "corpus_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "chunk.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/strings.h"
#include "lambert/corpus/manifest.h"

#define WORK_FOLDER "prep.new" /* in the folder of a corpus that is to be replaced */

char *corpus_folder_work(const char *path, bool overwrite)
{
    return overwrite ? path_join(path, WORK_FOLDER) : memory_copy_text(path);
}

static bool is_apart(const struct corpus_folder *folder)
{
    return strcmp(folder->path, folder->work) != 0;
}

/* PREFIX NNNNN [-NNNNN] SUFFIX, and what may follow: a temporary file's mark. */
static bool begins_as_part(const char *name, const char *prefix, const char *suffix)
{
    static const char digits[] = "0123456789";
    if (!string_begins_with(name, prefix))
        return false;
    const char *rest = name + strlen(prefix);
    size_t count = strspn(rest, digits);
    rest += count;
    if (*rest == '-')
        rest += 1 + strspn(rest + 1, digits);
    return count >= 5 && string_begins_with(rest, suffix);
}

static bool begins_as_record(const char *name)
{
    return begins_as_part(name, RECORD_FILE_PREFIX, RECORD_FILE_SUFFIX);
}

static bool begins_as_shard(const char *name)
{
    return begins_as_part(name, "train-", SHARD_FILE_SUFFIX) ||
           begins_as_part(name, "heldout-", SHARD_FILE_SUFFIX);
}

static bool ends_with(const char *name, const char *end)
{
    return strlen(name) >= strlen(end) && strcmp(name + strlen(name) - strlen(end), end) == 0;
}

static bool is_record(const char *name)
{
    return begins_as_record(name) && ends_with(name, RECORD_FILE_SUFFIX);
}

/* A program that was killed while it wrote has left it. */
static bool is_our_temporary(const char *name)
{
    return file_is_temporary(name) &&
           (begins_as_shard(name) || begins_as_record(name) ||
            string_begins_with(name, MANIFEST_FILE) || string_begins_with(name, COUNTS_FILE) ||
            string_begins_with(name, VOCABULARY_FILE));
}

/* Files that a preparation made. vocab.txt is not among them: it may be the user's own. */
static bool is_ours(const char *name)
{
    return is_our_temporary(name) || is_record(name) || strcmp(name, MANIFEST_FILE) == 0 ||
           strcmp(name, COUNTS_FILE) == 0 ||
           (begins_as_shard(name) && ends_with(name, SHARD_FILE_SUFFIX));
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
    return remove_files(folder, is_ours, err);
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
        if (!is_record(names.names[i]))
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

/* Removes what lies there of a corpus, but keeps what an interrupted preparation of the same plan
 * has done. */
static int remove_other_work(const struct corpus_folder *folder, uint64_t plan, struct error *err)
{
    int same, other;
    if (count_records(folder->work, plan, &same, &other, err) < 0)
        return -1;
    if (holds_corpus(folder->work) || same == 0 || other > 0)
        return remove_corpus(folder->work, err);
    log_info("%s: going on from %d parts that are done", folder->path, same);
    return remove_files(folder->work, is_our_temporary, err);
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

/* The file is removed while the lock is held, as file_lock() allows. */
static void unlock(struct corpus_folder *folder)
{
    struct error err;
    if (folder->lock < 0)
        return;
    if (remove_file(folder->path, LOCK_FILE, &err) < 0)
        log_warning("%s", err.text);
    close(folder->lock);
    folder->lock = -1;
}

int corpus_folder_begin(struct corpus_folder *folder, const char *path, bool overwrite,
                        const struct vocabulary *vocabulary, uint64_t plan, struct error *err)
{
    char *lock = path_join(path, LOCK_FILE), *vocabulary_path = path_join(path, VOCABULARY_FILE);
    int status = -1;
    *folder = (struct corpus_folder){.path = memory_copy_text(path),
                                     .work = corpus_folder_work(path, overwrite),
                                     .created = !folder_exists(path),
                                     .lock = -1};
    if (folder_create(path, err) < 0)
        goto done;
    /* Before anything in the folder is looked at: what stands there may be another's work. */
    if (file_lock(lock, &folder->lock, err) < 0) {
        error_prefix(err, "cannot prepare a corpus in %s", path);
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
    if (overwrite ? folder_create(folder->work, err) < 0 : remove_work_folder(path, err) < 0)
        goto done;
    status = remove_other_work(folder, plan, err);
done:
    free(lock);
    free(vocabulary_path);
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

static int move_file(const struct corpus_folder *folder, const char *name, struct error *err)
{
    char *from = path_join(folder->work, name), *to = path_join(folder->path, name);
    int status = rename(from, to);
    if (status < 0)
        error_errno(err, "cannot move %s to %s", from, to);
    free(from);
    free(to);
    return status;
}

/* Who is interrupted here has no corpus, but never half of one. */
static int replace_corpus(const struct corpus_folder *folder, struct error *err)
{
    struct folder_list names;
    if (remove_corpus(folder->path, err) < 0 || folder_list_open(&names, folder->work, err) < 0)
        return -1;
    int status = 0;
    for (int i = 0; i < names.count && status == 0; i++)
        if (strcmp(names.names[i], MANIFEST_FILE) != 0)
            status = move_file(folder, names.names[i], err);
    folder_list_close(&names);
    if (status < 0 || folder_sync(folder->path, err) < 0 ||
        move_file(folder, MANIFEST_FILE, err) < 0)
        return -1;
    rmdir(folder->work);
    return folder_sync(folder->path, err);
}

int corpus_folder_commit(const struct corpus_folder *folder, struct error *err)
{
    if (remove_files(folder->work, is_record, err) < 0)
        return -1;
    return is_apart(folder) ? replace_corpus(folder, err) : 0;
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
