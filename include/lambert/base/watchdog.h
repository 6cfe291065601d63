/* The watchdog: a run that stands still ends with a sentence and a code instead of hanging for
 * ever.
 *
 * A thread looks at the marks of base/activity.h. When none has been set for `limit` seconds it
 * says rank, host, place and for how long, waits a little so that the other ranks say theirs
 * (unless they hang, they do so at about the same time), and ends the process: mpirun then ends the
 * others, stopped ones too. Where a mark moves in that little while, the run goes on.
 *
 * The process ends with _exit(): MPI belongs to the main thread (MPI_THREAD_FUNNELED), which is the
 * one that hangs, so MPI_Abort() is out of reach. Where not even the sentence can be written,
 * because standard error is what hangs, an alarm ends the process (SIGALRM).
 *
 * Only time in which the process could run counts: a job that is suspended and continued is not
 * ended. */
#ifndef LAMBERT_BASE_WATCHDOG_H
#define LAMBERT_BASE_WATCHDOG_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/error.h"

struct watchdog;

/* [local] limit 0: there is none, *watchdog is NULL; INFINITY: it ends nothing but by watchdog_set_early_end(). One in a process. `setting` is the name of
 * the limit, and `advice` what the last sentence says to do; both stay until watchdog_stop(). */
int watchdog_start(struct watchdog **watchdog, double limit, const char *setting,
                   const char *advice, struct error *err);
void watchdog_stop(struct watchdog *watchdog); /* NULL is fine, as it is below */

/* What the watchdog's thread calls last, before it ends the process: for what would stay behind otherwise. It runs beside
 * whatever hangs, so it takes no lock and frees nothing; where it hangs as well, an alarm ends the process. */
void watchdog_set_last_act(struct watchdog *watchdog, void (*act)(void));

/* A process that is told to end, and has nothing to lose, is not granted `limit`: when it has been so, and no mark has been
 * set, for `seconds`, the watchdog says so, and ends it with the code `code`. */
struct early_end {
    bool (*is_due)(void); /* called by the watchdog's thread */
    double seconds;
    int code;
};
void watchdog_set_early_end(struct watchdog *watchdog, const struct early_end *early_end);

/* --- what it thinks --------------------------------------------------------------------------- */

struct watch {
    double limit;   /* seconds of silence that are reported; at half of them there is a warning */
    double grace;   /* seconds from the report to the end */
    uint64_t moves; /* seen last */
    double silent;  /* seconds since they changed */
};

enum watch_event {
    WATCH_NOTHING,
    WATCH_WARN,
    WATCH_REPORT,
    WATCH_RELIEF, /* after a report it moves again */
    WATCH_END
};

void watch_init(struct watch *watch, double limit);

/* `elapsed` seconds after the look before. Each event comes once a silence. */
enum watch_event watch_look(struct watch *watch, uint64_t moves, double elapsed);

#endif
