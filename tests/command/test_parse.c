#include "lib/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/command/command.h"

enum colour { RED, GREEN };
static const char *const colours[] = {[RED] = "red", [GREEN] = "green"};

struct sample_arguments {
    bool verbose, plain;
    int count;
    uint64_t bytes;
    double share;
    const char *output;
    enum colour colour;
    const char *model, *result, *more_results;
    const char *input;
    struct command_words rest;
};

static const struct command_option sample_options[] = {
    {.name = "verbose", .kind = OPTION_FLAG, OPTION_PLACE(struct sample_arguments, verbose)},
    {.name = "fancy", .kind = OPTION_FLAG_OFF, OPTION_PLACE(struct sample_arguments, plain)},
    {.name = "count",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct sample_arguments, count),
     .min = -3,
     .max = 10,
     .metavar = "N"},
    {.name = "megabytes",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct sample_arguments, bytes),
     .min = 1,
     .max = 100000,
     .unit = 1 << 20,
     .metavar = "N"},
    {.name = "share",
     .kind = OPTION_REAL,
     OPTION_PLACE(struct sample_arguments, share),
     .real_max = 0.5,
     .metavar = "F"},
    {.name = "output",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct sample_arguments, output),
     .required = true,
     .metavar = "FILE"},
    {.name = "colour",
     .kind = OPTION_CHOICE,
     OPTION_PLACE(struct sample_arguments, colour),
     OPTION_CHOICES(colours),
     .metavar = "NAME"},
    {.name = "model",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct sample_arguments, model),
     .completion = COMPLETE_FOLDERS,
     .metavar = "DIR"},
    {.name = "result",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct sample_arguments, result),
     .completion = COMPLETE_FILES,
     .writes = true,
     .metavar = "FILE"},
    {.name = "more-results",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct sample_arguments, more_results),
     .completion = COMPLETE_FILES,
     .writes = true,
     .metavar = "FILE"},
    {.kind = OPTION_WORD,
     OPTION_PLACE(struct sample_arguments, input),
     .required = true,
     .completion = COMPLETE_FILES,
     .metavar = "INPUT"},
    {.kind = OPTION_WORDS,
     OPTION_PLACE(struct sample_arguments, rest),
     .completion = COMPLETE_FILES,
     .metavar = "MORE"},
    {0}};

static int check_sample(const void *context, struct error *err)
{
    const struct sample_arguments *arguments = context;
    return arguments->verbose && arguments->count == 7 ? error_set(err, "not seven aloud") : 0;
}

static const struct command sample = {
    .name = "sample",
    .options = sample_options,
    COMMAND_ARGUMENTS(struct sample_arguments, .plain = true, .count = 5, .bytes = 1 << 20),
    .check = check_sample};

/* Splits a line at its blanks, in place of the shell, and parses it. */
static char line[256];
static char *words[32];

static int parse(const char *text, struct sample_arguments *arguments, bool *help,
                 struct error *err)
{
    int count = 0;
    strcpy(line, text);
    words[count++] = "sample";
    for (char *word = strtok(line, " "); word; word = strtok(NULL, " "))
        words[count++] = word;
    words[count] = NULL;
    return command_parse(&sample, "lambert sample", count, words, arguments, help, err);
}

static void assert_parses(const char *text, struct sample_arguments *arguments)
{
    struct error err;
    bool help;
    if (parse(text, arguments, &help, &err) < 0)
        fail_msg("'%s': %s", text, err.text);
    assert_false(help);
}

static void assert_refused(const char *text, const char *sentence)
{
    struct sample_arguments arguments;
    struct error err;
    bool help;
    if (parse(text, &arguments, &help, &err) == 0)
        fail_msg("'%s' was taken", text);
    assert_string_equal(err.text, sentence);
}

static void what_is_not_given_is_the_default(void **state)
{
    (void)state;
    struct sample_arguments arguments;
    memset(&arguments, 0xff, sizeof arguments);
    assert_parses("--output o in", &arguments);
    assert_false(arguments.verbose);
    assert_true(arguments.plain);
    assert_int_equal(arguments.count, 5);
    assert_int_equal(arguments.bytes, 1 << 20);
    assert_true(arguments.share == 0);
    assert_int_equal(arguments.colour, RED);
    assert_string_equal(arguments.output, "o");
    assert_string_equal(arguments.input, "in");
    assert_int_equal(arguments.rest.count, 0);
}

static void every_kind_is_read(void **state)
{
    (void)state;
    struct sample_arguments arguments;
    assert_parses("--verbose --fancy --count -3 --megabytes=70000 --share .25 --output=a=b "
                  "--colour green in more words",
                  &arguments);
    assert_true(arguments.verbose);
    assert_false(arguments.plain);
    assert_int_equal(arguments.count, -3);
    assert_true(arguments.bytes == UINT64_C(70000) << 20);
    assert_true(arguments.share == 0.25);
    assert_string_equal(arguments.output, "a=b");
    assert_int_equal(arguments.colour, GREEN);
    assert_int_equal(arguments.rest.count, 2);
    assert_string_equal(arguments.rest.at[0], "more");
    assert_string_equal(arguments.rest.at[1], "words");
}

static void options_stand_between_words(void **state)
{
    (void)state;
    struct sample_arguments arguments;
    assert_parses("in --count 1 a --output o b --verbose c --count=2 -", &arguments);
    assert_string_equal(arguments.input, "in");
    assert_int_equal(arguments.count, 2); /* the last wins */
    assert_true(arguments.verbose);
    assert_int_equal(arguments.rest.count, 4);
    assert_string_equal(arguments.rest.at[0], "a");
    assert_string_equal(arguments.rest.at[1], "b");
    assert_string_equal(arguments.rest.at[2], "c");
    assert_string_equal(arguments.rest.at[3], "-");
}

static void words_may_look_like_options(void **state)
{
    (void)state;
    struct sample_arguments arguments;
    assert_parses("--output --verbose -- --count --", &arguments);
    assert_string_equal(arguments.output, "--verbose");
    assert_false(arguments.verbose);
    assert_string_equal(arguments.input, "--count");
    assert_int_equal(arguments.rest.count, 1);
    assert_string_equal(arguments.rest.at[0], "--");
}

static void names_may_be_cut_short(void **state)
{
    (void)state;
    struct sample_arguments arguments;
    assert_parses("--out o --verb in --s=0.5", &arguments);
    assert_string_equal(arguments.output, "o");
    assert_true(arguments.verbose);
    assert_true(arguments.share == 0.5);
    assert_refused("--output o in --co 1",
                   "'--co' may be --count or --colour; see lambert sample --help");
}

static void help_ends_the_reading(void **state)
{
    (void)state;
    static const char *const texts[] = {"--help", "-h", "--count 2 --he --nonsense", "in -h"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct sample_arguments arguments;
        struct error err;
        bool help;
        assert_int_equal(parse(texts[i], &arguments, &help, &err), 0);
        assert_true(help);
    }
}

static void wrong_use_gets_a_sentence(void **state)
{
    (void)state;
    assert_refused("in", "--output is missing; see lambert sample --help");
    assert_refused("--output o", "INPUT is missing; see lambert sample --help");
    assert_refused("in --output", "--output wants a value (FILE); see lambert sample --help");
    assert_refused("--verbose=1", "--verbose takes no value");
    assert_refused("--help=1", "--help takes no value");
    assert_refused("--output o in --cuont 1",
                   "there is no option '--cuont'; did you mean '--count'?");
    assert_refused("--nothingofthekind",
                   "there is no option '--nothingofthekind'; see lambert sample --help");
    assert_refused("-v", "there is no option '-v'; see lambert sample --help");
    assert_refused("--count 11", "--count 11 is out of range: -3 to 10");
    assert_refused("--count -4", "--count -4 is out of range: -3 to 10");
    assert_refused("--count 99999999999999999999",
                   "--count 99999999999999999999 is out of range: -3 to 10");
    assert_refused("--count 1x", "--count wants a whole number, not '1x'");
    assert_refused("--count=", "--count wants a whole number, not ''");
    assert_refused("--share 0.6", "--share 0.6 is out of range: 0 to 0.5");
    assert_refused("--share nan", "--share wants a number, not 'nan'");
    assert_refused("--share half", "--share wants a number, not 'half'");
    assert_refused("--colour blue", "--colour is red or green, not 'blue'");
    assert_refused("--output o --verbose --count 7 in", "not seven aloud");
}

/* Of a command without a row for all words that are left. */
static void too_many_words_are_refused(void **state)
{
    (void)state;
    static const struct command_option options[] = {
        {.kind = OPTION_WORD, OPTION_PLACE(struct sample_arguments, input), .metavar = "A"},
        {.kind = OPTION_WORD, OPTION_PLACE(struct sample_arguments, output), .metavar = "B"},
        {0}};
    const struct command command = {.options = options,
                                    COMMAND_ARGUMENTS(struct sample_arguments, .input = NULL)};
    struct sample_arguments arguments;
    struct error err;
    bool help;
    char *argv[] = {"two", "a", "b", "c", NULL};
    assert_int_equal(command_parse(&command, "two", 1, argv, &arguments, &help, &err), 0);
    assert_null(arguments.input);
    assert_int_equal(command_parse(&command, "two", 2, argv, &arguments, &help, &err), 0);
    assert_string_equal(arguments.input, "a");
    assert_null(arguments.output);
    assert_int_equal(command_parse(&command, "two", 3, argv, &arguments, &help, &err), 0);
    assert_string_equal(arguments.output, "b");
    assert_int_equal(command_parse(&command, "two", 4, argv, &arguments, &help, &err), -1);
    assert_string_equal(err.text, "'c' is one word too many; see two --help");
}

/* A file is the same under all its names; one that is not there yet has one name. */
static void what_is_written_is_none_of_the_others(void **state)
{
    (void)state;
    struct sample_arguments arguments;
    scratch_write("a", "a", 1);
    scratch_write("b", "b", 1);
    assert_int_equal(link("a", "hard"), 0);
    assert_int_equal(symlink("a", "soft"), 0);
    static const char *const names[] = {"a", "./a", "hard", "soft"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char text[200], sentence[200];
        snprintf(text, sizeof text, "--output x b b a --result %s", names[i]);
        assert_refused(text, "--result would write over MORE (a); name another file");
        snprintf(text, sizeof text, "--output x --result a --model b %s", names[i]);
        snprintf(sentence, sizeof sentence,
                 "--result would write over INPUT (%s); name another file", names[i]);
        assert_refused(text, sentence);
    }
    assert_refused("--output x b --model soft --more-results a",
                   "--more-results would write over --model (soft); name another file");
    assert_refused("--output x b --result new --more-results new",
                   "--result would write over --more-results (new); name another file");
    assert_parses("--output x b b --model b --result a --more-results new", &arguments);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_given_is_the_default),
        cmocka_unit_test(every_kind_is_read),
        cmocka_unit_test(options_stand_between_words),
        cmocka_unit_test(words_may_look_like_options),
        cmocka_unit_test(names_may_be_cut_short),
        cmocka_unit_test(help_ends_the_reading),
        cmocka_unit_test(wrong_use_gets_a_sentence),
        cmocka_unit_test(too_many_words_are_refused),
        cmocka_unit_test(what_is_written_is_none_of_the_others),
    };
    return cmocka_run_group_tests(tests, scratch_enter, scratch_teardown);
}
