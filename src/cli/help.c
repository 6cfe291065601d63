#include <stdio.h>
#include <stdlib.h>

#include "lambert.h"
#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/base/share_folder.h"
#include "lambert/command/pages.h"
#include "lambert/config/config.h"

struct help_arguments {
    struct command_words words;
    const char *man;
    bool completion;
    bool folder;
};

static const struct command_option help_options[] = {
    {.kind = OPTION_WORDS, OPTION_PLACE(struct help_arguments, words), .metavar = "COMMAND"},
    {.name = "man",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct help_arguments, man),
     .metavar = "DIR",
     .completion = COMPLETE_FOLDERS,
     .help =
         "write the man pages of all commands into this folder: lambert.1, lambert-train.1, ..."},
    {.name = "completion",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct help_arguments, completion),
     .help = "print a script that completes lambert's command line in bash"},
    {.name = "folder",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct help_arguments, folder),
     .help =
         "print the folder of what comes with the program: configs, data (recipes that fetch text), scripts (for "
         "schedulers, plots)"},
    {0}};

static int check_help(const void *context, struct error *err)
{
    const struct help_arguments *arguments = context;
    if ((arguments->words.count > 0) + (arguments->man != NULL) + arguments->completion +
            arguments->folder >
        1)
        return error_set(err, "COMMAND, --man, --completion and --folder stand alone");
    return 0;
}

static int write_page(const struct command *command, const char *name, void *context,
                      struct error *err)
{
    const char *folder = context;
    struct buffer page = {0}, page_name = {0};
    command_man_name(name, &page_name);
    command_man(command, name, &page);
    char *path = memory_text("%s/%s.1", folder, buffer_text(&page_name));
    int status = file_write(path, page.data, page.size, err);
    free(path);
    buffer_release(&page);
    buffer_release(&page_name);
    return status;
}

static int print_folder(struct error *err)
{
    char *folder = share_folder();
    if (!folder)
        return error_set(
            err,
            "what comes with the program is neither in ../share/lambert of its own folder nor in "
            "LAMBERT_SHARE of the environment; name the folder there that has configs/bert.ini in it");
    puts(folder);
    free(folder);
    return 0;
}

static int help(const void *context, struct error *err)
{
    const struct help_arguments *arguments = context;
    struct buffer text = {0};
    if (arguments->man) {
        if (folder_create(arguments->man, err) < 0)
            return -1;
        if (command_each(&command_lambert, write_page, (void *)arguments->man, err) < 0)
            return -1;
        config_man(&text);
        char *path = path_join(arguments->man, "lambert.ini.5");
        int status = file_write(path, text.data, text.size, err);
        free(path);
        buffer_release(&text);
        return status;
    }
    if (arguments->folder)
        return print_folder(err);
    if (arguments->completion) {
        struct buffer keys = {0};
        config_key_names(&keys);
        command_completion(&command_lambert, buffer_text(&keys), &text);
        buffer_release(&keys);
    } else {
        /* argv[0] stands for the program: the word before the first is "help" itself. */
        char name[COMMAND_NAME];
        int words;
        const struct command *command = command_find(&command_lambert, arguments->words.count + 1,
                                                     arguments->words.at - 1, &words, name);
        if (words <= arguments->words.count)
            return error_set(err, "there is no command '%s'; lambert help lists all",
                             arguments->words.at[words - 1]);
        command_help(command, name, &text);
    }
    fwrite(text.data, 1, text.size, stdout);
    buffer_release(&text);
    return 0;
}

const struct command command_help_pages = {
    .name = "help",
    .summary = "what a command does; man pages, completion for bash, the folder of configurations",
    .description =
        "Prints what COMMAND --help prints, without COMMAND the list of all; or makes the "
        "man pages or the completion script, for packages and installations: make man and "
        "make completion call it. Or says where the program has its configurations and scripts.",
    .examples = "lambert help show batch\n"
                "ls $(lambert help --folder)/configs\n"
                "lambert help --completion > ~/.local/share/bash-completion/completions/lambert\n",
    .options = help_options,
    COMMAND_ARGUMENTS(struct help_arguments, .man = NULL),
    .check = check_help,
    .run = help};
