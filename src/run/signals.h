/* Asked to stop: SIGTERM, SIGINT or SIGUSR1 set a flag that the loop looks at between steps.
 * Process-wide, as signals are. */
#ifndef LAMBERT_RUN_SIGNALS_H
#define LAMBERT_RUN_SIGNALS_H

void signals_watch(void);

/* The signal that came, by name ("SIGTERM"), or NULL. */
const char *signals_caught(void);

#endif
