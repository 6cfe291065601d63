/* What the program says while it runs: one line a message, on standard error.
 *
 * Process-wide by design: the level (LOG_INFO at first), and the rank that dist sets once MPI is
 * up. Rank 0 speaks for all: log_info() of other ranks is dropped; their errors, warnings and
 * debugging are printed with "[rank R] " in front. All but log_info() name their level: "warning:
 * ...". Messages have no newline at the end; what
 * cannot be shown is written as \xNN, as in errors (base/error.h). Any thread may speak at any time: lines stay whole.
 * While a progress line (base/progress.h) stands on the terminal, a message first wipes it. */
#ifndef LAMBERT_BASE_LOG_H
#define LAMBERT_BASE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

void log_set_level(enum log_level level);
void log_set_rank(int rank);
int log_rank(void);
bool log_shows(enum log_level level); /* whether this rank says messages of that level */

void log_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *format, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* From here on a thread writes what is said, and nobody who speaks waits for who reads it: mpirun, for one, reads
 * its ranks' output no more while it waits for them to end, and a pipe holds 64 KB. What is said too fast is lost,
 * up to 1 MB ahead of the reader excepted, and the log has a line that says how much. The end of the process waits
 * for the rest, for a second at most. Once; again does no harm. */
void log_write_behind(void);

/* Waits until all that was said is written, at most so long. Who ends the process by _exit() or abort() does so
 * first. */
void log_flush(double seconds);

/* What of the log has come to nobody so far: lines that came too fast, or whose writing failed; and the errno of
 * the last such failure (0: none). */
struct log_losses {
    uint64_t lines;
    int error;
};
struct log_losses log_losses(void);

/* The first time that this place is reached, and on rank 0 alone: what the world is like, which the
 * next file would only say again. */
#define LOG_WARNING_ONCE(...)                                                                      \
    do {                                                                                           \
        static atomic_flag said_ = ATOMIC_FLAG_INIT;                                               \
        if (log_rank() == 0 && !atomic_flag_test_and_set(&said_))                                  \
            log_warning(__VA_ARGS__);                                                              \
    } while (0)

#endif
