#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "lambert/base/roff.h"
#include "lambert/base/version.h"
#include "lambert/command/pages.h"

static void put_text(struct buffer *out, const char *text)
{
    roff_put(out, text, strlen(text));
}

static void put_verbatim(struct buffer *out, const char *text, size_t size)
{
    buffer_print(out, ".PP\n.nf\n");
    roff_put(out, text, size);
    buffer_print(out, "%s.fi\n", size > 0 && text[size - 1] == '\n' ? "" : "\n");
}

static void put_synopsis(struct buffer *out, const struct command *command, const char *name)
{
    struct buffer synopsis = {0};
    describe_synopsis(command, name, &synopsis);
    buffer_print(out, ".SH SYNOPSIS\n.B ");
    put_text(out, name);
    buffer_put_u8(out, '\n');
    const char *rest = buffer_text(&synopsis) + strlen(name);
    put_text(out, rest + (*rest == ' '));
    if (command->run_on_ranks) {
        buffer_print(out, "\n.br\n.B mpirun\n\\-n RANKS\n.B ");
        put_text(out, name);
        buffer_print(out, "\n\\&...");
    }
    buffer_put_u8(out, '\n');
    buffer_release(&synopsis);
}

static void put_description(struct buffer *out, const char *description)
{
    struct paragraph paragraph;
    buffer_print(out, ".SH DESCRIPTION\n");
    for (bool first = true; paragraph_next(&description, &paragraph); first = false) {
        if (paragraph.verbatim) {
            put_verbatim(out, paragraph.text, paragraph.size);
            continue;
        }
        if (!first)
            buffer_print(out, ".PP\n");
        roff_put(out, paragraph.text, paragraph.size);
        buffer_put_u8(out, '\n');
    }
}

static void put_option(struct buffer *out, const struct command_option *option,
                       const void *defaults)
{
    struct buffer text = {0};
    buffer_print(out, ".TP\n");
    if (option->name) {
        buffer_print(out, "\\fB\\-\\-");
        put_text(out, option->name);
        buffer_print(out, "\\fR");
    }
    if (option->metavar) {
        buffer_print(out, "%s\\fI", option->name ? " " : "");
        put_text(out, option->metavar);
        buffer_print(out, "\\fR%s", option->kind == OPTION_WORDS ? "..." : "");
    }
    buffer_put_u8(out, '\n');
    describe_option(option, defaults, &text);
    put_text(out, buffer_text(&text));
    buffer_put_u8(out, '\n');
    buffer_release(&text);
}

static void put_options(struct buffer *out, const struct command *command)
{
    void *defaults = command_defaults(command);
    buffer_print(out, ".SH OPTIONS\n");
    for (const struct command_option *option = command->options; option->kind != OPTION_END;
         option++)
        if (option->help)
            put_option(out, option, defaults);
    put_option(out, &describe_help_row, defaults);
    free(defaults);
}

static void put_commands(struct buffer *out, const struct command *command, const char *name)
{
    buffer_print(out, ".SH COMMANDS\n");
    for (int i = 0; command->commands[i]; i++) {
        struct buffer page = {0};
        command_man_name(name, &page);
        buffer_print(out, ".TP\n.BR ");
        put_text(out, buffer_text(&page));
        buffer_print(out, "\\-%s (1)\n", command->commands[i]->name);
        put_text(out, command->commands[i]->summary);
        buffer_put_u8(out, '\n');
        buffer_release(&page);
    }
}

/* The pages of the command that this one belongs to, and of the configuration where it reads one. */
static void put_see_also(struct buffer *out, const struct command *command, const char *name)
{
    const char *last = strrchr(name, ' ');
    bool has_config = !last;
    for (const struct command_option *option = command->options;
         option && option->kind != OPTION_END; option++)
        has_config |= option->completion == COMPLETE_KEYS;
    buffer_print(out, ".SH SEE ALSO\n");
    if (last) {
        struct buffer above = {0}, page = {0};
        buffer_print(&above, "%.*s", (int)(last - name), name);
        command_man_name(buffer_text(&above), &page);
        buffer_print(out, ".BR ");
        put_text(out, buffer_text(&page));
        buffer_print(out, " (1)%s\n", has_config ? "," : "");
        buffer_release(&page);
        buffer_release(&above);
    }
    if (has_config)
        buffer_print(out, ".BR lambert.ini (5)\n");
}

void command_man_name(const char *name, struct buffer *out)
{
    for (; *name != '\0'; name++)
        buffer_put_u8(out, *name == ' ' ? '-' : (uint8_t)*name);
}

void command_man(const struct command *command, const char *name, struct buffer *out)
{
    struct buffer page = {0};
    command_man_name(name, &page);
    buffer_print(out, ".\\\" Made from the tables of the program; do not edit it.\n.TH \"");
    put_text(out, buffer_text(&page));
    buffer_print(out, "\" 1 \"\" \"Lambert " LAMBERT_VERSION "\" \"Lambert\"\n.SH NAME\n");
    put_text(out, buffer_text(&page));
    buffer_print(out, " \\- ");
    put_text(out, command->summary);
    buffer_put_u8(out, '\n');
    put_synopsis(out, command, name);
    if (command->description)
        put_description(out, command->description);
    if (command->commands)
        put_commands(out, command, name);
    else
        put_options(out, command);
    buffer_print(out, ".SH EXIT STATUS\n0 when it is done, 1 when it failed, 2 when it was used "
                      "wrongly.\n");
    if (command->examples) {
        buffer_print(out, ".SH EXAMPLES\n");
        put_verbatim(out, command->examples, strlen(command->examples));
    }
    put_see_also(out, command, name);
    buffer_release(&page);
}
