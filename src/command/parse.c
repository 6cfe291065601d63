#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "describe.h"
#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/base/nearest.h"
#include "lambert/command/command.h"

void *command_defaults(const struct command *command)
{
    void *arguments = memory_new(command->arguments_size + 1, 1);
    if (command->defaults)
        memcpy(arguments, command->defaults, command->arguments_size);
    if (command->init)
        command->init(arguments);
    return arguments;
}

/* --- values ----------------------------------------------------------------------------------- */

static int set_integer(const struct command_option *option, const char *text, void *place,
                       struct error *err)
{
    char *end;
    errno = 0;
    const long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0')
        return error_set(err, "--%s wants a whole number, not '%s'", option->name, text);
    if (errno == ERANGE || value < option->min || value > option->max)
        return error_set(err, "--%s %s is out of range: %lld to %lld", option->name, text,
                         option->min, option->max);
    const int64_t product = value * (option->unit ? option->unit : 1);
    if (option->size == sizeof(int64_t))
        memcpy(place, &product, sizeof product);
    else
        *(int *)place = (int)product;
    return 0;
}

static int set_real(const struct command_option *option, const char *text, double *place,
                    struct error *err)
{
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || isnan(value))
        return error_set(err, "--%s wants a number, not '%s'", option->name, text);
    if (!(value >= option->real_min && value <= option->real_max))
        return error_set(err, "--%s %s is out of range: %g to %g", option->name, text,
                         option->real_min, option->real_max);
    *place = value;
    return 0;
}

static int set_choice(const struct command_option *option, const char *text, int *place,
                      struct error *err)
{
    struct buffer choices = {0};
    for (int i = 0; i < option->choice_count; i++)
        if (strcmp(option->choices[i], text) == 0) {
            *place = i;
            return 0;
        }
    describe_choices(option, &choices);
    error_set(err, "--%s is %s, not '%s'", option->name, buffer_text(&choices), text);
    buffer_release(&choices);
    return -1;
}

static int set_value(const struct command_option *option, const char *text, void *arguments,
                     struct error *err)
{
    void *place = (char *)arguments + option->offset;
    switch (option->kind) {
    case OPTION_FLAG:
    case OPTION_FLAG_OFF:
        *(bool *)place = option->kind == OPTION_FLAG;
        return 0;
    case OPTION_INTEGER:
        return set_integer(option, text, place, err);
    case OPTION_REAL:
        return set_real(option, text, place, err);
    case OPTION_CHOICE:
        return set_choice(option, text, place, err);
    case OPTION_TEXT:
    case OPTION_WORD:
        *(const char **)place = text;
        return 0;
    case OPTION_WORDS:
    case OPTION_END:
        break;
    }
    bug("the table has no such kind: %d", (int)option->kind);
}

/* --- options ---------------------------------------------------------------------------------- */

/* The rows of options one after the other, from NULL on, with --help as the last; NULL behind it. */
static const struct command_option *next_option(const struct command *command,
                                                const struct command_option *option)
{
    if (option == &describe_help_row)
        return NULL;
    option = option ? option + 1 : command->options;
    while (option->kind != OPTION_END && !option->name)
        option++;
    return option->kind != OPTION_END ? option : &describe_help_row;
}

/* The option of that name, or the only one that begins so; NULL with a sentence. */
static const struct command_option *find_option(const struct command *command, const char *name,
                                                const char *word, size_t length, struct error *err)
{
    const struct command_option *option = NULL, *found = NULL, *other = NULL;
    while ((option = next_option(command, option)) != NULL) {
        if (strncmp(option->name, word, length) != 0)
            continue;
        if (option->name[length] == '\0')
            return option;
        other = found;
        found = option;
    }
    if (found && !other)
        return found;
    char *typed = memory_text("--%.*s", (int)length, word);
    char *otherwise = memory_text("see %s --help", name);
    if (other) {
        error_set(err, "'%s' may be --%s or --%s; %s", typed, other->name, found->name, otherwise);
    } else {
        struct nearest nearest;
        nearest_init(&nearest, typed);
        while ((option = next_option(command, option)) != NULL) {
            char *full = memory_text("--%s", option->name);
            nearest_offer(&nearest, full);
            free(full);
        }
        nearest_error(&nearest, "there is no option", otherwise, err);
    }
    free(typed);
    free(otherwise);
    return NULL;
}

/* --- words ------------------------------------------------------------------------------------ */

/* argv[1] to argv[count] are the words; options without a value, which stood among them, follow. */
static int take_words(const struct command *command, const char *name, char **argv, int count,
                      void *arguments, struct error *err)
{
    int taken = 0;
    for (const struct command_option *option = command->options; option->kind != OPTION_END;
         option++) {
        void *place = (char *)arguments + option->offset;
        if (option->kind != OPTION_WORD && option->kind != OPTION_WORDS)
            continue;
        if (option->required && taken == count)
            return error_set(err, "%s is missing; see %s --help", option->metavar, name);
        if (option->kind == OPTION_WORDS) {
            *(struct command_words *)place =
                (struct command_words){.at = argv + 1 + taken, .count = count - taken};
            return 0;
        }
        if (taken < count)
            set_value(option, argv[1 + taken++], arguments, err);
    }
    if (taken < count)
        return error_set(err, "'%s' is one word too many; see %s --help", argv[1 + taken], name);
    return 0;
}

/* --- files that are written ------------------------------------------------------------------- */

/* The i-th file that a row names; NULL: it has no more. */
static const char *file_of(const struct command_option *option, const void *arguments, int i)
{
    const void *place = (const char *)arguments + option->offset;
    if (option->completion != COMPLETE_FILES && option->completion != COMPLETE_FOLDERS)
        return NULL;
    if (option->kind == OPTION_WORDS) {
        const struct command_words *words = place;
        return i < words->count ? words->at[i] : NULL;
    }
    return i == 0 ? *(const char *const *)place : NULL;
}

static int check_written(const struct command_option *written, const struct command_option *other,
                         const void *arguments, struct error *err)
{
    const char *path = file_of(written, arguments, 0), *same;
    for (int i = 0; path && (same = file_of(other, arguments, i)) != NULL; i++)
        if (file_is_same(path, same))
            return error_set(err, "--%s would write over %s%s (%s); name another file",
                             written->name, other->name ? "--" : "",
                             other->name ? other->name : other->metavar, same);
    return 0;
}

/* None of the files that are written is one of the others that the command line names. */
static int check_files(const struct command *command, const void *arguments, struct error *err)
{
    const struct command_option *options = command->options;
    for (int w = 0; options[w].kind != OPTION_END; w++)
        for (int o = 0; options[w].writes && options[o].kind != OPTION_END; o++)
            if (o != w && check_written(&options[w], &options[o], arguments, err) < 0)
                return -1;
    return 0;
}

/* --- all -------------------------------------------------------------------------------------- */

static int parse_words(const struct command *command, const char *name, int argc, char **argv,
                       void *arguments, bool *given, bool *help, struct error *err)
{
    int words = 0;
    bool only_words = false;
    for (int i = 1; i < argc; i++) {
        char *word = argv[i];
        if (only_words || word[0] != '-' || word[1] == '\0') { /* "-" is standard input */
            memmove(argv + 2 + words, argv + 1 + words, (size_t)(i - 1 - words) * sizeof *argv);
            argv[1 + words++] = word;
            continue;
        }
        if (strcmp(word, "--") == 0) {
            only_words = true;
            continue;
        }
        *help = strcmp(word, "-h") == 0;
        if (*help)
            return 0;
        if (word[1] != '-')
            return error_set(err, "there is no option '%s'; see %s --help", word, name);
        const size_t length = strcspn(word + 2, "=");
        const struct command_option *option = find_option(command, name, word + 2, length, err);
        if (!option)
            return -1;
        const char *value = word[2 + length] == '=' ? word + 2 + length + 1 : NULL;
        const bool is_flag = option->kind == OPTION_FLAG || option->kind == OPTION_FLAG_OFF;
        if (is_flag && value)
            return error_set(err, "--%s takes no value", option->name);
        *help = option == &describe_help_row;
        if (*help)
            return 0;
        if (!is_flag && !value && ++i == argc)
            return error_set(err, "--%s wants a value (%s); see %s --help", option->name,
                             option->metavar, name);
        if (set_value(option, value ? value : argv[i], arguments, err) < 0)
            return -1;
        given[option - command->options] = true;
    }
    for (int i = 0; command->options[i].kind != OPTION_END; i++)
        if (command->options[i].name && command->options[i].required && !given[i])
            return error_set(err, "--%s is missing; see %s --help", command->options[i].name, name);
    if (take_words(command, name, argv, words, arguments, err) < 0 ||
        check_files(command, arguments, err) < 0)
        return -1;
    return command->check ? command->check(arguments, err) : 0;
}

int command_parse(const struct command *command, const char *name, int argc, char **argv,
                  void *arguments, bool *help, struct error *err)
{
    void *defaults = command_defaults(command);
    size_t rows = 0;
    while (command->options[rows].kind != OPTION_END)
        rows++;
    bool *given = memory_new(rows + 1, sizeof *given);
    memcpy(arguments, defaults, command->arguments_size);
    *help = false;
    int status = parse_words(command, name, argc, argv, arguments, given, help, err);
    free(given);
    free(defaults);
    return status;
}
