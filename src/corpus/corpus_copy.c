#include "lambert/corpus/corpus_copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lambert/base/activity.h"
#include "lambert/base/clock.h"
#include "lambert/base/container.h"
#include "lambert/base/file.h"
#include "lambert/base/file_use.h"
#include "lambert/base/memory.h"
#include "lambert/corpus/manifest.h"

enum { PART = 1 << 20 }; /* bytes read at once */

struct corpus_copy {
    char *from, *to;
    int in_use;   /* the original's manifest */
    char **names; /* [count], the manifest's last */
    int count, next;
    uint64_t bytes;
    int source, target; /* of the file names[next], while it is copied; -1: it has not begun */
    char *part;         /* [PART] */
};

static int failed(const char *doing, const char *folder, const char *name, struct error *err)
{
    return error_errno(err, "cannot %s %s/%s", doing, folder, name);
}

static void list_files(struct corpus_copy *copy, const struct manifest *manifest)
{
    int shards = 0;
    for (int s = 0; s < CORPUS_SPLITS; s++)
        shards += manifest->splits[s].count;
    copy->names = memory_new((size_t)shards + 3, sizeof *copy->names);
    for (int s = 0; s < CORPUS_SPLITS; s++)
        for (int i = 0; i < manifest->splits[s].count; i++)
            copy->names[copy->count++] = memory_copy_text(manifest->splits[s].shards[i].file);
    copy->names[copy->count++] = memory_copy_text(COUNTS_FILE);
    copy->names[copy->count++] = memory_copy_text(VOCABULARY_FILE);
    copy->names[copy->count++] = memory_copy_text(MANIFEST_FILE);
}

static int measure_files(struct corpus_copy *copy, struct error *err)
{
    for (int i = 0; i < copy->count; i++) {
        struct stat info;
        char *path = path_join(copy->from, copy->names[i]);
        const int status = stat(path, &info);
        free(path);
        if (status != 0)
            return failed("look at", copy->from, copy->names[i], err);
        copy->bytes += (uint64_t)info.st_size;
    }
    return 0;
}

int corpus_copy_open(struct corpus_copy **out, const char *from, const char *to, struct error *err)
{
    struct corpus_copy *copy = memory_new(1, sizeof *copy);
    struct buffer text = {0};
    struct manifest manifest = {0};
    char *path = path_join(from, MANIFEST_FILE);
    int status = -1;
    *copy = (struct corpus_copy){.from = memory_copy_text(from),
                                 .to = memory_copy_text(to),
                                 .in_use = -1,
                                 .source = -1,
                                 .target = -1,
                                 .part = memory_new(PART, 1)};
    if (file_use_begin(path, &copy->in_use, err) < 0 || file_read(path, &text, err) < 0 ||
        manifest_parse(&manifest, buffer_text(&text), path, err) < 0)
        goto done;
    list_files(copy, &manifest);
    manifest_release(&manifest);
    status = measure_files(copy, err);
done:
    free(path);
    buffer_release(&text);
    if (status < 0) {
        corpus_copy_close(copy);
        copy = NULL;
    }
    *out = copy;
    return status;
}

static void close_files(struct corpus_copy *copy)
{
    if (copy->source >= 0)
        close(copy->source);
    if (copy->target >= 0)
        close(copy->target);
    copy->source = copy->target = -1;
}

void corpus_copy_close(struct corpus_copy *copy)
{
    if (!copy)
        return;
    close_files(copy);
    file_use_end(&copy->in_use);
    for (int i = 0; i < copy->count; i++)
        free(copy->names[i]);
    free(copy->names);
    free(copy->from);
    free(copy->to);
    free(copy->part);
    free(copy);
}

uint64_t corpus_copy_bytes(const struct corpus_copy *copy)
{
    return copy->bytes;
}

/* --- a file --------------------------------------------------------------------------------------- */

static int begin_file(struct corpus_copy *copy, struct error *err)
{
    const char *name = copy->names[copy->next];
    char *from = path_join(copy->from, name), *to = path_join(copy->to, name);
    copy->source = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (copy->source >= 0)
        copy->target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    free(from);
    free(to);
    if (copy->source < 0)
        return failed("open", copy->from, name, err);
    return copy->target < 0 ? failed("create", copy->to, name, err) : 0;
}

/* 1: there may be more of the file; 0: that was its end. */
static int copy_part(struct corpus_copy *copy, struct error *err)
{
    const char *name = copy->names[copy->next];
    const ssize_t got = read(copy->source, copy->part, PART);
    if (got < 0)
        return errno == EINTR ? 1 : failed("read", copy->from, name, err);
    for (ssize_t at = 0; at < got;) {
        const ssize_t wrote = write(copy->target, copy->part + at, (size_t)(got - at));
        if (wrote < 0 && errno != EINTR)
            return failed("write", copy->to, name, err);
        at += wrote > 0 ? wrote : 0;
    }
    activity_heartbeat();
    return got > 0;
}

static int check_container(const char *path, const char *kind, uint32_t version, struct error *err)
{
    struct container container;
    if (container_open(&container, path, kind, version, err) < 0)
        return -1;
    const int status = container_verify(&container, err);
    container_close(&container);
    return status;
}

static int check_bytes(const char *original, const char *path, struct error *err)
{
    struct buffer one = {0}, other = {0};
    int status = file_read(original, &one, err) < 0 || file_read(path, &other, err) < 0 ? -1 : 0;
    if (status == 0 && (one.size != other.size || memcmp(one.data, other.data, one.size) != 0))
        status =
            error_set(err, "%s is not the same as %s, of which it is the copy", path, original);
    buffer_release(&one);
    buffer_release(&other);
    return status;
}

static int check_file(const struct corpus_copy *copy, struct error *err)
{
    const char *name = copy->names[copy->next];
    char *from = path_join(copy->from, name), *to = path_join(copy->to, name);
    int status;
    if (strcmp(name, COUNTS_FILE) == 0)
        status = check_container(to, COUNTS_KIND, COUNTS_VERSION, err);
    else if (strcmp(name, VOCABULARY_FILE) == 0 || strcmp(name, MANIFEST_FILE) == 0)
        status = check_bytes(from, to, err);
    else
        status = check_container(to, SHARD_KIND, UINT32_MAX, err);
    free(from);
    free(to);
    return status < 0 ? error_prefix(err, "the copy of %s/%s", copy->from, name) : 0;
}

int corpus_copy_go_on(struct corpus_copy *copy, double seconds, struct error *err)
{
    const double until = clock_seconds() + seconds;
    while (copy->next < copy->count) {
        if (copy->target < 0 && begin_file(copy, err) < 0)
            return -1;
        int more = 1;
        while (more == 1 && clock_seconds() < until)
            more = copy_part(copy, err);
        if (more != 0)
            return more;
        close_files(copy);
        if (check_file(copy, err) < 0)
            return -1;
        copy->next++;
    }
    return 0;
}
