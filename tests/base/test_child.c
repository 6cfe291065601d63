#include "lambert/base/child.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lib/scratch.h"

/* What `sh -c script` says and ends with. */
static void run(const char *script, const char *const *variables, const char *said, int code)
{
    struct child child;
    struct error err;
    const char *const words[] = {"sh", "-c", script, NULL};
    file_remove(scratch_path("said"), &err);
    assert_int_equal(child_start(&child, words, variables, scratch_path("said"), &err), 0);
    assert_true(child_wait(&child, 30));
    assert_int_equal(child.code, code);
    struct buffer text = {0};
    scratch_read(scratch_path("said"), &text);
    assert_string_equal(buffer_text(&text), said);
    buffer_release(&text);
}

static void says_and_ends(void **state)
{
    (void)state;
    run("echo one; echo two >&2; exit 7", NULL, "one\ntwo\n", 7);
    run("cat; kill -9 $$", NULL, "", 128 + SIGKILL);
}

static void has_variables(void **state)
{
    (void)state;
    setenv("CHILD_A", "before", 1);
    setenv("CHILD_AB", "stays", 1);
    const char *const variables[] = {"CHILD_A=after", "CHILD_C=new", NULL};
    run("echo $CHILD_A $CHILD_AB $CHILD_C", variables, "after stays new\n", 0);
    assert_string_equal(getenv("CHILD_A"), "before");
}

static void is_looked_at_and_ended(void **state)
{
    (void)state;
    struct child child;
    struct error err;
    const char *const words[] = {"sleep", "60", NULL};
    assert_int_equal(child_start(&child, words, NULL, scratch_path("said"), &err), 0);
    assert_false(child_wait(&child, 0));
    assert_false(child_wait(&child, 0.01));
    child_end(&child, SIGTERM);
    assert_true(child_wait(&child, 0));
    assert_int_equal(child.code, 128 + SIGTERM);
    child_end(&child, SIGTERM);
}

static void is_not_there(void **state)
{
    (void)state;
    struct child child;
    struct error err;
    const char *const words[] = {"no-such-program", NULL};
    assert_int_equal(child_start(&child, words, NULL, scratch_path("said"), &err), -1);
    assert_non_null(strstr(err.text, "cannot start no-such-program: "));
    assert_true(child_wait(&child, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_and_ends),
        cmocka_unit_test(has_variables),
        cmocka_unit_test(is_looked_at_and_ended),
        cmocka_unit_test(is_not_there),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
