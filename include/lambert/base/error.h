/* Three kinds of error (docs/ARCHITECTURE.md, "Errors"); this header has the first two.
 *
 * A fault of the world (a missing file, a bad key, a full disk) comes back as -1 from the function
 * that met it, and the struct error it was handed then holds one sentence fit to print: what went
 * wrong, where, and what to do. Functions that can fail take `struct error *err` (never NULL) last.
 * A caller that passes the failure on may put words in front of the sentence; nobody prints it but
 * the command that was running. Names from outside may be of any bytes and length: what cannot be shown is
 * written as \xNN, and what is too long loses its middle (src/base/message.h), here and in the log.
 *
 * A bug (a broken precondition) ends the process at once with rank, file and line.
 *
 * The third kind, a disagreement between ranks, is settled by dist_agree() in dist/dist.h. */
#ifndef LAMBERT_BASE_ERROR_H
#define LAMBERT_BASE_ERROR_H

struct error {
    char text[2048];
};

/* What a function returns in place of -1 where its header says so: what stands in the way may go by itself, and the
 * same call do later. It becomes the exit code of the program (command/command.h). */
enum { FAILED_FOR_NOW = -2 };

/* The same: not the call is at fault but a machine, whose processor or memory was found to be wrong. */
enum { FAILED_BY_MACHINE = -3 };

/* Replaces the sentence. Always returns -1, so that a function can `return error_set(err, ...)`. */
int error_set(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As error_set(), and appends ": " and the text of errno. */
int error_errno(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts words and ": " in front of the sentence that is there. Always returns -1. */
int error_prefix(struct error *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Ends the process with exit code 1: "error: ...". For the few faults of the world that no caller could do anything
 * about, as that memory has run out. Under mpirun the whole job ends with it. */
_Noreturn void end_process(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Ends the process: "bug at FILE:LINE (rank R): ...". Under mpirun the whole job ends with it. */
_Noreturn void bug_at(const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#define bug(...) bug_at(__FILE__, __LINE__, __VA_ARGS__)
#define require(condition)                                                                         \
    do {                                                                                           \
        if (!(condition))                                                                          \
            bug("%s does not hold", #condition);                                                   \
    } while (0)

#endif
