/* A command of the program: one file each in src/cli, listed in src/cli/main.c.
 *
 * `run` gets the words from the command's own name on (argv[0] is "prep") and returns the exit
 * code: 0 done, 1 failed, 2 wrong use. It prints its own error, once, through command_failed() or
 * command_misused(). */
#ifndef LAMBERT_COMMAND_COMMAND_H
#define LAMBERT_COMMAND_COMMAND_H

#include <cjson/cJSON.h>

#include "lambert/base/error.h"
#include "lambert/dist/dist.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_MISUSED = 2 };

struct command {
    const char *name;
    const char *summary; /* one line for `lambert --help` */
    int (*run)(int argc, char **argv);
};

extern const struct command command_vocab, command_prep, command_train, command_eval,
    command_export, command_import, command_show, command_bench;

int command_failed(const char *command, const struct error *err); /* prints, gives 1 */
int command_misused(const char *command, const char *format, ...)
    __attribute__((format(printf, 2, 3))); /* prints, gives 2 */

/* Runs `body` on every rank of the job: the exit code. `body` fails on all ranks with one sentence,
 * which rank 0 prints. */
int command_on_ranks(const char *command, int argc, char **argv,
                     int (*body)(struct dist *dist, const void *context, struct error *err),
                     const void *context);

/* Prints the object on a line of its own, and deletes it. */
void print_json_line(cJSON *object);

/* Strict numbers for options: the whole text, within the range. 0 or -1 with a sentence. */
int option_integer(const char *option, const char *text, long long min, long long max,
                   long long *value, struct error *err);
int option_real(const char *option, const char *text, double min, double max, double *value,
                struct error *err);

#endif
