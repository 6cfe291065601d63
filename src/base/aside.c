#define _GNU_SOURCE /* names of threads */
#include "lambert/base/aside.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lambert/base/clock.h"
#include "lambert/base/memory.h"

struct aside {
    const char *name;
    void (*work)(void *context);
    void *context;
    pthread_t thread;
    pthread_mutex_t mutex; /* guards what follows, and `changed` says that the work is done */
    pthread_cond_t changed;
    bool done;
    bool left; /* nobody waits any more: the thread frees this */
};

static void release(struct aside *aside)
{
    pthread_cond_destroy(&aside->changed);
    pthread_mutex_destroy(&aside->mutex);
    free(aside);
}

static void *run(void *context)
{
    struct aside *aside = context;
    pthread_setname_np(pthread_self(), aside->name);
    aside->work(aside->context);
    pthread_mutex_lock(&aside->mutex);
    aside->done = true;
    const bool left = aside->left;
    pthread_cond_signal(&aside->changed);
    pthread_mutex_unlock(&aside->mutex);
    if (left)
        release(aside);
    return NULL;
}

int aside_begin(struct aside **out, const char *name, void (*work)(void *context), void *context,
                struct error *err)
{
    struct aside *aside = memory_new(1, sizeof *aside);
    pthread_condattr_t clock;
    *aside = (struct aside){.name = name, .work = work, .context = context};
    *out = NULL;
    pthread_mutex_init(&aside->mutex, NULL);
    pthread_condattr_init(&clock);
    pthread_condattr_setclock(&clock, CLOCK_MONOTONIC); /* that of clock_seconds() */
    pthread_cond_init(&aside->changed, &clock);
    pthread_condattr_destroy(&clock);
    const int failure = pthread_create(&aside->thread, NULL, run, aside);
    if (failure != 0) {
        release(aside);
        return error_set(err, "cannot start the thread '%s': %s", name, strerror(failure));
    }
    *out = aside;
    return 0;
}

/* With the mutex held. */
static bool wait_for(struct aside *aside, double seconds)
{
    const double then = clock_seconds() + seconds;
    const struct timespec end = {.tv_sec = (time_t)then,
                                 .tv_nsec = (long)((then - floor(then)) * 1e9)};
    int status = 0;
    while (!aside->done && status == 0)
        status = pthread_cond_timedwait(&aside->changed, &aside->mutex, &end);
    return aside->done;
}

bool aside_wait(struct aside *aside, double seconds)
{
    pthread_mutex_lock(&aside->mutex);
    const bool done = wait_for(aside, seconds);
    pthread_mutex_unlock(&aside->mutex);
    return done;
}

bool aside_end(struct aside *aside, double seconds)
{
    const pthread_t thread = aside->thread;
    pthread_mutex_lock(&aside->mutex);
    const bool done = wait_for(aside, seconds);
    aside->left = !done;
    pthread_mutex_unlock(&aside->mutex); /* left: from here on it may be gone */
    if (!done) {
        pthread_detach(thread);
        return false;
    }
    pthread_join(thread, NULL);
    release(aside);
    return true;
}
