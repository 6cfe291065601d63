#include "show.h"

#include <stdio.h>
#include <string.h>

#include "lambert/command/command.h"

static const struct {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} things[] = {
    {"corpus", "what a corpus holds, how many samples it gives, whether it is whole", show_corpus},
    {"batch", "training samples as the model will see them", show_batch},
    {"balance", "how global batches are dealt to ranks, and how evenly", show_balance},
    {"tokens", "text from standard input as word pieces", show_tokens},
    {"gradients", "the gradient of a global batch, as a safetensors file", show_gradients},
    {"checkpoint", "where a checkpoint stands and what is in it", show_checkpoint},
    {"config", "the effective configuration, or the reference page of all keys", show_config},
};
enum { THINGS = sizeof things / sizeof things[0] };

static void print_usage(void)
{
    fputs("usage: lambert show WHAT ...\n"
          "\n",
          stdout);
    for (int i = 0; i < THINGS; i++)
        printf("  %-11s %s\n", things[i].name, things[i].summary);
    fputs("\n"
          "lambert show WHAT --help says more.\n"
          "\n"
          "example: lambert show corpus corpus/\n",
          stdout);
}

static int run(int argc, char **argv)
{
    if (argc < 2)
        return command_misused(
            "show", "show what? corpus, batch, deal, tokens, gradients, checkpoint or config; see "
                    "lambert show --help");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage();
        return EXIT_DONE;
    }
    for (int i = 0; i < THINGS; i++)
        if (strcmp(argv[1], things[i].name) == 0)
            return things[i].run(argc - 1, argv + 1);
    return command_misused(
        "show",
        "cannot show '%s'; corpus, batch, deal, tokens, gradients, checkpoint or config can be "
        "shown",
        argv[1]);
}

const struct command command_show = {.name = "show",
                                     .summary =
                                         "show a corpus, a batch, a checkpoint or a configuration",
                                     .run = run};
