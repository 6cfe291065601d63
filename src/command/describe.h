/* The texts about a command that help and man page share, without their lay-out. */
#ifndef LAMBERT_COMMAND_DESCRIBE_H
#define LAMBERT_COMMAND_DESCRIBE_H

#include "lambert/command/command.h"

/* Appends "f32, f16 or bf16". */
void describe_choices(const struct command_option *option, struct buffer *out);

/* Appends "lambert vocab --output FILE [options] INPUT..."; of a command that has commands,
 * "lambert show COMMAND ...". */
void describe_synopsis(const struct command *command, const char *name, struct buffer *out);

/* Appends "--output FILE" or "INPUT...". */
void describe_head(const struct command_option *option, struct buffer *out);

/* Appends the help sentence and, in parentheses, what the row knows besides: "(6 or more; default:
 * 30522)". `defaults` are those of command_defaults(). */
void describe_option(const struct command_option *option, const void *defaults, struct buffer *out);

/* The last row of every command. */
extern const struct command_option describe_help_row;

/* The paragraphs of a description one after the other; false behind the last. */
struct paragraph {
    const char *text; /* [size], without the newline at its end */
    size_t size;
    bool verbatim; /* it begins with a space: its lines stay as they are */
};
bool paragraph_next(const char **description, struct paragraph *paragraph);

#endif
