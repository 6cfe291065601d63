#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lambert/base/log.h"
#include "lambert/base/nearest.h"
#include "lambert/base/version.h"
#include "lambert/command/command.h"
#include "lambert/kernels/blas.h"

static const struct command *const commands[] = {&command_vocab, &command_prep,   &command_train,
                                                 &command_eval,  &command_export, &command_import,
                                                 &command_show,  &command_bench};
enum { COMMANDS = sizeof commands / sizeof commands[0] };

static void print_usage(FILE *stream)
{
    fputs("usage: lambert COMMAND ...\n"
          "\n"
          "Pre-trains BERT on CPU clusters.\n"
          "\n",
          stream);
    for (int i = 0; i < COMMANDS; i++)
        fprintf(stream, "  %-8s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n"
          "lambert COMMAND --help says more; lambert --version says which this is. Exit codes: 0 "
          "done, 1 failed, 2 wrong use.\n",
          stream);
}

static const struct command *find_command(const char *name)
{
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0)
            return commands[i];
    return NULL;
}

static int unknown_command(const char *name)
{
    struct nearest nearest;
    struct error err;
    nearest_init(&nearest, name);
    for (int i = 0; i < COMMANDS; i++)
        nearest_offer(&nearest, commands[i]->name);
    nearest_error(&nearest, "there is no command", "lambert --help lists them", &err);
    log_error("%s", err.text);
    return EXIT_MISUSED;
}

/* What was printed must have arrived. */
static int run(const struct command *command, int argc, char **argv)
{
    int code = command->run(argc, argv);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return code;
    log_error("lambert %s: cannot write to standard output", command->name);
    return code == EXIT_DONE ? EXIT_FAILED : code;
}

int main(int argc, char **argv)
{
    blas_mend(argv);
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_MISUSED;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return EXIT_DONE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts(LAMBERT_PROGRAM);
        return EXIT_DONE;
    }
    const struct command *command = find_command(argv[1]);
    return command ? run(command, argc - 1, argv + 1) : unknown_command(argv[1]);
}
