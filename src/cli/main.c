#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lambert/cli/command.h"
#include "lambert/kernels/blas.h"

static const struct command *const commands[] = {&command_vocab, &command_prep, &command_train,
                                                 &command_eval, &command_show};
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
          "lambert COMMAND --help says more. Exit codes: 0 done, 1 failed, 2 wrong use.\n",
          stream);
}

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance: how many letters to change, add or leave out. */
static int edit_distance(const char *a, const char *b)
{
    enum { LONGEST = 31 };
    int row[LONGEST + 1]; /* distances of the part of a so far to each part of b */
    int length = (int)strlen(b);
    if (length > LONGEST)
        return LONGEST;
    for (int j = 0; j <= length; j++)
        row[j] = j;
    for (int i = 1; *a; i++, a++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= length; j++) {
            int swapped = diagonal + (*a != b[j - 1]);
            diagonal = row[j];
            row[j] = smaller(swapped, 1 + smaller(row[j], row[j - 1]));
        }
    }
    return row[length];
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
    const struct command *nearest = commands[0];
    for (int i = 1; i < COMMANDS; i++)
        if (edit_distance(name, commands[i]->name) < edit_distance(name, nearest->name))
            nearest = commands[i];
    fprintf(stderr, "error: lambert has no command '%s'; the nearest is '%s'; see lambert --help\n",
            name, nearest->name);
    return EXIT_MISUSED;
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
    const struct command *command = find_command(argv[1]);
    return command ? command->run(argc - 1, argv + 1) : unknown_command(argv[1]);
}
