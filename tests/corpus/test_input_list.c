#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/corpus/prepare.h"

static char *make_tree(void)
{
    struct error err;
    char *folder = temporary_folder();
    static const char *const below[] = {"b", "b/inner", "empty"};
    for (int i = 0; i < 3; i++) {
        char *path = path_join(folder, below[i]);
        assert_int_equal(folder_create(path, &err), 0);
        free(path);
    }
    write_text(folder, "c", "12345");
    write_text(folder, "a", "1");
    write_text(folder, "b/z", "12");
    write_text(folder, "b/inner/y", "123");
    write_text(folder, "b/.hidden", "1234567");
    for (int i = 10; i < 30; i++) {
        char *name = memory_text("b/f%d", i);
        write_text(folder, name, "x");
        free(name);
    }
    return folder;
}

static void folders_are_all_files_below_by_name(void **state)
{
    (void)state;
    struct input_list list;
    struct error err;
    char *folder = make_tree(), *inputs[] = {folder};
    assert_int_equal(input_list_open(&list, inputs, 1, &err), 0);
    assert_int_equal(list.count, 24);
    assert_int_equal(list.bytes, 5 + 1 + 2 + 3 + 20);
    size_t prefix = strlen(folder) + 1;
    assert_string_equal(list.paths[0] + prefix, "a");
    assert_string_equal(list.paths[1] + prefix, "b/f10");
    assert_string_equal(list.paths[20] + prefix, "b/f29");
    assert_string_equal(list.paths[21] + prefix, "b/inner/y");
    assert_string_equal(list.paths[22] + prefix, "b/z");
    assert_string_equal(list.paths[23] + prefix, "c");
    input_list_close(&list);
    remove_folder(folder);
}

static void inputs_keep_their_order(void **state)
{
    (void)state;
    struct input_list list;
    struct error err;
    char *folder = make_tree();
    char *inputs[] = {path_join(folder, "c"), path_join(folder, "b/inner"), path_join(folder, "a")};
    assert_int_equal(input_list_open(&list, inputs, 3, &err), 0);
    assert_int_equal(list.count, 3);
    assert_string_equal(list.paths[0], inputs[0]);
    assert_non_null(strstr(list.paths[1], "b/inner/y"));
    assert_string_equal(list.paths[2], inputs[2]);
    input_list_close(&list);
    for (int i = 0; i < 3; i++)
        free(inputs[i]);
    remove_folder(folder);
}

static void nothing_to_read_is_an_error(void **state)
{
    (void)state;
    struct input_list list;
    struct error err;
    char *folder = make_tree();
    char *missing[] = {path_join(folder, "a"), path_join(folder, "nowhere")};
    char *empty[] = {path_join(folder, "empty")};
    assert_int_equal(input_list_open(&list, missing, 2, &err), -1);
    assert_non_null(strstr(err.text, "nowhere"));
    assert_int_equal(input_list_open(&list, empty, 1, &err), -1);
    assert_non_null(strstr(err.text, "no files"));
    assert_int_equal(input_list_open(&list, NULL, 0, &err), -1);
    free(missing[0]);
    free(missing[1]);
    free(empty[0]);
    remove_folder(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_are_all_files_below_by_name),
        cmocka_unit_test(inputs_keep_their_order),
        cmocka_unit_test(nothing_to_read_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
