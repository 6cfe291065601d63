/* What is printed of commands: help, man pages, and the completion of the shell, all from their
 * tables (command.h). */
#ifndef LAMBERT_COMMAND_PAGES_H
#define LAMBERT_COMMAND_PAGES_H

#include "lambert/command/command.h"

/* What `NAME --help` prints. */
void command_help(const struct command *command, const char *name, struct buffer *out);

/* The man page in section 1, for `man` and groff. The page of "lambert show batch" is called
 * lambert-show-batch, which command_man_name() prints. */
void command_man(const struct command *command, const char *name, struct buffer *out);
void command_man_name(const char *name, struct buffer *out);

/* A script for bash: the commands of root, their options, choices and files, and the
 * configuration's keys, which are given as words between blanks; keys of phases as
 * phase.NAME.KEY. */
void command_completion(const struct command *root, const char *keys, struct buffer *out);

/* Calls `visit` for root and all commands below it, each with its full name; stops where it fails. */
int command_each(const struct command *root,
                 int (*visit)(const struct command *command, const char *name, void *context,
                              struct error *err),
                 void *context, struct error *err);

#endif
