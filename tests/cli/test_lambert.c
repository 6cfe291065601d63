/* Every command's table is sound, and whatever it has is in the help, in the man page and in the
 * completion script. */
#include "lib/unit.h"

#include <stdlib.h>
#include <string.h>

#include "cli/lambert.h"
#include "lambert/base/memory.h"
#include "lambert/command/pages.h"

static bool is_option(const struct command_option *option)
{
    return option->kind != OPTION_WORD && option->kind != OPTION_WORDS;
}

static void check_size(const struct command_option *option, const char *name)
{
    static const struct {
        size_t sizes[2];
    } kinds[] = {
        [OPTION_FLAG] = {{sizeof(bool)}},         [OPTION_FLAG_OFF] = {{sizeof(bool)}},
        [OPTION_INTEGER] = {{sizeof(int), 8}},    [OPTION_REAL] = {{sizeof(double)}},
        [OPTION_TEXT] = {{sizeof(const char *)}}, [OPTION_CHOICE] = {{sizeof(int)}},
        [OPTION_WORD] = {{sizeof(const char *)}}, [OPTION_WORDS] = {{sizeof(struct command_words)}},
    };
    const size_t *sizes = kinds[option->kind].sizes;
    if (option->size != sizes[0] && option->size != sizes[1])
        fail_msg("%s: a member of %zu bytes for --%s", name, option->size, option->name);
}

static void check_range(const struct command_option *option, const void *defaults, const char *name)
{
    const char *place = (const char *)defaults + option->offset;
    const long long unit = option->unit ? option->unit : 1;
    if (option->kind == OPTION_INTEGER) {
        long long value;
        if (option->size == sizeof value)
            memcpy(&value, place, sizeof value);
        else
            value = *(const int *)place;
        if (option->min >= option->max || option->max > INT64_MAX / unit)
            fail_msg("%s: range of --%s", name, option->name);
        if (option->size == sizeof(int) && (option->max > INT32_MAX || option->min < INT32_MIN))
            fail_msg("%s: --%s does not fit its member", name, option->name);
        if (!option->standard && (value < option->min * unit || value > option->max * unit))
            fail_msg("%s: the default of --%s is out of range", name, option->name);
    } else if (option->kind == OPTION_REAL) {
        const double value = *(const double *)place;
        if (!(option->real_min < option->real_max))
            fail_msg("%s: range of --%s", name, option->name);
        if (!option->standard && (value < option->real_min || value > option->real_max))
            fail_msg("%s: the default of --%s is out of range", name, option->name);
    } else if (option->kind == OPTION_CHOICE) {
        const int value = *(const int *)place;
        if (option->choice_count < 2)
            fail_msg("%s: --%s leaves no choice", name, option->name);
        if (!option->standard && (value < 0 || value >= option->choice_count))
            fail_msg("%s: the default of --%s is no choice", name, option->name);
    }
}

/* One row, and that the row behind it does not say the same or can never be reached. */
static void check_row(const struct command *command, const struct command_option *option,
                      const void *defaults, const char *name)
{
    const bool is_flag = option->kind == OPTION_FLAG || option->kind == OPTION_FLAG_OFF;
    check_size(option, name);
    check_range(option, defaults, name);
    assert_true(option->offset + option->size <= command->arguments_size);
    if (is_flag == (option->metavar != NULL))
        fail_msg("%s: metavar of --%s", name, option->name);
    if (is_option(option) && (!option->name || !option->help || *option->help == '\0'))
        fail_msg("%s: --%s without help", name, option->name);
    if (!is_option(option) && option->name)
        fail_msg("%s: words are called %s", name, option->name);
    if (is_option(option) && strstr(option->name, "output") &&
        option->completion == COMPLETE_FILES && !option->writes)
        fail_msg("%s: --%s is not held against the other files", name, option->name);
    if (option->name && strcmp(option->name, "help") == 0)
        fail_msg("%s: --help is there without a row", name);
    for (const struct command_option *other = option + 1; other->kind != OPTION_END; other++) {
        if (option->name && other->name && strcmp(option->name, other->name) == 0)
            fail_msg("%s: two --%s", name, option->name);
        if (option->kind == OPTION_WORDS && !is_option(other))
            fail_msg("%s: words behind all words", name);
        if (option->kind == OPTION_WORD && !option->required && other->required &&
            !is_option(other))
            fail_msg("%s: %s would be taken for %s", name, other->metavar, option->metavar);
    }
}

static int check_command(const struct command *command, const char *name, void *context,
                         struct error *err)
{
    int *count = context;
    (void)err;
    ++*count;
    if (!command->summary || *command->summary == '\0')
        fail_msg("%s has no summary", name);
    if (command->commands) {
        assert_null(command->options);
        for (int i = 0; command->commands[i]; i++)
            for (int j = 0; j < i; j++)
                assert_string_not_equal(command->commands[i]->name, command->commands[j]->name);
        return 0;
    }
    if (!command->description || !command->examples || !command->options)
        fail_msg("%s has no description, examples or options", name);
    assert_true(!command->run != !command->run_on_ranks);
    void *defaults = command_defaults(command);
    for (const struct command_option *option = command->options; option->kind != OPTION_END;
         option++)
        check_row(command, option, defaults, name);
    free(defaults);
    return 0;
}

static void every_table_is_sound(void **state)
{
    (void)state;
    int count = 0;
    struct error err;
    assert_int_equal(command_each(&command_lambert, check_command, &count, &err), 0);
    assert_true(count > 20);
}

/* --- what is printed -------------------------------------------------------------------------- */

static void assert_holds(struct buffer *text, const char *wanted, const char *where)
{
    if (!strstr(buffer_text(text), wanted))
        fail_msg("%s: no '%s'", where, wanted);
}

/* "--shard-megabytes" as a man page has it: \-\-shard\-megabytes. */
static char *escaped(const char *name)
{
    struct buffer out = {0};
    buffer_print(&out, "\\-\\-");
    for (; *name != '\0'; name++)
        buffer_print(&out, *name == '-' ? "\\-" : "%c", *name);
    char *text = memory_copy_text(buffer_text(&out));
    buffer_release(&out);
    return text;
}

static int check_pages(const struct command *command, const char *name, void *context,
                       struct error *err)
{
    struct buffer help = {0}, page = {0}, *completion = context;
    (void)err;
    command_help(command, name, &help);
    command_man(command, name, &page);
    const char *const text = buffer_text(&help);
    for (const char *row = text; *row != '\0'; row += strcspn(row, "\n"), row += *row == '\n')
        if (strcspn(row, "\n") > 100)
            fail_msg("%s --help: a long line: %.*s", name, (int)strcspn(row, "\n"), row);
    for (int i = 0; command->commands && command->commands[i]; i++) {
        assert_holds(&help, command->commands[i]->name, name);
        char *below = memory_text("\\-%s (1)\n", command->commands[i]->name);
        assert_holds(&page, below, name);
        free(below);
    }
    for (const struct command_option *option = command->options;
         option && option->kind != OPTION_END; option++) {
        if (!option->name) {
            assert_holds(&help, option->metavar, name);
            continue;
        }
        char *wanted = memory_text("  --%s", option->name), *in_page = escaped(option->name);
        assert_holds(&help, wanted, name);
        assert_holds(&page, in_page, name);
        free(wanted);
        free(in_page);
        wanted = memory_text("    '%s --%s') ", name, option->name);
        if (option->metavar) /* its value is completed, or is known to be anything */
            assert_holds(completion, wanted, "completion");
        free(wanted);
    }
    buffer_release(&help);
    buffer_release(&page);
    return 0;
}

static void every_option_is_printed(void **state)
{
    (void)state;
    struct error err;
    struct buffer completion = {0};
    command_completion(&command_lambert, "", &completion);
    assert_int_equal(command_each(&command_lambert, check_pages, &completion, &err), 0);
    buffer_release(&completion);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_table_is_sound),
        cmocka_unit_test(every_option_is_printed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
