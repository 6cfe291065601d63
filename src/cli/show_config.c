#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lambert/base/buffer.h"
#include "lambert/command/command.h"
#include "lambert/config/config.h"
#include "show.h"

static const char usage[] =
    "usage: lambert show config CONFIG [SECTION.KEY=VALUE ...]\n"
    "       lambert show config --markdown\n"
    "       lambert show config\n"
    "\n"
    "Prints the effective configuration: defaults, CONFIG, and the words after it, checked, as a "
    "file\n"
    "that reads back to the same values. Without CONFIG, all keys with their defaults.\n"
    "\n"
    "  --markdown  the reference page of all keys\n"
    "  --help      this text\n"
    "\n"
    "example: lambert show config configs/demo.ini phase.one.steps=500\n";

static int print_buffer(struct buffer *text)
{
    fwrite(text->data, 1, text->size, stdout);
    buffer_release(text);
    return EXIT_DONE;
}

static int print_effective(int argc, char **argv)
{
    struct config config;
    struct buffer text = {0};
    struct error err;
    if (config_load(&config, argv[0], argv + 1, argc - 1, &err) < 0)
        return command_failed("show config", &err);
    config_print(&config, false, &text);
    return print_buffer(&text);
}

int show_config(int argc, char **argv)
{
    static const struct option options[] = {
        {"markdown", no_argument, NULL, 'm'}, {"help", no_argument, NULL, 'h'}, {0}};
    struct buffer text = {0};
    bool markdown = false;
    int option;
    optind = 1;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            fputs(usage, stdout);
            return EXIT_DONE;
        }
        if (option != 'm')
            return command_misused("show config", "see lambert show config --help");
        markdown = true;
    }
    if (markdown && optind < argc)
        return command_misused("show config", "--markdown stands alone");
    if (optind < argc)
        return print_effective(argc - optind, argv + optind);
    (markdown ? config_markdown : config_help)(&text);
    return print_buffer(&text);
}
