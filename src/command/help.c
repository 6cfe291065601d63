#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "lambert/base/minmax.h"
#include "lambert/command/pages.h"

enum { LINE_WIDTH = 98, WIDEST_HEAD = 28 };

/* Fills lines with the words of `text`, where `column` columns of the first are used; the others
 * begin with `indent` spaces. */
static void put_filled(struct buffer *out, const char *text, size_t size, int column, int indent)
{
    const char *const end = text + size;
    bool first = true;
    while (text < end) {
        const int word = (int)strcspn(text, " \n");
        const int length = min_int(word, (int)(end - text));
        if (!first && column + 1 + length > LINE_WIDTH) {
            buffer_print(out, "\n%*s", indent, "");
            column = indent;
            first = true;
        }
        buffer_print(out, "%s%.*s", first ? "" : " ", length, text);
        column += length + !first;
        first = false;
        text += length;
        text += strspn(text, " \n");
    }
    buffer_put_u8(out, '\n');
}

/* A row of two columns: what it is called, and what it is. */
static void put_row(struct buffer *out, const char *head, const char *text, int width)
{
    int column = (int)strlen(head);
    buffer_print(out, "  %s", head);
    if (column > width) {
        buffer_put_u8(out, '\n');
        column = -2;
    }
    buffer_print(out, "%*s", width - column + 2, "");
    put_filled(out, text, strlen(text), width + 4, width + 4);
}

static void put_option(struct buffer *out, const struct command_option *option,
                       const void *defaults, int width)
{
    struct buffer head = {0}, text = {0};
    describe_head(option, &head);
    describe_option(option, defaults, &text);
    put_row(out, buffer_text(&head), buffer_text(&text), width);
    buffer_release(&head);
    buffer_release(&text);
}

static int head_width(const struct command_option *option)
{
    struct buffer head = {0};
    describe_head(option, &head);
    const int width = option->help ? (int)head.size : 0;
    buffer_release(&head);
    return width <= WIDEST_HEAD ? width : 0;
}

static void put_options(struct buffer *out, const struct command *command)
{
    void *defaults = command_defaults(command);
    int width = head_width(&describe_help_row);
    for (const struct command_option *option = command->options; option->kind != OPTION_END;
         option++)
        width = max_int(width, head_width(option));
    buffer_put_u8(out, '\n');
    for (const struct command_option *option = command->options; option->kind != OPTION_END;
         option++)
        if (option->help)
            put_option(out, option, defaults, width);
    put_option(out, &describe_help_row, defaults, width);
    free(defaults);
}

static void put_commands(struct buffer *out, const struct command *command, const char *name)
{
    int width = 0;
    for (int i = 0; command->commands[i]; i++)
        width = max_int(width, (int)strlen(command->commands[i]->name));
    buffer_put_u8(out, '\n');
    for (int i = 0; command->commands[i]; i++)
        put_row(out, command->commands[i]->name, command->commands[i]->summary, width);
    buffer_print(out, "\n%s COMMAND --help says more.\n", name);
}

static void put_examples(struct buffer *out, const char *examples)
{
    const char *line = examples;
    buffer_print(out, "\n%s:\n",
                 strchr(line, '\n') == strrchr(line, '\n') ? "example" : "examples");
    while (*line != '\0') {
        const size_t length = strcspn(line, "\n");
        buffer_print(out, "  %.*s\n", (int)length, line);
        line += length + (line[length] == '\n');
    }
}

void command_help(const struct command *command, const char *name, struct buffer *out)
{
    const char *description = command->description ? command->description : "";
    struct paragraph paragraph;
    buffer_print(out, "usage: ");
    describe_synopsis(command, name, out);
    buffer_put_u8(out, '\n');
    if (command->run_on_ranks)
        buffer_print(out, "       mpirun -n RANKS %s ...\n", name);
    while (paragraph_next(&description, &paragraph)) {
        buffer_put_u8(out, '\n');
        if (paragraph.verbatim)
            buffer_print(out, "%.*s\n", (int)paragraph.size, paragraph.text);
        else
            put_filled(out, paragraph.text, paragraph.size, 0, 0);
    }
    if (command->commands)
        put_commands(out, command, name);
    else
        put_options(out, command);
    if (command->examples)
        put_examples(out, command->examples);
    if (command->more_help)
        command->more_help(out);
}
