#include "bench.h"

#include <stdio.h>
#include <string.h>

#include "lambert/command/command.h"

static const struct {
    const char *name;
    const char *summary;
    int (*run)(int argc, char **argv);
} parts[] = {
    {"kernels", "each row kernel, beside its plain twin and beside memory", bench_kernels},
    {"model", "a training step: matrix products, forward, backward, optimizer", bench_model},
    {"net", "messages between the ranks of a job", bench_net},
    {"prep", "text to token ids, stage by stage", bench_prep},
    {"store", "a corpus index of Wikipedia's size: opening it, planning and reading samples",
     bench_store},
};
enum { PROFILE_PARTS = sizeof parts / sizeof parts[0] };

static void print_usage(void)
{
    fputs("usage: lambert bench PART ...\n"
          "\n",
          stdout);
    for (int i = 0; i < PROFILE_PARTS; i++)
        printf("  %-8s %s\n", parts[i].name, parts[i].summary);
    fputs("\n"
          "lambert bench PART --help says more.\n"
          "\n"
          "example: lambert bench prep --vocabulary vocab.txt texts/\n",
          stdout);
}

static int run(int argc, char **argv)
{
    if (argc < 2)
        return command_misused(
            "bench", "measure what? kernels, model, net, prep or store; see lambert bench "
                     "--help");
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_usage();
        return EXIT_DONE;
    }
    for (int i = 0; i < PROFILE_PARTS; i++)
        if (strcmp(argv[1], parts[i].name) == 0)
            return parts[i].run(argc - 1, argv + 1);
    return command_misused(
        "bench", "cannot measure '%s'; kernels, model, net, prep and store can be measured",
        argv[1]);
}

const struct command command_bench = {
    .name = "bench", .summary = "measure how fast this machine does the work", .run = run};
