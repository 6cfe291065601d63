#include "lib/scratch.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "lambert/base/activity.h"
#include "lambert/base/memory.h"

static void small_things(void **state)
{
    (void)state;
    int *numbers = memory_new(100, sizeof *numbers);
    for (int i = 0; i < 100; i++)
        assert_int_equal(numbers[i], 0);
    numbers[99] = 7;
    numbers = memory_resize(numbers, 10000, sizeof *numbers);
    assert_int_equal(numbers[99], 7);
    free(numbers);

    void *nothing = memory_new(0, 8);
    assert_non_null(nothing);
    nothing = memory_resize(nothing, 0, 8);
    assert_non_null(nothing);
    free(nothing);
}

static void texts(void **state)
{
    (void)state;
    char *copy = memory_copy_text("abc");
    char *text = memory_text("%s-%05d", copy, 42);
    assert_string_equal(text, "abc-00042");
    free(copy);
    free(text);
}

static void ask_too_much(void)
{
    free(memory_new(SIZE_MAX / 2, 4));
}

static void resize_too_much(void)
{
    free(memory_resize(NULL, SIZE_MAX / 2, 4));
}

static void impossible_sizes_end_the_process(void **state)
{
    (void)state;
    struct buffer said = {0};
    assert_int_equal(signal_of(ask_too_much, &said), SIGABRT);
    assert_non_null(strstr(buffer_text(&said), "out of memory"));
    assert_int_equal(signal_of(resize_too_much, &said), SIGABRT);
    assert_non_null(strstr(buffer_text(&said), "out of memory"));
    buffer_release(&said);
}

/* Beyond a limit of addresses, as beyond memory: no bug, but a line that says what to do, and exit code 1. */
static void run_out(void)
{
    struct rlimit limit = {(rlim_t)1 << 30, (rlim_t)1 << 30};
    activity_task("step", 12);
    setrlimit(RLIMIT_AS, &limit);
    size_t size = 1 << 20;
    for (void *data = NULL; size < (size_t)1 << 40; size *= 2)
        data = memory_resize(data, size, 1);
}

static void run_out_of_new(void)
{
    struct rlimit limit = {(rlim_t)1 << 30, (rlim_t)1 << 30};
    setrlimit(RLIMIT_AS, &limit);
    free(memory_new((size_t)1 << 20, 1 << 20));
}

static void no_memory_is_an_error_line(void **state)
{
    (void)state;
    struct buffer said = {0};
#ifdef __SANITIZE_ADDRESS__
    skip(); /* its allocator ends the process itself */
#endif
    assert_int_equal(exit_code_of(run_out, &said), 1);
    assert_int_equal(strncmp(buffer_text(&said), "error: out of memory: ", 22), 0);
    assert_non_null(strstr(buffer_text(&said),
                           "MB more wanted in: step 12; ulimit -v allows this process 1074 MB"));
    assert_null(strstr(buffer_text(&said), "bug"));
    buffer_reset(&said);
    assert_int_equal(exit_code_of(run_out_of_new, &said), 1);
    assert_non_null(
        strstr(buffer_text(&said), "out of memory: 1099511.628 MB more wanted; ulimit"));
    buffer_release(&said);
}

static void big_memory(void **state)
{
    (void)state;
    const size_t sizes[] = {0, 1, 4096, 4097, (2 << 20) - 1, 2 << 20, (2 << 20) + 1, 9 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct error err;
        void *data;
        assert_int_equal(memory_big(&data, sizes[i], "a test", &err), 0);
        assert_non_null(data);
        assert_int_equal((uintptr_t)data % 64, 0);
        if (sizes[i] >= 2 << 20)
            assert_int_equal((uintptr_t)data % (2 << 20), 0);
        unsigned char *bytes = data;
        for (size_t k = 0; k < sizes[i]; k++)
            assert_true(bytes[k] == 0);
        memset(bytes, 0xff, sizes[i]);
        memory_big_free(data, sizes[i]);
    }
    memory_big_free(NULL, 0);
}

static void too_big(void **state)
{
    (void)state;
    struct error err;
    void *data = &err;
    assert_int_equal(memory_big(&data, (size_t)1 << 60, "the moments", &err), -1);
    assert_null(data);
    const char *wanted = "cannot get 1152921504606.8 MB of memory for the moments: ";
    assert_int_equal(strncmp(err.text, wanted, strlen(wanted)), 0);
    assert_int_equal(memory_big(&data, SIZE_MAX, "the moments", &err), -1);
    assert_non_null(strstr(err.text, "the moments"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_things),
        cmocka_unit_test(texts),
        cmocka_unit_test(impossible_sizes_end_the_process),
        cmocka_unit_test(no_memory_is_an_error_line),
        cmocka_unit_test(big_memory),
        cmocka_unit_test(too_big),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
