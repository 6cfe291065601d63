#define _GNU_SOURCE /* names of threads */
#include "lambert/base/watchdog.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "lambert/base/activity.h"
#include "lambert/base/clock.h"
#include "lambert/base/host_name.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/progress.h"

enum { EXIT_STANDSTILL = 1 };

/* --- what it thinks --------------------------------------------------------------------------- */

void watch_init(struct watch *watch, double limit)
{
    *watch = (struct watch){.limit = limit, .grace = fmin(fmax(limit / 10, 2), 30)};
}

static bool reached(double before, double now, double mark)
{
    return before < mark && now >= mark;
}

enum watch_event watch_look(struct watch *watch, uint64_t moves, double elapsed)
{
    double before = watch->silent;
    if (moves != watch->moves) {
        watch->moves = moves;
        watch->silent = 0;
        return before >= watch->limit ? WATCH_RELIEF : WATCH_NOTHING;
    }
    watch->silent += elapsed;
    if (reached(before, watch->silent, watch->limit + watch->grace))
        return WATCH_END;
    if (reached(before, watch->silent, watch->limit))
        return WATCH_REPORT;
    return reached(before, watch->silent, watch->limit / 2) ? WATCH_WARN : WATCH_NOTHING;
}

/* --- what it does --------------------------------------------------------------------------- */

struct watchdog {
    struct watch watch;
    const char *setting, *advice;
    double pause; /* seconds between looks */
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows but `due` */
    pthread_cond_t changed;
    bool stop;
    void (*last_act)(void);     /* NULL: none */
    struct early_end early_end; /* no is_due: there is none */
    double due;                 /* seconds since when it is due, of the thread alone */
};

/* In case writing hangs as well; 0: none. */
static void set_alarm(double seconds)
{
    alarm((unsigned)ceil(seconds));
}

/* Of all ranks, which wait for each other, one warns. */
static void warn(const struct watchdog *watchdog, const char *place)
{
    const struct watch *watch = &watchdog->watch;
    char silent[32], limit[32];
    if (log_rank() != 0)
        return;
    set_alarm(watch->limit / 2 + 2 * watch->grace);
    log_warning("no progress for %s: %s; at %s the run is ended (%s)",
                clock_text(watch->silent, silent), place, clock_text(watch->limit, limit),
                watchdog->setting);
    set_alarm(0);
}

static void report(const struct watchdog *watchdog, const char *place)
{
    char host[HOST_NAME_ROOM], silent[32];
    set_alarm(2 * watchdog->watch.grace);
    host_name(host);
    log_error("rank %d on %s made no progress for %s: %s", log_rank(), host,
              clock_text(watchdog->watch.silent, silent), place);
}

static void leave(struct watchdog *watchdog, int code)
{
    log_flush(1);
    pthread_mutex_lock(&watchdog->mutex);
    void (*act)(void) = watchdog->last_act;
    pthread_mutex_unlock(&watchdog->mutex);
    if (act)
        act();
    _exit(code);
}

static void end(struct watchdog *watchdog)
{
    log_error("the run stands still and is ended; a rank that did not say where it is hangs as a "
              "whole (its machine, its disk). %s",
              watchdog->advice);
    leave(watchdog, EXIT_STANDSTILL);
}

static void look_at_early_end(struct watchdog *watchdog, double elapsed)
{
    char host[HOST_NAME_ROOM], silent[32];
    pthread_mutex_lock(&watchdog->mutex);
    const struct early_end early_end = watchdog->early_end;
    pthread_mutex_unlock(&watchdog->mutex);
    watchdog->due = early_end.is_due && early_end.is_due() ? watchdog->due + elapsed : 0;
    if (watchdog->due < early_end.seconds || watchdog->watch.silent < early_end.seconds ||
        watchdog->due == 0)
        return;
    struct buffer place = {0};
    set_alarm(2 * watchdog->watch.grace);
    activity_print(&place);
    host_name(host);
    log_warning(
        "rank %d on %s is told to end, and has made no progress for %s: %s; nothing is lost, and it ends without "
        "waiting any longer",
        log_rank(), host, clock_text(watchdog->watch.silent, silent), buffer_text(&place));
    leave(watchdog, early_end.code);
}

static void look(struct watchdog *watchdog, double elapsed)
{
    struct buffer place = {0};
    enum watch_event event = watch_look(&watchdog->watch, activity_heartbeats(), elapsed);
    if (event == WATCH_NOTHING)
        return;
    activity_print(&place);
    if (event == WATCH_WARN)
        warn(watchdog, buffer_text(&place));
    if (event == WATCH_REPORT)
        report(watchdog, buffer_text(&place));
    if (event == WATCH_END)
        end(watchdog);
    if (event == WATCH_RELIEF) {
        set_alarm(0);
        log_warning("rank %d moves again: %s", log_rank(), buffer_text(&place));
    }
    buffer_release(&place);
}

/* Until then or until told to stop. */
static bool sleep_until(struct watchdog *watchdog, double then)
{
    double whole = floor(then);
    struct timespec time = {(time_t)whole, (long)((then - whole) * 1e9)};
    int status = 0;
    pthread_mutex_lock(&watchdog->mutex);
    while (!watchdog->stop && status == 0)
        status = pthread_cond_timedwait(&watchdog->changed, &watchdog->mutex, &time);
    bool stop = watchdog->stop;
    pthread_mutex_unlock(&watchdog->mutex);
    return !stop;
}

/* A look that comes late had its thread not running, and maybe the whole process: what is beyond
 * twice the pause does not count. */
static void *watch_over(void *context)
{
    struct watchdog *watchdog = context;
    double before = clock_seconds();
    while (sleep_until(watchdog, before + watchdog->pause)) {
        double now = clock_seconds();
        const double elapsed = fmin(now - before, 2 * watchdog->pause);
        look(watchdog, elapsed);
        look_at_early_end(watchdog, elapsed);
        before = now;
    }
    return NULL;
}

static void release(struct watchdog *watchdog)
{
    pthread_cond_destroy(&watchdog->changed);
    pthread_mutex_destroy(&watchdog->mutex);
    free(watchdog);
}

static void init_condition(pthread_cond_t *condition)
{
    pthread_condattr_t clock;
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC); /* that of clock_seconds() */
    pthread_cond_init(condition, &clock);
    pthread_condattr_destroy(&clock);
}

int watchdog_start(struct watchdog **out, double limit, const char *setting, const char *advice,
                   struct error *err)
{
    *out = NULL;
    if (limit <= 0)
        return 0;
    struct watchdog *watchdog = memory_new(1, sizeof *watchdog);
    watch_init(&watchdog->watch, limit);
    watchdog->setting = setting;
    watchdog->advice = advice;
    watchdog->pause = fmin(limit / 20, 1);
    pthread_mutex_init(&watchdog->mutex, NULL);
    init_condition(&watchdog->changed);
    int status = pthread_create(&watchdog->thread, NULL, watch_over, watchdog);
    if (status != 0) {
        release(watchdog);
        return error_set(err, "cannot start the watchdog's thread: %s", strerror(status));
    }
    pthread_setname_np(watchdog->thread, "watchdog");
    *out = watchdog;
    return 0;
}

void watchdog_set_last_act(struct watchdog *watchdog, void (*act)(void))
{
    if (!watchdog)
        return;
    pthread_mutex_lock(&watchdog->mutex);
    watchdog->last_act = act;
    pthread_mutex_unlock(&watchdog->mutex);
}

void watchdog_set_early_end(struct watchdog *watchdog, const struct early_end *early_end)
{
    if (!watchdog)
        return;
    pthread_mutex_lock(&watchdog->mutex);
    watchdog->early_end = *early_end;
    pthread_mutex_unlock(&watchdog->mutex);
}

void watchdog_stop(struct watchdog *watchdog)
{
    if (!watchdog)
        return;
    pthread_mutex_lock(&watchdog->mutex);
    watchdog->stop = true;
    pthread_cond_signal(&watchdog->changed);
    pthread_mutex_unlock(&watchdog->mutex);
    pthread_join(watchdog->thread, NULL);
    set_alarm(0);
    release(watchdog);
}
