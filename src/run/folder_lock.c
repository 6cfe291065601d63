#include "folder_lock.h"

#include <time.h>

#include "lambert/base/activity.h"
#include "lambert/base/clock.h"
#include "lambert/base/log.h"
#include "lambert/run/run.h"
#include "run_folder.h"
#include "run_internal.h"
#include "signals.h"

static const double between_tries = 0.5; /* seconds; the watchdog wants a sign of life as often */

/* [rank 0] */
static void tell_waiting(const struct run *run, const struct error *err)
{
    char limit[32];
    log_info("%s; its host may have died, so it is waited for, up to %s (run.lock_seconds)",
             err->text, clock_text(run->config->run.lock_seconds, limit));
}

static void rest(void)
{
    const struct timespec time = {.tv_nsec = (long)(between_tries * 1e9)};
    nanosleep(&time, NULL);
    activity_heartbeat();
}

static int take_or_wait(struct run *run, struct error *err)
{
    const bool first = dist_rank(run->dist) == 0;
    const double began = clock_seconds();
    for (bool told = false;; told = true) {
        const enum lock_state state = first ? run_folder_try_lock(run, err) : LOCK_TAKEN;
        const bool late = clock_seconds() - began >= run->config->run.lock_seconds;
        const bool held = dist_any(run->dist, state == LOCK_HELD);
        if (!held || dist_any(run->dist, first && late)) {
            if (state == LOCK_HELD)
                error_set(
                    err,
                    "%s; it was waited for in vain; where its host is dead for good, run.lock=no does "
                    "without the lock",
                    err->text);
            const int status = dist_agree(run->dist, state > LOCK_GRANTED ? -1 : 0, err);
            return held ? FAILED_FOR_NOW : status;
        }
        if (first && !told)
            tell_waiting(run, err);
        if (dist_any(run->dist, signals_stop())) {
            log_info(
                "stopped by a signal while it waited for the lock of %s: nothing was to be saved",
                run->folder);
            return RUN_STOPPED;
        }
        rest();
    }
}

/* A place in the caller's task, which goes on behind it. */
int folder_lock(struct run *run, struct error *err)
{
    activity_at("waiting for the run folder's lock", -1);
    const int status = take_or_wait(run, err);
    activity_at(NULL, -1);
    return status;
}
