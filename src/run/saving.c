#define _GNU_SOURCE /* names of threads */
#include "saving.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/activity.h"
#include "lambert/base/clock.h"
#include "lambert/base/log.h"
#include "lambert/store/checkpoint_folder.h"
#include "nonfinite.h"
#include "run_folder.h"
#include "run_internal.h"

static const double GUESSED_PACE =
    100e6; /* bytes a second of a file system, before one was written */

void saving_init(struct run *run, double left)
{
    struct error err;
    struct saving *saving = &run->saving;
    const double bytes = (double)trainer_snapshot_memory(run->trainer);
    *saving = (struct saving){.beside = run->config->train.checkpoint_beside && bytes <= left,
                              .taken = clock_seconds(),
                              .step = run->state.total_steps,
                              .seconds = bytes / GUESSED_PACE};
    dist_broadcast(run->dist, 0, &saving->beside, sizeof saving->beside);
    if (run->config->train.checkpoint_beside && !saving->beside)
        log_info(
            "rank 0's machine has no memory left for a copy of weights and moments (%.0f MB): training stands "
            "still while a checkpoint is written",
            bytes / 1e6);
    if (saving->beside && trainer_snapshot_new(run->trainer, &saving->snapshot, &err) < 0) {
        log_info("%s: training stands still while a checkpoint is written", err.text);
        saving->beside = false;
    }
}

/* --- a checkpoint that is written ------------------------------------------------------------- */

/* [rank 0] It is told, and older ones go. */
static int report(struct run *run, struct error *err)
{
    const struct config_train *train = &run->config->train;
    struct saving *saving = &run->saving;
    const struct saving_job *job = &saving->job;
    if (job->status < 0) {
        *err = job->err;
        return -1;
    }
    if (!saving->measured || job->pause + job->write > saving->seconds)
        saving->seconds = job->pause + job->write;
    saving->measured = true;
    run->time_left.checkpoint = job->pause;
    if (saving->beside && job->write > 0)
        log_info("checkpoint %s written in %.1f s; training stood still for %.2f s", job->path,
                 job->write, job->pause);
    else
        log_info("checkpoint %s written in %.1f s", job->path, job->pause);
    if (checkpoint_prune(run->folder, train->checkpoint_keep, train->checkpoint_keep_every, err) <
        0)
        return -1;
    return metrics_checkpoint(&run->metrics, job->phase, &job->state, job->pause, job->write, err);
}

static void *write_beside(void *context)
{
    struct saving *saving = context;
    struct saving_job *job = &saving->job;
    const double started = clock_seconds();
    job->status = checkpoint_snapshot_write(saving->snapshot, job->path, &job->err);
    job->write = clock_seconds() - started;
    atomic_store(&job->done, true);
    return NULL;
}

/* [rank 0] Waits for the thread. */
static int end_thread(struct run *run, struct error *err)
{
    struct saving *saving = &run->saving;
    if (!saving->busy)
        return 0;
    pthread_join(saving->thread, NULL);
    saving->busy = false;
    return report(run, err);
}

void saving_step(struct run *run)
{
    struct saving *saving = &run->saving;
    struct error err;
    if (!saving->busy || !atomic_load(&saving->job.done) || end_thread(run, &err) == 0)
        return;
    saving->displaced = !run_folder_is_there(run);
    if (!saving->displaced && run->written == 0) {
        run->written = -1;
        run->write_error = err;
    }
}

bool saving_is_due(const struct run *run)
{
    const double minutes = run->config->train.checkpoint_minutes;
    const struct saving *saving = &run->saving;
    return saving->displaced ||
           (minutes > 0 && !saving->busy && clock_seconds() - saving->taken >= 60 * minutes);
}

static bool is_multiple(int64_t step, int every)
{
    return every > 0 && step % every == 0;
}

bool saving_follows(const struct run *run, int64_t step, bool by_clock)
{
    const struct config_train *train = &run->config->train;
    return by_clock || is_multiple(step, train->checkpoint_every) ||
           is_multiple(step, train->checkpoint_keep_every);
}

int saving_ahead(const struct run *run, int64_t step, bool by_clock)
{
    return run->saving.busy || saving_follows(run, step, by_clock) ? 2 : 1;
}

int saving_finish(struct run *run, struct error *err)
{
    activity_at("waiting for the checkpoint that is being written", -1);
    return dist_agree(run->dist, end_thread(run, err), err);
}

void saving_release(struct run *run)
{
    struct saving *saving = &run->saving;
    if (saving->busy)
        pthread_join(saving->thread, NULL);
    checkpoint_snapshot_free(saving->snapshot);
    free(saving->job.path);
    *saving = (struct saving){0};
}

/* --- saving ----------------------------------------------------------------------------------- */

static void begin_job(struct run *run, double started)
{
    struct saving_job *job = &run->saving.job;
    free(job->path);
    *job = (struct saving_job){.path = checkpoint_path(run->folder, run->state.total_steps),
                               .phase = run->config->phases[run->state.phase].name,
                               .state = run->state,
                               .started = started};
    run->meta.state = run->state;
}

/* All stand still until rank 0 has written. */
static int save_still(struct run *run, double started, struct error *err)
{
    struct saving_job *job = &run->saving.job;
    int status = trainer_save(run->trainer, job->path, &run->meta, err);
    if (status < 0)
        return status;
    job->pause = clock_seconds() - started;
    return dist_agree(run->dist, dist_rank(run->dist) == 0 ? report(run, err) : 0, err);
}

/* [rank 0] */
static bool start_thread(struct saving *saving)
{
    const int failure = pthread_create(&saving->thread, NULL, write_beside, saving);
    if (failure != 0) {
        log_warning(
            "cannot start the thread that writes checkpoints (%s): training stands still while one is written",
            strerror(failure));
        return false;
    }
    pthread_setname_np(saving->thread, "checkpoint");
    saving->busy = true;
    return true;
}

/* Where there is no thread for it, this one is written as all are from now on. */
static int save_beside(struct run *run, double started, struct error *err)
{
    struct saving *saving = &run->saving;
    trainer_take_snapshot(run->trainer, saving->snapshot, &run->meta);
    saving->job.pause = clock_seconds() - started;
    if (!dist_any(run->dist, dist_rank(run->dist) == 0 && !start_thread(saving)))
        return 0;
    saving->beside = false;
    checkpoint_snapshot_free(saving->snapshot);
    saving->snapshot = NULL;
    return save_still(run, started, err);
}

static int save(struct run *run, bool stays, double started, struct error *err)
{
    struct saving *saving = &run->saving;
    activity_task("checkpoint after step", run->state.total_steps);
    if (saving_finish(run, err) < 0)
        return -1;
    if (saving->step == run->state.total_steps)
        return 0;
    trainer_settle(run->trainer);
    if (nonfinite_check_state(run, err) < 0)
        return -1;
    begin_job(run, started);
    const bool beside = saving->beside && !stays;
    const int status = beside ? save_beside(run, started, err) : save_still(run, started, err);
    if (status < 0)
        return status;
    saving->taken = clock_seconds();
    saving->step = run->state.total_steps;
    return 0;
}

int saving_save(struct run *run, bool stays, struct error *err)
{
    const double started = clock_seconds();
    const int status = save(run, stays, started, err);
    time_spent_add(&run->time_spent, TIME_CHECKPOINTS, clock_seconds() - started);
    return status;
}

/* --- a folder that is not where it was -------------------------------------------------------- */

/* [rank 0] What a thread was writing may have failed for the same reason; what comes is newer. */
static int find_place(struct run *run, bool *moved, struct error *err)
{
    struct error ignored;
    if (end_thread(run, &ignored) < 0)
        log_warning("%s", ignored.text);
    return run_folder_find(run, moved, err);
}

int saving_check_place(struct run *run, struct error *err)
{
    const bool first = dist_rank(run->dist) == 0;
    const char *folder = run->config->run.folder;
    bool moved = false;
    if (!dist_any(run->dist, first && !run_folder_is_there(run))) {
        if (first && run_folder_keep_lock(run, err) < 0)
            return dist_agree(
                run->dist,
                error_prefix(err, "what was trained since the last checkpoint cannot be saved"),
                err);
        return dist_agree(run->dist, 0, err);
    }
    run->saving.sought = true;
    int status = dist_agree(run->dist, first ? find_place(run, &moved, err) : 0, err);
    if (status == 0) {
        if (run->saving.step ==
            run->state.total_steps) /* the same bytes, wherever the run is by now */
            run->state = run->saving.job.state;
        run->saving.step = -1; /* what was saved may be gone */
        status = saving_save(run, true, err);
    }
    if (status < 0)
        return error_prefix(
            err,
            "the run folder %s was moved or removed while training ran, and what was trained since "
            "the last checkpoint cannot be saved",
            folder);
    if (first)
        status = error_set(
            err,
            "the run folder %s was %s while training ran; a checkpoint after step %" PRId64
            " is in %s, and the run ends. --resume goes on there (run.folder)",
            folder, moved ? "moved" : "removed", run->state.total_steps, run->folder);
    return dist_agree(run->dist, status, err);
}

int saving_rescue(struct run *run, struct error *err)
{
    const bool first = dist_rank(run->dist) == 0;
    if (run->saving.sought || !dist_any(run->dist, first && !run_folder_is_there(run)))
        return -1;
    if (first)
        log_warning("%s", err->text);
    return saving_check_place(run, err);
}
