/* What the program says while it runs: one line a message, on standard error.
 *
 * Process-wide by design: the level (LOG_INFO at first), and the rank that dist sets once MPI is
 * up. Rank 0 speaks for all: log_info() of other ranks is dropped; their errors, warnings and
 * debugging are printed with "[rank R] " in front. All but log_info() name their level: "warning:
 * ...". Messages have no newline at the end. Any thread may speak at any time: lines stay whole.
 * While a progress line (base/progress.h) stands on the terminal, a message first wipes it. */
#ifndef LAMBERT_BASE_LOG_H
#define LAMBERT_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);
void log_set_rank(int rank);
int log_rank(void);
bool log_shows(enum log_level level); /* whether this rank says messages of that level */

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
