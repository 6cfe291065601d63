/* A command of the program: a struct in a file of its own, listed by the command that it is a part
 * of. `lambert` itself is the first (src/cli/lambert.c); `show` and `bench` have commands as well.
 *
 *     const struct command command_export = {
 *         .name = "export",
 *         .summary = "write a checkpoint as a Hugging Face model folder",
 *         .description = "Writes ...",
 *         .examples = "lambert export --checkpoint runs/demo --output demo-bert\n",
 *         .options = export_options,
 *         COMMAND_ARGUMENTS(struct export_arguments, .seed = 1),
 *         .run = export};
 *
 * The program is `return command_main(&command_lambert, argc, argv);`: it finds the command, reads
 * its options into its arguments, runs it, and prints the sentence of a failure, once. Exit codes:
 * 0 done, 1 failed, 2 wrong use, 71 (EX_OSERR of sysexits.h) a machine was found to be wrong, 75 (EX_TEMPFAIL) failed
 * by what may pass: try again later. */
#ifndef LAMBERT_COMMAND_COMMAND_H
#define LAMBERT_COMMAND_COMMAND_H

#include <cjson/cJSON.h>

#include "lambert/base/buffer.h"
#include "lambert/base/error.h"
#include "lambert/command/option.h"
#include "lambert/dist/dist.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_MISUSED = 2, EXIT_MACHINE = 71, EXIT_LATER = 75 };

struct command {
    const char *name;
    const char *summary;     /* a line in lists of commands */
    const char *description; /* paragraphs, a blank line between two; filled into lines, but for
                                those that begin with a space, which are printed as they are */
    const char *examples;    /* lines */
    void (*more_help)(struct buffer *out); /* what `--help` prints at the end; may be NULL */

    /* Either the commands that it has, NULL behind the last ... */
    const struct command *const *commands;

    /* ... or what it does. */
    const struct command_option *options;
    size_t arguments_size; /* COMMAND_ARGUMENTS() */
    const void *defaults;
    void (*init)(void *arguments); /* defaults that are no constants; may be NULL */
    /* What no option can know alone: whether they go together. -1 is wrong use. May be NULL. */
    int (*check)(const void *arguments, struct error *err);
    /* One of the two: 0, -1, FAILED_FOR_NOW or FAILED_BY_MACHINE. The second is called on every rank of the job (alone: one), and fails on all
     * of them with one sentence, which rank 0 prints; else it gives the exit code. */
    int (*run)(const void *arguments, struct error *err);
    int (*run_on_ranks)(struct dist *dist, const void *arguments, struct error *err);
    /* What has to be in place before MPI starts, which may take long; may be NULL. */
    void (*before_ranks)(void);
    /* On ranks, without run.threads: what is to be said of the number of threads (threads_warn()) is said first. */
    bool tells_threads;
};

#define COMMAND_ARGUMENTS(type, ...)                                                               \
    .arguments_size = sizeof(type), .defaults = &(const type)                                      \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

/* Does what argv says: the exit code. argv[0] stands for the name of `root`. Without any word the
 * help goes to standard error. What was printed must have reached standard output. */
int command_main(const struct command *root, int argc, char **argv);

/* The command that the words of argv name, and how many words that took (root itself: 1, as argv[0]
 * stands for it); its full name, "lambert show batch", into `name`. The last one found where a word
 * names none. */
enum { COMMAND_NAME = 64 };
const struct command *command_find(const struct command *root, int argc, char *const *argv,
                                   int *words, char name[COMMAND_NAME]);

/* Reads argv[1] on into `arguments` [arguments_size], which get the defaults first; `name` is for
 * sentences. Options may stand between words, and are moved behind them, as getopt_long() does; a
 * name may be cut short where it stays the only one; the last of several wins; behind "--" there
 * are words only. *help: --help or -h was given, and the rest not looked at. -1 is wrong use. */
int command_parse(const struct command *command, const char *name, int argc, char **argv,
                  void *arguments, bool *help, struct error *err);

/* The arguments with nothing given; free() them. */
void *command_defaults(const struct command *command);

/* Prints the object on a line of its own, and deletes it. */
void print_json_line(cJSON *object);

#endif
