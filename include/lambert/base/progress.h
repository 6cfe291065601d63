/* A progress line for work that runs long: on a terminal one line that is redrawn at most five
 * times a second, in a log file a plain line at most every `seconds`. Only rank 0 draws.
 *
 *     struct progress progress;
 *     progress_init(&progress, "preparing", total, "MB", 10);
 *     progress_update(&progress, done, "%d documents", documents);     (any number of times)
 *     progress_release(&progress);                                     (wipes the line)
 *
 * Shows the label, done of total, per cent, a bar on a terminal, the time left, and the note. Work
 * that goes on from before sets progress.initial after progress_init(). Nothing is drawn when the
 * log level hides log_info(). */
#ifndef LAMBERT_BASE_PROGRESS_H
#define LAMBERT_BASE_PROGRESS_H

#include <stdbool.h>

struct progress {
    const char *label; /* kept, not copied */
    const char *unit;  /* kept, not copied */
    double total;      /* 0: not known */
    double initial;    /* what was done before this run began; time left is judged by the rest */
    double started;    /* seconds, clock_seconds() */
    double last_drawn;
    double seconds; /* between lines in a log file */
    bool terminal;
};

void progress_init(struct progress *progress, const char *label, double total, const char *unit,
                   double seconds);
void progress_update(struct progress *progress, double done, const char *note, ...)
    __attribute__((format(printf, 3, 4)));
void progress_release(struct progress *progress);

#endif
