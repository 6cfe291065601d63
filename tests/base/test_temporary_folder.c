#include "lambert/base/temporary_folder.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lib/scratch.h"

static void goes_away_with_all_that_is_in_it(void **state)
{
    (void)state;
    struct error err;
    char *folder;
    assert_int_equal(temporary_folder_make(&folder, NULL, "some", &err), 0);
    char *inner = path_join(folder, "a"), *file = path_join(inner, "b"), *copy;
    assert_int_equal(folder_create(inner, &err), 0);
    assert_int_equal(file_write(file, "x", 1, &err), 0);
    copy = memory_copy_text(folder);
    temporary_folder_remove(folder);
    assert_false(folder_exists(copy));
    temporary_folder_remove(NULL);
    assert_int_equal(temporary_folder_make(&folder, "/no/such/folder", "some", &err), -1);
    assert_non_null(strstr(err.text, "/no/such/folder"));
    free(inner);
    free(file);
    free(copy);
}

static void is_made_where_it_is_wanted(void **state)
{
    (void)state;
    struct error err;
    char *folder;
    assert_int_equal(temporary_folder_make(&folder, scratch_folder(), "some", &err), 0);
    assert_int_equal(strncmp(folder, scratch_path("some."), strlen(scratch_path("some."))), 0);
    temporary_folder_remove(folder);
}

static void what_links_lead_to_stays(void **state)
{
    (void)state;
    struct error err;
    char *folder;
    scratch_put(scratch_path("outside"), "file", "x");
    assert_int_equal(temporary_folder_make(&folder, scratch_folder(), "some", &err), 0);
    char *link = path_join(folder, "link");
    assert_int_equal(symlink(scratch_path("outside"), link), 0);
    temporary_folder_remove(folder);
    assert_true(file_exists(scratch_path("outside/file")));
    assert_false(file_is_link(link));
    free(link);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(goes_away_with_all_that_is_in_it),
        cmocka_unit_test(is_made_where_it_is_wanted),
        cmocka_unit_test(what_links_lead_to_stays),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
