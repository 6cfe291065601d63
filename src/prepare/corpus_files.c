#define _GNU_SOURCE /* memmem() */
#include "corpus_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "chunk.h"
#include "lambert/base/file.h"
#include "lambert/base/strings.h"
#include "lambert/corpus/manifest.h"
#include "lambert/text/vocabulary.h"

/* --- names ------------------------------------------------------------------------------------ */

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

static bool is_shard(const char *name)
{
    return begins_as_shard(name) && string_ends_with(name, SHARD_FILE_SUFFIX);
}

bool corpus_file_is_record(const char *name)
{
    return begins_as_record(name) && string_ends_with(name, RECORD_FILE_SUFFIX);
}

bool corpus_file_is_temporary(const char *name)
{
    return file_is_temporary(name) &&
           (begins_as_shard(name) || begins_as_record(name) ||
            string_begins_with(name, MANIFEST_FILE) || string_begins_with(name, COUNTS_FILE) ||
            string_begins_with(name, VOCABULARY_FILE));
}

bool corpus_file_is_ours(const char *name)
{
    return corpus_file_is_temporary(name) || corpus_file_is_record(name) ||
           strcmp(name, MANIFEST_FILE) == 0 || strcmp(name, COUNTS_FILE) == 0 || is_shard(name);
}

/* --- what they hold --------------------------------------------------------------------------- */

enum { HEAD = 256 };

static bool is_vocabulary(const char *path)
{
    struct vocabulary *vocabulary = NULL;
    struct error err;
    const bool is = vocabulary_load(&vocabulary, path, &err) == 0;
    vocabulary_free(vocabulary);
    return is;
}

/* Whether a file begins as a preparation's of that name does (base/container.h, corpus/manifest.h). */
static bool begins_as_ours(const char *name, const char *head, size_t size)
{
    static const char container[] = "LAMBERT\n";
    const char *kind = is_shard(name)                   ? SHARD_KIND
                       : corpus_file_is_record(name)    ? RECORD_KIND
                       : strcmp(name, COUNTS_FILE) == 0 ? COUNTS_KIND
                                                        : NULL;
    if (!kind)
        return size > 0 && head[0] == '{' &&
               memmem(head, size, MANIFEST_FORMAT, strlen(MANIFEST_FORMAT)) != NULL;
    const size_t first = strlen(container);
    return size >= first + strlen(kind) && memcmp(head, container, first) == 0 &&
           memcmp(head + first, kind, strlen(kind)) == 0;
}

/* 1: it may be replaced; 0: it is somebody's; -1: that cannot be told. */
static int is_ours(const char *path, const char *name, struct error *err)
{
    char head[HEAD];
    struct stat status;
    if (lstat(path, &status) < 0)
        return errno == ENOENT ? 1 : error_errno(err, "cannot look at %s", path);
    if (!S_ISREG(status.st_mode))
        return 0;
    if (status.st_size == 0 || corpus_file_is_temporary(name))
        return 1;
    if (strcmp(name, VOCABULARY_FILE) == 0)
        return is_vocabulary(path);
    const int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (descriptor < 0)
        return error_errno(err, "cannot open %s", path);
    const ssize_t got = read(descriptor, head, sizeof head);
    if (got < 0)
        error_errno(err, "cannot read %s", path);
    close(descriptor);
    return got < 0 ? -1 : begins_as_ours(name, head, (size_t)got);
}

int corpus_files_refuse_others(const char *folder, bool vocabulary, struct error *err)
{
    struct folder_list names;
    int ours = 1, others = 0;
    const char *first = NULL;
    if (folder_list_open(&names, folder, err) < 0)
        return -1;
    for (int i = 0; i < names.count && ours >= 0; i++) {
        const char *name = names.names[i];
        if (!corpus_file_is_ours(name) && !(vocabulary && strcmp(name, VOCABULARY_FILE) == 0))
            continue;
        char *path = path_join(folder, name);
        ours = is_ours(path, name, err);
        free(path);
        if (ours == 0 && others++ == 0)
            first = name;
    }
    if (ours >= 0 && others == 1)
        error_set(
            err,
            "%s/%s would be written over, but lambert prep did not write it; move it elsewhere, or "
            "choose another folder",
            folder, first);
    else if (ours >= 0 && others > 1)
        error_set(
            err,
            "%s/%s and %d more there would be written over, but lambert prep did not write them; "
            "move them elsewhere, or choose another folder",
            folder, first, others - 1);
    folder_list_close(&names);
    return ours < 0 || others > 0 ? -1 : 0;
}
