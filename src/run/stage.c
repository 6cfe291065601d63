#include "stage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "lambert/base/activity.h"
#include "lambert/base/array.h"
#include "lambert/base/clock.h"
#include "lambert/base/file.h"
#include "lambert/base/file_lock.h"
#include "lambert/base/host_name.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/strings.h"
#include "lambert/corpus/corpus_copy.h"
#include "lambert/run/needs.h"
#include "lambert/run/run.h"
#include "signals.h"

enum { MOST_NUMBERS = 1000 };
static const double round_seconds =
    2; /* of copying, between two signs of life to the other ranks */
static const char lock_end[] = ".lock";

struct copied {
    char *from, *to;
};

struct stage {
    const char *disk; /* data.stage_folder */
    char *folder;     /* of this run, on this host */
    char *lock_path;
    int lock; /* descriptor, of the rank that copies; else -1 */
    struct copied *corpora;
    size_t count, capacity;
};

/* --- the folder ----------------------------------------------------------------------------------- */

static char *name_begin(void)
{
    char host[HOST_NAME_ROOM];
    host_name(host);
    return memory_text("lambert-stage-%s-", host);
}

/* A folder of folders of files, as a stage is. What is in the way stays, and the folder with it. */
static void remove_below(const char *folder, int levels)
{
    struct folder_list names;
    struct error err;
    if (folder_list_open(&names, folder, &err) < 0)
        return;
    for (int i = 0; i < names.count; i++) {
        char *path = path_join(folder, names.names[i]);
        if (levels > 0 && folder_exists(path) && !file_is_link(path))
            remove_below(path, levels - 1);
        else
            unlink(path);
        free(path);
    }
    folder_list_close(&names);
    rmdir(folder);
}

/* The folder goes before the lock, so that there is none without one. */
static void remove_stage(const char *folder, const char *lock_path)
{
    struct error err;
    if (folder_exists(folder))
        remove_below(folder, 1);
    if (folder_exists(folder))
        log_warning("%s cannot be removed: it holds what is not a part of it", folder);
    else if (file_remove(lock_path, &err) < 0)
        log_warning("%s", err.text);
}

/* Whether a file is the lock of a stage whose name begins so and ends with a number: the beginning of host node1 is
 * that of host node1-2, too. */
static bool is_lock(const char *name, const char *begin)
{
    if (!string_begins_with(name, begin))
        return false;
    const char *number = name + strlen(begin);
    const size_t digits = strspn(number, "0123456789");
    return digits > 0 && strcmp(number + digits, lock_end) == 0;
}

/* What runs of this host that were killed have left. Without locks nobody can know. */
static void remove_left(const char *disk)
{
    struct folder_list names;
    struct error err;
    char *begin = name_begin();
    if (folder_list_open(&names, disk, &err) < 0)
        names = (struct folder_list){0};
    for (int i = 0; i < names.count; i++) {
        const char *name = names.names[i];
        int lock;
        if (!is_lock(name, begin))
            continue;
        char *path = path_join(disk, name),
             *folder = memory_text("%.*s", (int)(strlen(path) - strlen(lock_end)), path);
        const enum lock_state state = file_lock_try(path, &lock, &err);
        if (state == LOCK_TAKEN) {
            if (folder_exists(folder))
                log_warning("%s is of a run that was killed, and is removed", folder);
            remove_stage(folder, path);
        }
        if (state <= LOCK_GRANTED)
            close(lock);
        free(folder);
        free(path);
    }
    folder_list_close(&names);
    free(begin);
}

static void name_folder(struct stage *stage, long number)
{
    char *begin = name_begin();
    stage->folder = memory_text("%s/%s%ld", stage->disk, begin, number);
    stage->lock_path = memory_text("%s%s", stage->folder, lock_end);
    free(begin);
}

/* A number that no other run of this host has: the process's own, or where another container has the same one, the next. */
static int take_number(struct stage *stage, double *number, struct error *err)
{
    char *begin = name_begin();
    int status = -1;
    for (long n = getpid(); status < 0 && n < getpid() + MOST_NUMBERS; n++) {
        char *path = memory_text("%s/%s%ld%s", stage->disk, begin, n, lock_end);
        const enum lock_state state = file_lock_try(path, &stage->lock, err);
        free(path);
        if (state == LOCK_FAILED)
            break;
        if (state <= LOCK_GRANTED) {
            *number = (double)n;
            name_folder(stage, n);
            status = 0;
        }
    }
    free(begin);
    return status;
}

/* --- copying --------------------------------------------------------------------------------------- */

static void add_corpus(struct stage *stage, const char *from)
{
    for (size_t i = 0; i < stage->count; i++)
        if (file_is_same(stage->corpora[i].from, from))
            return;
    ARRAY_RESERVE(stage->corpora, stage->count + 1, stage->capacity);
    stage->corpora[stage->count] =
        (struct copied){memory_copy_text(from), memory_text("%s/%zu", stage->folder, stage->count)};
    stage->count++;
}

static void list_corpora(struct stage *stage, const struct config *config, int first, int end)
{
    for (int p = first; p < end; p++) {
        const struct config_mix mix = config_phase_mix(config, p);
        char folder[CONFIG_TEXT];
        for (int c = 0; c < config_mix_count(&mix); c++)
            add_corpus(stage, config_mix_folder(&mix, c, folder));
    }
}

/* Of the disk that `place` lies on, which is there. */
static int check_room(const char *folder, const char *place, uint64_t bytes, struct error *err)
{
    struct statvfs disk;
    char host[HOST_NAME_ROOM];
    if (statvfs(place, &disk) != 0)
        return error_errno(err, "cannot look at %s", place);
    const double room = (double)disk.f_bavail * (double)disk.f_frsize;
    if (room >= (double)bytes)
        return 0;
    host_name(host);
    return error_set(
        err,
        "the corpora take %.1f MB, and %s on host %s has %.1f MB free; make room there, or do without "
        "data.stage_folder",
        (double)bytes / 1e6, folder, host, room / 1e6);
}

/* [the rank that copies] */
static int open_copies(struct stage *stage, struct corpus_copy **copies, struct error *err)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < stage->count; i++) {
        if (folder_create(stage->corpora[i].to, err) < 0 ||
            corpus_copy_open(copies + i, stage->corpora[i].from, stage->corpora[i].to, err) < 0)
            return -1;
        bytes += corpus_copy_bytes(copies[i]);
    }
    if (check_room(stage->disk, stage->disk, bytes, err) < 0)
        return -1;
    log_info("copying the corpora, %.1f MB, to %s of each host", (double)bytes / 1e6, stage->disk);
    return 0;
}

/* Collective. In rounds, so that ranks that wait for a long copy show life, and hear when one is told to end. */
static int copy_all(struct stage *stage, const struct dist *dist, bool copies_here,
                    struct error *err)
{
    struct corpus_copy **copies = memory_new(stage->count, sizeof *copies);
    size_t next = copies_here ? 0 : stage->count;
    int status = dist_agree(dist, copies_here ? open_copies(stage, copies, err) : 0, err);
    while (status == 0 && dist_any(dist, next < stage->count)) {
        int more = 0;
        if (next < stage->count) {
            more = corpus_copy_go_on(copies[next], round_seconds, err);
            next += more == 0;
        }
        status = dist_agree(dist, more < 0 ? -1 : 0, err);
        if (status == 0 && dist_any(dist, signals_stop()))
            status = RUN_STOPPED;
    }
    for (size_t i = 0; i < stage->count; i++)
        corpus_copy_close(copies[i]);
    free(copies);
    return status;
}

static void stage_forget(struct stage *stage)
{
    for (size_t i = 0; i < stage->count; i++) {
        free(stage->corpora[i].from);
        free(stage->corpora[i].to);
    }
    free(stage->corpora);
    free(stage->folder);
    free(stage->lock_path);
}

int stage_open(struct stage **out, const struct dist *dist, const struct config *config, int first,
               int end, struct error *err)
{
    *out = NULL;
    if (!config->data.stage_folder[0] || config->task.kind != TASK_NONE)
        return 0;
    const bool copies_here = dist_local_rank(dist) == 0;
    const double started = clock_seconds();
    struct stage *stage = memory_new(1, sizeof *stage);
    double number = 0;
    char took[32];
    *stage = (struct stage){.disk = config->data.stage_folder, .lock = -1};
    activity_task("copying the corpora to the hosts' disks", -1);
    int status = 0;
    if (copies_here && (status = folder_create(stage->disk, err)) == 0) {
        remove_left(stage->disk);
        status = take_number(stage, &number, err);
    }
    status = dist_agree(dist, status, err);
    if (status == 0) {
        dist_machine_sum_double(dist, &number, 1);
        if (!copies_here)
            name_folder(stage, (long)number);
        list_corpora(stage, config, first, end);
        status = copy_all(stage, dist, copies_here, err);
    }
    if (status != 0) {
        stage_close(stage);
        return status < 0 ? error_prefix(err, "data.stage_folder") : status;
    }
    log_info("the corpora are on the hosts' disks, and checked, after %s",
             clock_text(clock_seconds() - started, took));
    *out = stage;
    return 0;
}

void stage_leave(const struct stage *stage)
{
    if (stage && stage->lock >= 0)
        log_warning(
            "%s stays, as it is still read from; the next run with this data.stage_folder removes it",
            stage->folder);
}

void stage_close(struct stage *stage)
{
    if (!stage)
        return;
    if (stage->lock >= 0) {
        remove_stage(stage->folder, stage->lock_path);
        close(stage->lock);
    }
    stage_forget(stage);
    free(stage);
}

int run_needs_check_stage(const struct config *config, double *megabytes, struct error *err)
{
    struct stage stage = {.disk = config->data.stage_folder, .folder = memory_copy_text("")};
    char *place = path_nearest(config->data.stage_folder);
    uint64_t bytes = 0;
    int status = 0;
    list_corpora(&stage, config, 0, config->phase_count);
    for (size_t i = 0; i < stage.count && status == 0; i++) {
        struct corpus_copy *copy;
        status = corpus_copy_open(&copy, stage.corpora[i].from, stage.corpora[i].to, err);
        if (status == 0) {
            bytes += corpus_copy_bytes(copy);
            corpus_copy_close(copy);
        }
    }
    *megabytes = (double)bytes / 1e6;
    if (status == 0 && access(place, W_OK | X_OK) != 0)
        status = error_errno(err, "cannot write in %s", place);
    if (status == 0)
        status = check_room(stage.disk, place, bytes, err);
    free(place);
    stage_forget(&stage);
    return status;
}

const char *stage_place(const struct stage *stage, const char *folder)
{
    for (size_t i = 0; stage && i < stage->count; i++)
        if (file_is_same(stage->corpora[i].from, folder))
            return stage->corpora[i].to;
    return folder;
}
