/* Another program, run beside this one: its words, its environment, and a file for what it says.
 *
 *     child_start -> child_wait          or, at any time, child_end
 *
 * Standard input is empty. A child that is not waited for to its end stays a zombie. */
#ifndef LAMBERT_BASE_CHILD_H
#define LAMBERT_BASE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "lambert/base/error.h"

struct child {
    pid_t process; /* 0: it has ended */
    int code;      /* then: its exit code, or 128 and the signal that ended it */
};

/* words: the program, looked for in PATH where it has no slash, and its words, with NULL behind them. variables:
 * "NAME=VALUE" that are put into its environment or take a variable's place there, with NULL behind them; NULL: none.
 * What it prints, on both streams, goes to the end of the file `output`. */
int child_start(struct child *child, const char *const *words, const char *const *variables,
                const char *output, struct error *err);

/* Waits for its end for so long at most (0: looks); whether it has ended. */
bool child_wait(struct child *child, double seconds);

/* Ends it with that signal and waits for it; one that does not go in ten seconds is ended by SIGKILL. Fine where it has
 * ended. */
void child_end(struct child *child, int signal);

#endif
