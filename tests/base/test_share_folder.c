#include "lambert/base/share_folder.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
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

/* Beside this program there is nothing of the kind: it lies two folders deep in a build folder. */
static void beside_the_program(void **state)
{
    (void)state;
    unsetenv("LAMBERT_SHARE");
    assert_null(share_folder());
    assert_int_equal(setenv("LAMBERT_SHARE", "", 1), 0);
    assert_null(share_folder());
    unsetenv("LAMBERT_SHARE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(named_by_the_environment),
        cmocka_unit_test(beside_the_program),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
