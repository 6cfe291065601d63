/* Where the run writes: its folder, the disk of its checkpoints, and the disks of the hosts. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "checks.h"
#include "lambert/base/activity.h"
#include "lambert/base/clock.h"
#include "lambert/base/file.h"
#include "lambert/base/file_lock.h"
#include "lambert/base/memory.h"
#include "lambert/base/strings.h"
#include "lambert/store/checkpoint_folder.h"
#include "scratch.h"

/* --- the run folder ------------------------------------------------------------------------------ */

/* [rank 0] What a lock is worth in the folder; it stays locked by *lock while other hosts look, -1: it is not. */
static void find_locks(const char *trial, int *lock, const char *folder, struct findings *found)
{
    struct error err;
    const enum lock_state state = file_lock_try(trial, lock, &err);
    if (state == LOCK_GRANTED)
        find(
            found, FINDING_WARNING, OF_JOB,
            "see to it that no second run uses the folder, or lay it on a file system with locks (Lustre: "
            "mount with flock)",
            "the file system of %s has no locks: nothing would keep two runs apart", folder);
    if (state > LOCK_GRANTED)
        find(
            found, FINDING_FAULT, OF_JOB,
            "run.lock=no does without, where nobody else is at work there; or mend the server's locks (NFS 3: "
            "lockd and statd on both sides)",
            "locks fail: %s", err.text);
    if (state != LOCK_TAKEN && *lock >= 0) {
        close(*lock);
        *lock = -1;
    }
}

/* [rank 0] Whether another run has the folder. */
static void find_other_run(const char *folder, struct findings *found)
{
    struct error err;
    char *path = path_join(folder, "lock");
    const enum lock_state state = file_lock_look(path, &err);
    if (state == LOCK_ALIVE || state == LOCK_HELD)
        find(
            found, FINDING_FAULT, OF_JOB,
            "end that run (SIGUSR1 to its mpirun: with a checkpoint) or wait for it, or name another "
            "run.folder; where its host is dead for good, run.lock=no",
            "another run uses this folder: %s", err.text);
    if (state == LOCK_FAILED)
        find(found, FINDING_FAULT, OF_JOB, "make the file the user's own, or remove it", "%s",
             err.text);
    free(path);
}

/* [rank 0] Whether the folder holds a run, which is not to be begun anew by mistake. */
static void find_earlier_run(const struct doctor *doctor, struct findings *found)
{
    const char *folder = doctor->config.run.folder;
    struct error err;
    int64_t step;
    if (checkpoint_newest_step(folder, &step, &err) < 0)
        find(found, FINDING_FAULT, OF_JOB,
             "make checkpoints/ in the run folder a folder of this run's own, or a link to one",
             "%s", err.text);
    else if (step >= 0 && !doctor->resumes)
        find(found, FINDING_FAULT, OF_JOB,
             "--resume goes on with it from there; or name another run.folder",
             "%s holds a run at step %" PRId64 " already", folder, step);
    else if (step >= 0)
        find_well(found, "%s holds a run at step %" PRId64 ", which goes on (--resume)", folder,
                  step);
}

static void drop_trial(struct findings *found)
{
    struct error err;
    if (scratch_remove(&err) < 0)
        find(found, FINDING_WARNING, OF_JOB, "remove it", "%s", err.text);
}

/* [rank 0] Makes the folder for trials, with the lock; NULL, and found, where that cannot be. */
static const char *try_folder(const char *folder, bool locks, int *lock, struct findings *found)
{
    struct error err;
    const char *trial = NULL;
    char *place = path_nearest(folder);
    *lock = -1;
    if (!folder_exists(place))
        find(found, FINDING_FAULT, OF_JOB, "name another run.folder",
             "%s is no folder: %s cannot be made", place, folder);
    else if (scratch_make(&trial, place, &err) < 0)
        find(
            found, FINDING_FAULT, OF_JOB,
            "name a run.folder where this user may write, or make this one so (chown, chmod u+w, remount rw)",
            "%s", err.text);
    free(place);
    if (trial && locks)
        find_locks(scratch_file(SCRATCH_LOCK), lock, folder, found);
    return trial;
}

/* [the first rank of another host] What rank 0 made, as it is seen here; locked: it is. */
static void look_from_here(const char *trial, bool locked, struct findings *found)
{
    struct error err;
    char *path = path_join(trial, scratch_names[SCRATCH_LOCK]);
    if (!folder_exists(trial)) {
        find(
            found, FINDING_WARNING, OF_HOST,
            "put run.folder on a file system that all hosts see, and give it as an absolute path",
            "it does not see the run folder of rank 0: the run could be resumed on that host alone");
    } else if (locked) {
        const enum lock_state state = file_lock_look(path, &err);
        if (state != LOCK_ALIVE && state != LOCK_HELD)
            find(
                found, FINDING_WARNING, OF_HOST,
                "see to it that no second run uses the folder, or mount it with locks that hold between hosts "
                "(NFS without nolock and local_lock, Lustre with flock)",
                "it does not see a lock that rank 0 holds: nothing would keep runs of two hosts apart");
    }
    free(path);
}

static void share_path(const struct doctor *doctor, const char *path, char shared[PATH_MAX])
{
    memset(shared, 0, PATH_MAX);
    if (path)
        snprintf(shared, PATH_MAX, "%s", path);
    dist_broadcast(doctor->dist, 0, shared, PATH_MAX);
}

void check_run_folder(struct doctor *doctor, struct findings *found)
{
    const struct config_run *run = &doctor->config.run;
    const char *trial = NULL;
    char shared[PATH_MAX];
    int lock = -1;
    if (doctor->first) {
        trial = try_folder(run->folder, run->lock, &lock, found);
        if (run->lock)
            find_other_run(run->folder, found);
        find_earlier_run(doctor, found);
        find_well(found, "%s %s%s", run->folder,
                  folder_exists(run->folder) ? "can be written to" : "can be made",
                  run->lock ? ", locks hold, and nobody else uses it" : " (run.lock=no)");
    }
    share_path(doctor, trial, shared);
    const bool locked = dist_any(doctor->dist, lock >= 0);
    if (shared[0] && doctor->speaks && !doctor->first)
        look_from_here(shared, locked, found);
    dist_barrier(doctor->dist); /* until all have looked */
    if (lock >= 0)
        close(lock);
    drop_trial(found);
}

/* --- the disk of the checkpoints ------------------------------------------------------------------ */

static const double WRITE_SECONDS = 1;
enum { WRITE_MOST = 32 << 20, PIECE = 1 << 20 /* bytes */ };
static const double SLOW_SYNC = 0.5; /* seconds of a small file */
static const double LONG_CHECKPOINT =
    300; /* seconds: what scripts/lambert.sbatch grants a run that is told to end */

/* Where checkpoints lie, or will: the folder of that name may be a link to another disk. */
static char *checkpoint_place(const char *run_folder)
{
    char *folder = path_join(run_folder, "checkpoints"), *place = path_nearest(folder);
    free(folder);
    return place;
}

/* Bytes of the checkpoints that are there, which newer ones take the place of. */
static double checkpoints_there(const char *folder)
{
    struct folder_list names;
    struct error err;
    double bytes = 0;
    if (folder_list_open(&names, folder, &err) < 0)
        return 0;
    for (int i = 0; i < names.count; i++) {
        char *path = path_join(folder, names.names[i]);
        struct stat info;
        if (string_ends_with(path, ".checkpoint") && stat(path, &info) == 0)
            bytes += (double)info.st_size;
        free(path);
    }
    folder_list_close(&names);
    return bytes;
}

/* What came of writing. */
struct writing {
    double bytes, seconds; /* with the sync */
    enum file_sync sync;
    double small; /* seconds that a small file and its sync take */
};

static int write_all(int file, const char *data, size_t size)
{
    for (size_t done = 0; done < size;) {
        const ssize_t wrote = write(file, data + done, size - done);
        if (wrote < 0 && errno != EINTR)
            return -1;
        done += wrote > 0 ? (size_t)wrote : 0;
    }
    return 0;
}

/* So many bytes, or what can be written in WRITE_SECONDS, and a sync. *seconds: what both took. -1: a fault of writing. */
static int write_and_sync(const char *path, double most, double *bytes, double *seconds,
                          enum file_sync *sync, struct error *err)
{
    char *piece = memory_new(PIECE, 1);
    const double started = clock_seconds();
    const int file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int status = file < 0 ? -1 : 0;
    memset(piece, 0x5a, PIECE);
    *bytes = 0;
    while (status == 0 && *bytes < most && clock_seconds() - started < WRITE_SECONDS) {
        const double left = most - *bytes;
        const size_t size = left < PIECE ? (size_t)left : PIECE;
        status = write_all(file, piece, size);
        *bytes += (double)size;
        activity_heartbeat();
    }
    if (status == 0) {
        *sync = file_sync(file);
        if (*sync == FILE_SYNC_FAILED)
            status = -1;
    }
    *seconds = clock_seconds() - started;
    if (status < 0)
        error_errno(err, "cannot write %s", path);
    if (file >= 0)
        close(file);
    free(piece);
    return status;
}

static int write_there(const char *place, double room, struct writing *writing,
                       struct findings *found, struct error *err)
{
    enum { SMALL = 4096, SMALL_TRIES = 3 };
    const char *trial;
    double bytes, seconds;
    *writing = (struct writing){.small = INFINITY};
    if (scratch_make(&trial, place, err) < 0)
        return -1;
    const char *path = scratch_file(SCRATCH_WRITTEN);
    int status = write_and_sync(path, fmin(WRITE_MOST, room / 2), &writing->bytes,
                                &writing->seconds, &writing->sync, err);
    for (int i = 0; i < SMALL_TRIES && status == 0; i++) {
        status = write_and_sync(path, SMALL, &bytes, &seconds, &writing->sync, err);
        writing->small = fmin(writing->small, seconds);
    }
    drop_trial(found);
    return status;
}

/* Whether there is room for the checkpoints that are kept, and one that is being written. */
static void find_room(const struct doctor *doctor, const char *place, double room,
                      struct findings *found)
{
    const double each = doctor->needs.checkpoint, keep = doctor->config.train.checkpoint_keep + 1;
    const double there = room + checkpoints_there(place);
    static const char cure[] =
        "make room, keep fewer (train.checkpoint_keep), or make checkpoints/ in the run folder a link to a "
        "larger disk";
    if (there < each)
        find(found, FINDING_FAULT, OF_JOB, cure,
             "%s has %.1f MB free, and one checkpoint takes %.1f MB", place, room / 1e6,
             each / 1e6);
    else if (there < keep * each)
        find(
            found, FINDING_WARNING, OF_JOB, cure,
            "%s has %.1f MB free, and %.0f checkpoints of %.1f MB, those that are kept and the next, take %.1f MB",
            place, room / 1e6, keep, each / 1e6, keep * each / 1e6);
}

static void find_slow_disk(const struct doctor *doctor, const char *place,
                           const struct writing *writing, struct findings *found)
{
    const double seconds = doctor->needs.checkpoint * writing->seconds / writing->bytes;
    if (writing->sync == FILE_SYNC_MISSING)
        find(found, FINDING_WARNING, OF_JOB, "lay the run on another file system, or accept it",
             "%s cannot be synced: what was written last may be gone if the power fails", place);
    if (writing->small > SLOW_SYNC)
        find(found, FINDING_WARNING, OF_JOB,
             "see what else writes to that disk or server, or lay the run on another",
             "a small file takes %.2f s to be on the disk of %s", writing->small, place);
    if (doctor->planned && seconds > LONG_CHECKPOINT)
        find(
            found, FINDING_WARNING, OF_JOB,
            "grant a run that is told to end longer (--signal=B:USR1@SECONDS of sbatch, --mca "
            "odls_base_sigkill_timeout SECONDS of mpirun), or lay checkpoints/ on a faster disk",
            "a checkpoint of %.1f MB takes %.0f s at %.1f MB/s: longer than the %.0f s that the scripts "
            "for schedulers grant",
            doctor->needs.checkpoint / 1e6, seconds, writing->bytes / writing->seconds / 1e6,
            LONG_CHECKPOINT);
}

/* Rank 0 alone writes checkpoints. */
void check_disk(struct doctor *doctor, struct findings *found)
{
    struct statvfs info;
    struct writing writing;
    struct error err;
    if (!doctor->first)
        return;
    char *place = checkpoint_place(doctor->config.run.folder);
    if (!folder_exists(place) || access(place, W_OK | X_OK) != 0)
        goto done; /* which check_run_folder() tells */
    const double room =
        statvfs(place, &info) == 0 ? (double)info.f_bavail * (double)info.f_frsize : INFINITY;
    if (doctor->planned)
        find_room(doctor, place, room, found);
    if (room < PIECE) {
        if (!doctor->planned)
            find(found, FINDING_FAULT, OF_JOB, "make room there", "%s is full", place);
    } else if (write_there(place, room, &writing, found, &err) < 0) {
        find(
            found, FINDING_FAULT, OF_JOB,
            "see the system's log of that disk or server, and quotas (quota -s), or lay the run on another",
            "%s", err.text);
    } else {
        find_slow_disk(doctor, place, &writing, found);
        struct buffer text = {0};
        if (doctor->planned)
            buffer_print(&text, "; a checkpoint of %.1f MB takes %.2g s, and %d are kept",
                         doctor->needs.checkpoint / 1e6,
                         doctor->needs.checkpoint * writing.seconds / writing.bytes,
                         doctor->config.train.checkpoint_keep);
        find_well(found, "%s: %.0f MB free, %.0f MB/s with the sync, %.2g s a small file%s", place,
                  room / 1e6, writing.bytes / writing.seconds / 1e6, writing.small,
                  buffer_text(&text));
        buffer_release(&text);
    }
done:
    free(place);
}

/* --- the hosts' own disks ------------------------------------------------------------------------- */

void check_stage(struct doctor *doctor, struct findings *found)
{
    const struct config *config = &doctor->config;
    struct error err;
    double megabytes;
    if (!config->data.stage_folder[0] || config->task.kind != TASK_NONE || !doctor->has_work) {
        if (doctor->first)
            find_well(found, "nothing is copied to the hosts' disks (data.stage_folder)");
        return;
    }
    if (!doctor->speaks)
        return;
    if (run_needs_check_stage(config, &megabytes, &err) < 0)
        find(found, FINDING_FAULT, OF_HOST,
             "make room or a folder of this user's there, or do without data.stage_folder", "%s",
             err.text);
    else if (doctor->first)
        find_well(found, "%.1f MB of corpora go to %s of each host, which has the room", megabytes,
                  config->data.stage_folder);
}
