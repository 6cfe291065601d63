#include "signals.h"

#include <math.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>

#include "lambert/base/clock.h"
#include "lambert/base/ignored_signal.h"

static const struct {
    int number;
    const char *name;
} watched[] = {{SIGTERM, "SIGTERM"}, {SIGINT, "SIGINT"},   {SIGHUP, "SIGHUP"},
               {SIGUSR1, "SIGUSR1"}, {SIGUSR2, "SIGUSR2"}, {SIGXCPU, "SIGXCPU"}};

enum { WATCHED = sizeof watched / sizeof watched[0] };

static volatile sig_atomic_t caught;
static _Atomic double end = INFINITY;
static const char *_Atomic end_name;

static void note(int number)
{
    caught = number;
}

void signals_watch(void)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < WATCHED; i++)
        if (watched[i].number != SIGHUP || !signal_is_ignored(SIGHUP))
            sigaction(watched[i].number, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
}

const char *signals_caught(void)
{
    for (int i = 0; i < WATCHED; i++)
        if (caught == watched[i].number)
            return watched[i].name;
    return clock_seconds() >= atomic_load(&end) ? atomic_load(&end_name) : NULL;
}

void signals_set_end(double at, const char *name)
{
    if (clock_seconds() >= atomic_load(&end))
        return;
    atomic_store(&end_name, name);
    atomic_store(&end, at);
}

bool signals_stop(void)
{
    return caught != 0 || clock_seconds() >= atomic_load(&end);
}
