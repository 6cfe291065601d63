#include "lambert/store/checkpoint_folder.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"

#define FOLDER "checkpoints"
#define BEST   "best.checkpoint"

enum { ROUNDS = 500 }; /* ten seconds, until nobody believes any more that they were just removed */

/* --- names ------------------------------------------------------------------------------------ */

static char *name_of(int64_t step)
{
    return memory_text("step-%08" PRId64 ".checkpoint", step);
}

char *checkpoint_path(const char *run_folder, int64_t total_steps)
{
    char *name = name_of(total_steps);
    char *path = memory_text("%s/" FOLDER "/%s", run_folder, name);
    free(name);
    return path;
}

char *checkpoint_best_path(const char *run_folder)
{
    return path_join(run_folder, BEST);
}

/* The step of a name that begins as name_of() makes them, and what follows; -1 for other names. */
static int64_t step_of(const char *name, const char **rest)
{
    long long step;
    if (sscanf(name, "step-%18lld", &step) != 1 || step < 0)
        return -1;
    char *wanted = name_of(step);
    size_t length = strlen(wanted);
    bool same = strncmp(name, wanted, length) == 0;
    free(wanted);
    *rest = name + length;
    return same ? step : -1;
}

/* --- the files of a folder -------------------------------------------------------------------- */

struct stored {
    int64_t step;
    char *path;
    bool seen; /* false: it is there, but cannot be looked at */
    struct timespec written;
};

struct stored_list {
    char *folder;
    struct folder_list names;
    struct stored *items; /* the checkpoints, highest step first */
    int count;
    bool gone; /* a run removed one of them meanwhile */
};

static int highest_step_first(const void *a, const void *b)
{
    int64_t x = ((const struct stored *)a)->step, y = ((const struct stored *)b)->step;
    return (x < y) - (x > y);
}

/* Whether nothing has that name, not even a link that leads nowhere. Of what cannot be looked at nobody knows. */
static bool is_gone(const char *path)
{
    struct stat info;
    return lstat(path, &info) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

static bool holds(const char *folder, const char *name)
{
    char *path = path_join(folder, name);
    const bool is = file_exists(path);
    free(path);
    return is;
}

/* Whether this path is that of another run's checkpoints: of a folder with a run's files that is not this one. */
static bool is_another_runs(char *path, const char *run_folder)
{
    char *slash = strrchr(path, '/');
    if (!slash || strcmp(slash + 1, FOLDER) != 0)
        return false;
    *slash = '\0';
    const bool is =
        (holds(path, "lock") || holds(path, "config.ini")) && !file_is_same(path, run_folder);
    *slash = '/';
    return is;
}

/* The large files of a run may lie elsewhere; what one run keeps and removes may not be what another goes on from.
 * Where the link leads at first is looked at, and where at last, as the other's folder may be a link too. */
static int check_link(const char *folder, const char *run_folder, struct error *err)
{
    char target[PATH_MAX];
    const ssize_t length = readlink(folder, target, sizeof target - 1);
    if (length < 0)
        return 0; /* it is none */
    target[length] = '\0';
    char *first = target[0] == '/' ? memory_copy_text(target) : path_join(run_folder, target);
    char *last = realpath(folder, NULL);
    const bool is =
        is_another_runs(first, run_folder) || (last && is_another_runs(last, run_folder));
    if (is)
        error_set(
            err,
            "%s is a symbolic link to the checkpoints of another run (%s), which would be read and removed as "
            "this one's. Remove the link, or let it lead to a folder of this run's own; a new run may start from "
            "the other's weights (run.start_from)",
            folder, target);
    free(first);
    free(last);
    return is ? -1 : 0;
}

/* A folder that is not there is an empty one; one that cannot be looked at is not. */
static int stored_list_open(struct stored_list *list, const char *run_folder, struct error *err)
{
    *list = (struct stored_list){.folder = path_join(run_folder, FOLDER)};
    if (check_link(list->folder, run_folder, err) < 0 ||
        (!is_gone(list->folder) && folder_list_open(&list->names, list->folder, err) < 0)) {
        free(list->folder);
        return -1;
    }
    list->items = memory_new((size_t)list->names.count, sizeof *list->items);
    for (int i = 0; i < list->names.count; i++) {
        const char *name = list->names.names[i], *rest;
        struct stat info;
        int64_t step = step_of(name, &rest);
        if (step < 0 || *rest != '\0')
            continue;
        char *path = path_join(list->folder, name);
        if (stat(path, &info) == 0) {
            list->items[list->count++] = (struct stored){step, path, true, info.st_mtim};
        } else if (!is_gone(path)) {
            list->items[list->count++] = (struct stored){.step = step, .path = path};
        } else {
            list->gone = true;
            free(path);
        }
    }
    qsort(list->items, (size_t)list->count, sizeof *list->items, highest_step_first);
    return 0;
}

static void stored_list_close(struct stored_list *list)
{
    for (int i = 0; i < list->count; i++)
        free(list->items[i].path);
    free(list->items);
    folder_list_close(&list->names);
    free(list->folder);
}

int checkpoint_newest_step(const char *run_folder, int64_t *step, struct error *err)
{
    struct stored_list list;
    if (stored_list_open(&list, run_folder, err) < 0)
        return -1;
    *step = list.count > 0 ? list.items[0].step : -1;
    stored_list_close(&list);
    return 0;
}

/* --- the newest ------------------------------------------------------------------------------- */

/* What became of one that was to be opened. */
enum outcome { OPENED, DAMAGED, GONE };

/* Opens it if all its checksums hold; if not, a warning says so. One that a run has removed since the folder was
 * looked at is no damaged one. */
static enum outcome open_whole(struct checkpoint_file *file, const struct stored *stored)
{
    struct error err;
    if (checkpoint_file_open(file, stored->path, &err) == 0)
        return OPENED;
    if (is_gone(stored->path))
        return GONE;
    log_warning("passing over a checkpoint: %s", err.text);
    return DAMAGED;
}

/* The first of the list that is whole. DAMAGED: none is. GONE: neither, but one of them is no longer there. */
static enum outcome open_first_whole(struct checkpoint_file *file, const struct stored_list *list)
{
    for (int at = 0; at < list->count; at++) {
        const enum outcome outcome = open_whole(file, &list->items[at]);
        if (outcome != DAMAGED)
            return outcome;
    }
    return list->gone ? GONE : DAMAGED;
}

/* The other may be at the point of renaming the next, or a file server's list of names be older than the files. */
static void wait_a_little(void)
{
    const struct timespec time = {.tv_nsec = 20 * 1000 * 1000};
    nanosleep(&time, NULL);
}

/* A run may be at work in the folder, which removes what is no longer the newest: then a newer one is there, and the
 * folder is looked at again. */
int checkpoint_newest(const char *run_folder, struct checkpoint_file *file, struct error *err)
{
    enum outcome outcome = GONE;
    *file = (struct checkpoint_file){0};
    for (int round = 1; outcome == GONE; round++) {
        struct stored_list list;
        if (stored_list_open(&list, run_folder, err) < 0)
            return -1;
        outcome = open_first_whole(file, &list);
        if (outcome == DAMAGED && list.count > 0)
            error_set(err,
                      "none of the %d checkpoint(s) in %s can be read (the warnings say why); "
                      "bring one back from a copy, or move them away to begin anew",
                      list.count, list.folder);
        else if (outcome == DAMAGED)
            outcome = OPENED; /* an empty folder is no failure */
        else if (outcome == GONE && round == ROUNDS) {
            error_set(
                err,
                "%s lists checkpoints that are not there, %d times one after the other; look at what is wrong "
                "with the folder or its file server, or what removes them",
                list.folder, ROUNDS);
            outcome = DAMAGED;
        }
        stored_list_close(&list);
        if (outcome == GONE)
            wait_a_little();
    }
    return outcome == OPENED ? 0 : -1;
}

/* The best one is replaced, and gone where a run begins anew. */
int checkpoint_find(const char *path, struct checkpoint_file *file, struct error *err)
{
    if (!folder_exists(path))
        return checkpoint_file_open(file, path, err);
    char *best = checkpoint_best_path(path);
    int status = checkpoint_file_open(file, best, err);
    if (status < 0 && is_gone(best))
        status = checkpoint_newest(path, file, err);
    free(best);
    return status;
}

int checkpoint_find_newest(const char *path, struct checkpoint_file *file, struct error *err)
{
    if (!folder_exists(path))
        return checkpoint_file_open(file, path, err);
    if (checkpoint_newest(path, file, err) < 0)
        return -1;
    return checkpoint_file_path(file) ? 0 : error_set(err, "%s has no checkpoint", path);
}

/* --- pruning ---------------------------------------------------------------------------------- */

static bool is_whole(const struct stored *stored)
{
    struct checkpoint_file file;
    if (open_whole(&file, stored) != OPENED)
        return false;
    checkpoint_file_close(&file);
    return true;
}

/* The checkpoint written last, the lowest step where several were written at once; one that cannot be looked at is older
 * than all. */
static int written_last(const struct stored_list *list)
{
    int last = 0;
    for (int i = 1; i < list->count; i++) {
        struct timespec written = list->items[i].written, latest = list->items[last].written;
        if (written.tv_sec > latest.tv_sec ||
            (written.tv_sec == latest.tv_sec && written.tv_nsec >= latest.tv_nsec))
            last = i;
    }
    return last;
}

/* Of the best checkpoint, which lies outside the list's folder. */
static int remove_temporaries_of_best(const char *run_folder, struct error *err)
{
    struct folder_list names;
    int status = 0;
    if (folder_list_open(&names, run_folder, err) < 0)
        return -1;
    for (int i = 0; i < names.count && status == 0; i++) {
        if (strncmp(names.names[i], BEST, strlen(BEST)) != 0 || !file_is_temporary(names.names[i]))
            continue;
        char *path = path_join(run_folder, names.names[i]);
        status = file_remove(path, err);
        free(path);
    }
    folder_list_close(&names);
    return status;
}

/* A checkpoint of a higher step than the one written last is left over from before a resume, which
 * passed it over because it was damaged: it must not count as one that is kept, or the whole ones
 * would go in its stead. Nor does one that cannot be looked at, which is left alone. */
int checkpoint_prune(const char *run_folder, int keep, int keep_every, struct error *err)
{
    struct stored_list list;
    int status = -1;
    require(keep > 0);
    if (stored_list_open(&list, run_folder, err) < 0)
        return -1;

    for (int i = 0; i < list.names.count; i++) {
        const char *name = list.names.names[i], *rest;
        if (step_of(name, &rest) < 0 || !file_is_temporary(name))
            continue;
        char *path = path_join(list.folder, name);
        int removed = file_remove(path, err);
        free(path);
        if (removed < 0)
            goto done;
    }
    if (folder_exists(run_folder) && remove_temporaries_of_best(run_folder, err) < 0)
        goto done;

    int kept = 0, last = written_last(&list);
    for (int i = 0; i < list.count; i++) {
        if (!list.items[i].seen || (keep_every > 0 && list.items[i].step % keep_every == 0))
            continue;
        if (kept == keep) {
            if (file_remove(list.items[i].path, err) < 0)
                goto done;
        } else if (i >= last || is_whole(&list.items[i])) {
            kept++;
        }
    }
    status = 0;
done:
    stored_list_close(&list);
    return status;
}
