#include "describe.h"

#include <stdint.h>
#include <string.h>

const struct command_option describe_help_row = {
    .name = "help", .kind = OPTION_FLAG, .help = "this text"};

void describe_choices(const struct command_option *option, struct buffer *out)
{
    for (int i = 0; i < option->choice_count; i++)
        buffer_print(out, "%s%s",
                     i == 0                          ? ""
                     : i == option->choice_count - 1 ? " or "
                                                     : ", ",
                     option->choices[i]);
}

void describe_head(const struct command_option *option, struct buffer *out)
{
    if (option->name)
        buffer_print(out, "--%s%s%s", option->name, option->metavar ? " " : "",
                     option->metavar ? option->metavar : "");
    else
        buffer_print(out, "%s%s", option->metavar, option->kind == OPTION_WORDS ? "..." : "");
}

void describe_synopsis(const struct command *command, const char *name, struct buffer *out)
{
    bool has_optional = false;
    buffer_print(out, "%s", name);
    if (command->commands) {
        buffer_print(out, " COMMAND ...");
        return;
    }
    for (const struct command_option *option = command->options; option->kind != OPTION_END;
         option++) {
        has_optional |= option->name && !option->required;
        if (!option->name || !option->required)
            continue;
        buffer_put_u8(out, ' ');
        describe_head(option, out);
    }
    if (has_optional)
        buffer_print(out, " [options]");
    for (const struct command_option *option = command->options; option->kind != OPTION_END;
         option++) {
        if (option->name)
            continue;
        buffer_print(out, option->required ? " " : " [");
        describe_head(option, out);
        buffer_print(out, option->required ? "" : "]");
    }
}

/* --- what a row knows ------------------------------------------------------------------------- */

static long long integer_of(const struct command_option *option, const void *place)
{
    int64_t value;
    if (option->size == sizeof value)
        memcpy(&value, place, sizeof value);
    else
        value = *(const int *)place;
    return value / (option->unit ? option->unit : 1);
}

static void put_range(const struct command_option *option, struct buffer *out)
{
    const long long endless = 1LL << 40; /* a limit of the type, which tells nobody anything */
    if (option->kind == OPTION_CHOICE)
        describe_choices(option, out);
    else if (option->kind == OPTION_REAL)
        buffer_print(out, "%g to %g", option->real_min, option->real_max);
    else if (option->kind == OPTION_INTEGER && option->max >= endless)
        buffer_print(out, "%lld or more", option->min);
    else if (option->kind == OPTION_INTEGER)
        buffer_print(out, "%lld to %lld", option->min, option->max);
}

static void put_default(const struct command_option *option, const void *defaults,
                        struct buffer *out)
{
    const void *place = (const char *)defaults + option->offset;
    if (option->standard)
        buffer_print(out, "%s", option->standard);
    else if (option->required)
        return;
    else if (option->kind == OPTION_CHOICE)
        buffer_print(out, "%s", option->choices[*(const int *)place]);
    else if (option->kind == OPTION_REAL)
        buffer_print(out, "%g", *(const double *)place);
    else if (option->kind == OPTION_INTEGER)
        buffer_print(out, "%lld", integer_of(option, place));
    else if (option->kind == OPTION_TEXT && *(const char *const *)place)
        buffer_print(out, "%s", *(const char *const *)place);
}

void describe_option(const struct command_option *option, const void *defaults, struct buffer *out)
{
    struct buffer range = {0}, standard = {0};
    put_range(option, &range);
    put_default(option, defaults, &standard);
    buffer_print(out, "%s", option->help);
    if (range.size > 0 && standard.size > 0)
        buffer_print(out, " (%s; default: %s)", buffer_text(&range), buffer_text(&standard));
    else if (range.size > 0)
        buffer_print(out, " (%s)", buffer_text(&range));
    else if (standard.size > 0)
        buffer_print(out, " (default: %s)", buffer_text(&standard));
    buffer_release(&range);
    buffer_release(&standard);
}

/* --- descriptions ----------------------------------------------------------------------------- */

bool paragraph_next(const char **description, struct paragraph *paragraph)
{
    const char *text = *description;
    while (*text == '\n')
        text++;
    const char *end = strstr(text, "\n\n");
    size_t size = end ? (size_t)(end - text) : strlen(text);
    *description = text + size;
    while (size > 0 && text[size - 1] == '\n')
        size--;
    *paragraph = (struct paragraph){.text = text, .size = size, .verbatim = *text == ' '};
    return size > 0;
}
