/* The program is started again with words that a shell has to be told carefully, and says them. */
#define _GNU_SOURCE
#include "lib/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/command_line.h"

static const char child[] = "--say-it";

static void words_are_told_as_a_shell_takes_them(void **state)
{
    (void)state;
    char self[4096], seen[8192] = "", wanted[8192], again[8192] = "";
    const ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(length > 0);
    self[length] = '\0';

    char *command = NULL;
    assert_true(asprintf(&command, "%s --say-it plain 'two words' \"it's\" '' 'a$b'", self) > 0);
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(seen, sizeof seen, pipe));
    assert_int_equal(pclose(pipe), 0);
    free(command);

    /* What was said is a line that a shell takes: it leads to the same. */
    snprintf(wanted, sizeof wanted, "%s", seen);
    pipe = popen(seen, "r");
    assert_non_null(pipe);
    assert_non_null(fgets(again, sizeof again, pipe));
    assert_int_equal(pclose(pipe), 0);
    assert_string_equal(again, wanted);
    assert_non_null(strstr(seen, " --say-it plain 'two words' "));
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], child) == 0) {
        char *line = command_line();
        puts(line);
        free(line);
        return 0;
    }
    const struct CMUnitTest tests[] = {cmocka_unit_test(words_are_told_as_a_shell_takes_them)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
