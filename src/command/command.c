#include "lambert/command/command.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/activity.h"
#include "lambert/base/json.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/nearest.h"
#include "lambert/base/watchdog.h"
#include "lambert/command/pages.h"
#include "lambert/dist/launcher.h"
#include "lambert/dist/threads.h"

const struct command *command_find(const struct command *root, int argc, char *const *argv,
                                   int *words, char name[COMMAND_NAME])
{
    const struct command *command = root;
    int length = snprintf(name, COMMAND_NAME, "%s", root->name);
    *words = 1;
    while (command->commands && *words < argc) {
        const struct command *found = NULL;
        for (int i = 0; command->commands[i] && !found; i++)
            if (strcmp(command->commands[i]->name, argv[*words]) == 0)
                found = command->commands[i];
        if (!found)
            break;
        command = found;
        ++*words;
        length += snprintf(name + length, (size_t)(COMMAND_NAME - length), " %s", command->name);
        require(length < COMMAND_NAME);
    }
    return command;
}

static int each_below(const struct command *command, const char *name,
                      int (*visit)(const struct command *command, const char *name, void *context,
                                   struct error *err),
                      void *context, struct error *err)
{
    if (visit(command, name, context, err) < 0)
        return -1;
    for (int i = 0; command->commands && command->commands[i]; i++) {
        char *below = memory_text("%s %s", name, command->commands[i]->name);
        int status = each_below(command->commands[i], below, visit, context, err);
        free(below);
        if (status < 0)
            return -1;
    }
    return 0;
}

int command_each(const struct command *root,
                 int (*visit)(const struct command *command, const char *name, void *context,
                              struct error *err),
                 void *context, struct error *err)
{
    return each_below(root, root->name, visit, context, err);
}

/* --- running ---------------------------------------------------------------------------------- */

static int print_help(const struct command *command, const char *name, FILE *stream)
{
    struct buffer text = {0};
    command_help(command, name, &text);
    fwrite(text.data, 1, text.size, stream);
    buffer_release(&text);
    return EXIT_DONE;
}

/* A command that has commands met a word that is none of them, or no word at all. */
static int no_such_command(const struct command *command, const char *name, const char *word)
{
    struct buffer names = {0};
    struct error err;
    for (int i = 0; command->commands[i]; i++)
        buffer_print(&names, "%s%s",
                     i == 0                     ? ""
                     : command->commands[i + 1] ? ", "
                                                : " or ",
                     command->commands[i]->name);
    if (!word) {
        log_error("%s what? %s; see %s --help", name, buffer_text(&names), name);
    } else {
        struct nearest nearest;
        char *otherwise = memory_text("%s is wanted; see %s --help", buffer_text(&names), name);
        nearest_init(&nearest, word);
        for (int i = 0; command->commands[i]; i++)
            nearest_offer(&nearest, command->commands[i]->name);
        nearest_error(&nearest, "there is no command", otherwise, &err);
        log_error("%s: %s", name, err.text);
        free(otherwise);
    }
    buffer_release(&names);
    return EXIT_MISUSED;
}

static int exit_code(int status)
{
    switch (status) {
    case FAILED_FOR_NOW:
        return EXIT_LATER;
    case FAILED_BY_MACHINE:
        return EXIT_MACHINE;
    default:
        return status >= 0 ? EXIT_DONE : EXIT_FAILED;
    }
}

enum { START_SECONDS = 300, END_SECONDS = 60 };

/* What the variable says, or so many where it says no number of seconds. */
static double seconds_of(const char *variable, double otherwise)
{
    const char *wanted = getenv(variable);
    char *end;
    const double seconds = wanted ? strtod(wanted, &end) : otherwise;
    return seconds >= 0 && (!wanted || (end != wanted && *end == '\0')) ? seconds : otherwise;
}

/* Ranks wait for each other when MPI starts, for ever where a host has died meanwhile. */
static int open_ranks(struct dist **dist, int *argc, char ***argv, struct error *err)
{
    struct watchdog *watchdog;
    const struct launcher_words longer = launcher_with_variable("LAMBERT_START_SECONDS", "1800");
    char more[sizeof longer + 16], advice[sizeof longer + 128];
    snprintf(more, sizeof more, "longer: %s", longer.text);
    snprintf(
        advice, sizeof advice,
        "Leave its host out, or grant it longer (%s), or see docs/cluster.md (When it hangs), and "
        "start again",
        longer.text);
    if (watchdog_start(&watchdog, seconds_of("LAMBERT_START_SECONDS", START_SECONDS), more, advice,
                       err) < 0)
        return -1;
    activity_task("starting MPI", -1);
    const int status = dist_open(dist, argc, argv, err);
    watchdog_stop(watchdog);
    return status;
}

static volatile sig_atomic_t code_at_last, speaks_at_last;

static void leave_without_mpi(int signal)
{
    static const char words[] =
        "warning: MPI has not ended within LAMBERT_END_SECONDS. All work was done before, and the "
        "process ends without it, whatever mpirun says of that (docs/cluster.md, When it hangs)\n";
    (void)signal;
    const ssize_t written = speaks_at_last ? write(STDERR_FILENO, words, sizeof words - 1) : 0;
    (void)written; /* where nobody reads it there is nobody to tell */
    _exit(code_at_last);
}

/* Ranks wait for each other when MPI ends as well, some for ever: in MPICH before 4.2, for one, over UCX on several hosts a
 * rank that is through no longer helps another to part from it. When all have come here nothing is left to be done, so a
 * process whose MPI does not end soon ends without it. The one that says so goes first: a launcher may kill the others
 * as soon as one has left (Hydra does). */
static void close_ranks(struct dist *dist, int code)
{
    const unsigned seconds =
        (unsigned)fmin(ceil(seconds_of("LAMBERT_END_SECONDS", END_SECONDS)), 1e9);
    dist_barrier(dist);
    log_flush(1);
    code_at_last = code;
    speaks_at_last = log_rank() == 0;
    signal(SIGALRM, leave_without_mpi);
    alarm(seconds > 0 && !speaks_at_last ? seconds + 1 : seconds);
    dist_close(dist);
    alarm(0);
}

static int run_on_ranks(const struct command *command, const char *name, int argc, char **argv,
                        const void *arguments)
{
    struct dist *dist;
    struct error err;
    struct threads threads;
    if (command->before_ranks)
        command->before_ranks();
    if (open_ranks(&dist, &argc, &argv, &err) < 0) {
        if (log_rank() == 0)
            log_error("%s: %s", name, err.text);
        return EXIT_FAILED;
    }
    int status = threads_start(&threads, dist, 0, &err);
    if (status == 0 && command->tells_threads)
        threads_warn(&threads, dist);
    if (status == 0)
        status = command->run_on_ranks(dist, arguments, &err);
    if (status < 0 && dist_rank(dist) == 0)
        log_error("%s: %s", name, err.text);
    const int code = status < 0 ? exit_code(status) : status;
    close_ranks(dist, code);
    return code;
}

static int run_command(const struct command *command, const char *name, int argc, char **argv)
{
    void *arguments = command_defaults(command);
    struct error err;
    bool help;
    int code;
    if (command_parse(command, name, argc, argv, arguments, &help, &err) < 0) {
        log_error("%s: %s", name, err.text);
        code = EXIT_MISUSED;
    } else if (help) {
        code = print_help(command, name, stdout);
    } else if (command->run_on_ranks) {
        code = run_on_ranks(command, name, argc, argv, arguments);
    } else {
        struct threads threads;
        int status = threads_start(&threads, NULL, 0, &err);
        if (status == 0)
            status = command->run(arguments, &err);
        code = exit_code(status);
        if (code != EXIT_DONE)
            log_error("%s: %s", name, err.text);
    }
    free(arguments);
    return code;
}

int command_main(const struct command *root, int argc, char **argv)
{
    char name[COMMAND_NAME];
    int words, code;
    const struct command *command = command_find(root, argc, argv, &words, name);
    const char *next = words < argc ? argv[words] : NULL;
    if (!command->commands) {
        code = run_command(command, name, argc - words + 1, argv + words - 1);
    } else if (next && (strcmp(next, "--help") == 0 || strcmp(next, "-h") == 0)) {
        code = print_help(command, name, stdout);
    } else if (!next && command == root) {
        print_help(command, name, stderr);
        code = EXIT_MISUSED;
    } else {
        code = no_such_command(command, name, next);
    }
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    log_error("%s: cannot write to standard output", name);
    return code == EXIT_DONE ? EXIT_FAILED : code;
}

void print_json_line(cJSON *object)
{
    char *text = json_print(object);
    puts(text);
    free(text);
}
