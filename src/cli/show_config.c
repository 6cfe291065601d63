#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lambert.h"
#include "lambert/base/buffer.h"
#include "lambert/config/config.h"

struct config_arguments {
    const char *config; /* NULL: all keys with their defaults */
    struct command_words words;
    bool markdown;
};

static const struct command_option config_options[] = {
    {.kind = OPTION_WORD,
     OPTION_PLACE(struct config_arguments, config),
     .metavar = "CONFIG",
     .completion = COMPLETE_FILES},
    {.kind = OPTION_WORDS,
     OPTION_PLACE(struct config_arguments, words),
     .metavar = "SECTION.KEY=VALUE",
     .completion = COMPLETE_KEYS},
    {.name = "markdown",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct config_arguments, markdown),
     .help = "the reference page of all keys"},
    {0}};

static int check_config(const void *context, struct error *err)
{
    const struct config_arguments *arguments = context;
    if (arguments->markdown && arguments->config)
        return error_set(err, "--markdown stands alone");
    return 0;
}

static int show_config(const void *context, struct error *err)
{
    const struct config_arguments *arguments = context;
    struct config config;
    struct buffer text = {0};
    if (arguments->config) {
        if (config_load(&config, arguments->config, arguments->words.at, arguments->words.count,
                        err) < 0)
            return -1;
        config_print(&config, false, &text);
    } else if (arguments->markdown) {
        config_markdown(&text);
    } else {
        config_help(&text);
    }
    fwrite(text.data, 1, text.size, stdout);
    buffer_release(&text);
    return 0;
}

const struct command command_show_config = {
    .name = "config",
    .summary = "the effective configuration, or the reference page of all keys",
    .description =
        "Prints the effective configuration: defaults, CONFIG, and the words after it, checked, as "
        "a file that reads back to the same values. Without CONFIG, all keys with their defaults.",
    .examples = "lambert show config configs/demo.ini phase.one.steps=500\n",
    .options = config_options,
    COMMAND_ARGUMENTS(struct config_arguments, .config = NULL),
    .check = check_config,
    .run = show_config};
