#include "lambert/base/share_folder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lambert/base/child.h"
#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lib/scratch.h"

static void named_by_the_environment(void **state)
{
    (void)state;
    assert_int_equal(setenv("LAMBERT_SHARE", scratch_path("no/./folder"), 1), 0);
    assert_null(share_folder());
    assert_null(share_folder_file("configs/bert.ini"));

    scratch_put(scratch_path("share/configs"), "bert.ini", "");
    scratch_put(scratch_path("share/data"), "recipe", "");
    assert_int_equal(setenv("LAMBERT_SHARE", scratch_path("share/../share/"), 1), 0);
    char *folder = share_folder(), *file = share_folder_file("data/recipe");
    char *real = realpath(scratch_path("share"), NULL);
    assert_string_equal(folder, real);
    assert_non_null(file);
    assert_true(file_is_same(file, scratch_path("share/data/recipe")));
    assert_null(share_folder_file("data"));
    assert_null(share_folder_file("data/none"));
    free(real);
    free(file);
    free(folder);
    unsetenv("LAMBERT_SHARE");
}

/* A program in a checkout, as this one is started again from there, finds it from any depth. */
static void print_share_folder(void)
{
    char *folder = share_folder();
    printf("%s\n", folder ? folder : "none");
    free(folder);
}

static void assert_found_from(const char *place, const char *wanted)
{
    struct buffer program = {0}, said = {0};
    struct error err;
    struct child child;
    char *at = path_join(place, "program"), *output = path_join(place, "said");
    scratch_read("/proc/self/exe", &program);
    scratch_put(place, "program", "");
    scratch_write(at, program.data, program.size);
    assert_int_equal(chmod(at, 0700), 0);
    const char *const words[] = {at, "print", NULL};
    assert_int_equal(child_start(&child, words, NULL, output, &err), 0);
    assert_true(child_wait(&child, 20));
    assert_int_equal(child.code, 0);
    assert_int_equal(file_read(output, &said, &err), 0);
    char *line = memory_text("%s\n", wanted);
    assert_string_equal(buffer_text(&said), line);
    free(line);
    free(at);
    free(output);
    buffer_release(&program);
    buffer_release(&said);
}

static void above_the_program(void **state)
{
    (void)state;
    unsetenv("LAMBERT_SHARE");
    scratch_put(scratch_path("checkout/configs"), "bert.ini", "");
    scratch_put(scratch_path("prefix/share/lambert/configs"), "bert.ini", "");
    char *checkout = realpath(scratch_path("checkout"), NULL);
    char *installed = realpath(scratch_path("prefix/share/lambert"), NULL);
    assert_found_from(scratch_path("checkout/build"), checkout);
    assert_found_from(scratch_path("checkout/build/mpich/san-address/coverage"), checkout);
    assert_found_from(scratch_path("prefix/bin"), installed);
    assert_int_equal(setenv("LAMBERT_SHARE", "", 1), 0); /* as if it were not set */
    assert_found_from(scratch_path("checkout/build/mpich"), checkout);
    unsetenv("LAMBERT_SHARE");
    free(checkout);
    free(installed);
}

int main(int count, char **words)
{
    if (count > 1 && strcmp(words[1], "print") == 0) {
        print_share_folder();
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named_by_the_environment),
        cmocka_unit_test(above_the_program),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
