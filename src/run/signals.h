/* Asked to stop: SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2 and SIGXCPU set a flag, which is looked at before
 * training begins, between steps, between the micro-batches of long ones and of evaluations, and while a batch is
 * awaited. A SIGHUP that was ignored when the program started (nohup) stays so. From then on a pipe that nobody reads any
 * more (SIGPIPE) ends nothing either: the write fails, and who wrote says so, or counts it (base/log.h). A moment may be set
 * that is heard as a signal is. Process-wide, as signals are; any thread may ask. */
#ifndef LAMBERT_RUN_SIGNALS_H
#define LAMBERT_RUN_SIGNALS_H

#include <stdbool.h>

/* Once, and before MPI starts; again does no harm. */
void signals_watch(void);

/* From this moment on, by clock_seconds(), it is as if a signal of that name had come, which stays for ever. INFINITY: none
 * will, unless that moment is over. For the main thread. */
void signals_set_end(double at, const char *name);

/* The signal that came last, by name ("SIGTERM"), or that of the moment that is over, or NULL. */
const char *signals_caught(void);

/* Whether one came, or the moment is over. */
bool signals_stop(void);

#endif
