#include "signals.h"

#include <signal.h>
#include <stddef.h>

#include "lambert/base/ignored_signal.h"

static const struct {
    int number;
    const char *name;
} watched[] = {{SIGTERM, "SIGTERM"}, {SIGINT, "SIGINT"},   {SIGHUP, "SIGHUP"},
               {SIGUSR1, "SIGUSR1"}, {SIGUSR2, "SIGUSR2"}, {SIGXCPU, "SIGXCPU"}};

enum { WATCHED = sizeof watched / sizeof watched[0] };

static volatile sig_atomic_t caught;

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
    return NULL;
}

bool signals_stop(void)
{
    return caught != 0;
}
