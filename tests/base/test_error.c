#include "lib/scratch.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "lambert/base/error.h"
#include "lambert/base/log.h"

static void sentences(void **state)
{
    (void)state;
    struct error err;
    assert_int_equal(error_set(&err, "no %s at %d", "bread", 7), -1);
    assert_string_equal(err.text, "no bread at 7");
    assert_int_equal(error_prefix(&err, "%s:%d", "a.ini", 3), -1);
    assert_string_equal(err.text, "a.ini:3: no bread at 7");
}

static void errno_is_told(void **state)
{
    (void)state;
    struct error err;
    errno = ENOENT;
    assert_int_equal(error_errno(&err, "cannot open %s", "x"), -1);
    assert_string_equal(err.text, "cannot open x: No such file or directory");
}

static void own_text_may_be_an_argument(void **state)
{
    (void)state;
    struct error err;
    error_set(&err, "inner");
    error_set(&err, "outer (%s)", err.text);
    assert_string_equal(err.text, "outer (inner)");
}

static void long_sentences_lose_their_middle(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct error err;
    error_set(&err, "%s; move it", text);
    assert_true(strlen(err.text) > sizeof err.text - 100);
    error_prefix(&err, "where");
    assert_true(strlen(err.text) > sizeof err.text - 200);
    assert_memory_equal(err.text, "where: xxx", 10);
    assert_string_equal(err.text + strlen(err.text) - 10, "x; move it");
}

static void names_from_outside_are_written_out(void **state)
{
    (void)state;
    struct error err;
    errno = ENOENT;
    error_errno(&err, "cannot open %s", "a\x1B[2J\nerror: b");
    error_prefix(&err, "%s", "x\ry");
    assert_string_equal(err.text,
                        "x\\x0Dy: cannot open a\\x1B[2J\\x0Aerror: b: No such file or directory");
}

static void make_a_bug(void)
{
    log_set_rank(3);
    bug("%d apples", 5);
}

static void break_a_requirement(void)
{
    require(1 + 1 == 3);
}

static void keep_a_requirement(void)
{
    require(1 + 1 == 2);
}

static void bugs_end_the_process(void **state)
{
    (void)state;
    struct buffer said = {0};
    assert_int_equal(signal_of(make_a_bug, &said), SIGABRT);
    assert_non_null(strstr(buffer_text(&said), "test_error.c:"));
    assert_non_null(strstr(buffer_text(&said), " (rank 3): 5 apples\n"));
    assert_int_equal(signal_of(break_a_requirement, &said), SIGABRT);
    assert_non_null(strstr(buffer_text(&said), "(rank 0): 1 + 1 == 3 does not hold\n"));
    assert_int_equal(signal_of(keep_a_requirement, &said), 0);
    assert_string_equal(buffer_text(&said), "");
    buffer_release(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences),
        cmocka_unit_test(errno_is_told),
        cmocka_unit_test(own_text_may_be_an_argument),
        cmocka_unit_test(long_sentences_lose_their_middle),
        cmocka_unit_test(names_from_outside_are_written_out),
        cmocka_unit_test(bugs_end_the_process),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
