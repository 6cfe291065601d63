#include "lib/unit.h"

#include <string.h>

#include "lambert/command/pages.h"
#include "sample.h"

static void words_name_a_command(void **state)
{
    (void)state;
    char name[COMMAND_NAME];
    char *argv[] = {"build/lambert", "sample", "sample", NULL};
    int words;
    assert_ptr_equal(command_find(&command_group, 1, argv, &words, name), &command_group);
    assert_int_equal(words, 1);
    assert_string_equal(name, "lambert");
    assert_ptr_equal(command_find(&command_group, 3, argv, &words, name), &command_sample);
    assert_int_equal(words, 2);
    assert_string_equal(name, "lambert sample");
    argv[1] = "simple";
    assert_ptr_equal(command_find(&command_group, 3, argv, &words, name), &command_group);
}

static int print_name(const struct command *command, const char *name, void *context,
                      struct error *err)
{
    struct buffer *out = context;
    buffer_print(out, "%s: %s\n", name, command->name);
    return out->size > 40 ? error_set(err, "enough") : 0;
}

static void all_commands_are_visited(void **state)
{
    (void)state;
    struct buffer names = {0};
    struct error err;
    assert_int_equal(command_each(&command_sample, print_name, &names, &err), 0);
    assert_string_equal(buffer_text(&names), "sample: sample\n");
    assert_int_equal(command_each(&command_group, print_name, &names, &err), -1);
    assert_string_equal(buffer_text(&names),
                        "sample: sample\nlambert: lambert\nlambert sample: sample\n");
    buffer_release(&names);
}

/* The exit code, with arguments[0] standing for the program. */
static int run(const char *first, const char *second)
{
    char name[] = "lambert", words[2][32];
    char *argv[] = {name, NULL, NULL, NULL};
    int argc = 1;
    for (int i = 0; i < 2; i++) {
        const char *word = i == 0 ? first : second;
        if (word) {
            strcpy(words[i], word);
            argv[argc++] = words[i];
        }
    }
    return command_main(&command_group, argc, argv);
}

static void exit_codes(void **state)
{
    (void)state;
    assert_int_equal(run(NULL, NULL), EXIT_MISUSED);
    assert_int_equal(run("--help", NULL), EXIT_DONE);
    assert_int_equal(run("-h", NULL), EXIT_DONE);
    assert_int_equal(run("simple", NULL), EXIT_MISUSED);
    assert_int_equal(run("sample", "--help"), EXIT_DONE);
    assert_int_equal(run("sample", NULL), EXIT_MISUSED);
    assert_int_equal(run("sample", "--nothing"), EXIT_MISUSED);
    assert_int_equal(run("local", NULL), EXIT_DONE);
    assert_int_equal(run("local", "--fail"), EXIT_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_name_a_command),
        cmocka_unit_test(all_commands_are_visited),
        cmocka_unit_test(exit_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
