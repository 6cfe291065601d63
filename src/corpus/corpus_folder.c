#include "corpus_folder.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "manifest.h"

/* SPLIT-NNNNN.shard, and what may follow: a temporary file's mark. */
static bool begins_as_shard(const char *name)
{
    for (int s = 0; s < CORPUS_SPLITS; s++) {
        size_t prefix = strlen(corpus_split_names[s]);
        if (strncmp(name, corpus_split_names[s], prefix) != 0 || name[prefix] != '-')
            continue;
        const char *digits = name + prefix + 1;
        size_t count = strspn(digits, "0123456789");
        if (count >= 5 &&
            strncmp(digits + count, SHARD_FILE_SUFFIX, strlen(SHARD_FILE_SUFFIX)) == 0)
            return true;
    }
    return false;
}

static bool begins_with(const char *name, const char *start)
{
    return strncmp(name, start, strlen(start)) == 0;
}

/* Files that a preparation made. vocab.txt is not among them: it may be the user's own. */
static bool is_ours(const char *name)
{
    if (file_is_temporary(name))
        return begins_as_shard(name) || begins_with(name, MANIFEST_FILE) ||
               begins_with(name, COUNTS_FILE) || begins_with(name, VOCABULARY_FILE);
    const char *suffix = strrchr(name, '.');
    return strcmp(name, MANIFEST_FILE) == 0 || strcmp(name, COUNTS_FILE) == 0 ||
           (begins_as_shard(name) && strcmp(suffix, SHARD_FILE_SUFFIX) == 0);
}

static int remove_file(const char *folder, const char *name, struct error *err)
{
    char *path = path_join(folder, name);
    int status = file_remove(path, err);
    free(path);
    return status;
}

static int remove_ours(const char *folder, struct error *err)
{
    struct folder_list names;
    int status = 0;
    if (folder_list_open(&names, folder, err) < 0)
        return -1;
    for (int i = 0; i < names.count && status == 0; i++)
        if (is_ours(names.names[i]))
            status = remove_file(folder, names.names[i], err);
    folder_list_close(&names);
    return status;
}

/* The manifest goes first, and for good, so that no half-removed corpus looks whole. */
static int remove_corpus(const char *folder, struct error *err)
{
    if (remove_file(folder, MANIFEST_FILE, err) < 0 || folder_sync(folder, err) < 0)
        return -1;
    return remove_ours(folder, err);
}

static int refuse_corpus(const char *folder, struct error *err)
{
    char *path = path_join(folder, MANIFEST_FILE);
    bool there = file_exists(path);
    free(path);
    return there ? error_set(err,
                             "%s holds a corpus already; choose another folder, or say --overwrite",
                             folder)
                 : 0;
}

/* A vocab.txt that lies there without a corpus is somebody's; the same one may stay. */
static int refuse_vocabulary(const char *path, const struct vocabulary *vocabulary,
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

static int begin(struct corpus_folder *folder, bool overwrite, const struct vocabulary *vocabulary,
                 struct error *err)
{
    if (!folder_exists(folder->path)) {
        folder->created = true;
        return folder_create(folder->path, err);
    }
    char *path = path_join(folder->path, VOCABULARY_FILE);
    int status = 0;
    folder->had_vocabulary = file_exists(path);
    if (!overwrite) {
        status = refuse_corpus(folder->path, err);
        if (status == 0 && folder->had_vocabulary)
            status = refuse_vocabulary(path, vocabulary, err);
    }
    free(path);
    return status < 0 ? -1 : remove_corpus(folder->path, err);
}

int corpus_folder_begin(struct corpus_folder *folder, const char *path, bool overwrite,
                        const struct vocabulary *vocabulary, struct error *err)
{
    *folder = (struct corpus_folder){.path = memory_copy_text(path)};
    int status = begin(folder, overwrite, vocabulary, err);
    if (status < 0)
        corpus_folder_release(folder);
    return status;
}

void corpus_folder_abandon(struct corpus_folder *folder)
{
    struct error err;
    int status = remove_corpus(folder->path, &err);
    if (status == 0 && !folder->had_vocabulary)
        status = remove_file(folder->path, VOCABULARY_FILE, &err);
    if (status < 0)
        log_warning("%s", err.text);
    if (folder->created)
        rmdir(folder->path); /* left alone when somebody put something there meanwhile */
}

void corpus_folder_release(struct corpus_folder *folder)
{
    free(folder->path);
    *folder = (struct corpus_folder){0};
}
