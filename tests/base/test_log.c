#include "lib/scratch.h"

#include <pthread.h>
#include <string.h>

#include "lambert/base/log.h"

static void say_all(void)
{
    log_error("e%d", 1);
    log_warning("w%d", 2);
    log_info("i%d", 3);
    log_debug("d%d", 4);
}

static void assert_said(enum log_level level, int rank, const char *wanted)
{
    struct buffer said = {0};
    log_set_level(level);
    log_set_rank(rank);
    catch_begin();
    say_all();
    catch_end(&said);
    log_set_level(LOG_INFO);
    log_set_rank(0);
    assert_string_equal(buffer_text(&said), wanted);
    buffer_release(&said);
}

static void levels(void **state)
{
    (void)state;
    assert_said(LOG_ERROR, 0, "error: e1\n");
    assert_said(LOG_WARNING, 0, "error: e1\nwarning: w2\n");
    assert_said(LOG_INFO, 0, "error: e1\nwarning: w2\ni3\n");
    assert_said(LOG_DEBUG, 0, "error: e1\nwarning: w2\ni3\ndebug: d4\n");
}

static void other_ranks(void **state)
{
    (void)state;
    assert_said(LOG_INFO, 2, "[rank 2] error: e1\n[rank 2] warning: w2\n");
    assert_said(LOG_DEBUG, 2, "[rank 2] error: e1\n[rank 2] warning: w2\n[rank 2] debug: d4\n");
}

static void long_lines_are_whole(void **state)
{
    (void)state;
    char text[20000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    struct buffer said = {0};
    catch_begin();
    log_info("%s", text);
    catch_end(&said);
    assert_int_equal(said.size, sizeof text);
    assert_int_equal(said.data[said.size - 1], '\n');
    buffer_release(&said);
}

enum { THREADS = 4, LINES = 200, WIDTH = 300 };

static void *talk(void *letter)
{
    for (int i = 0; i < LINES; i++) {
        char text[WIDTH + 1];
        memset(text, *(char *)letter, WIDTH);
        text[WIDTH] = '\0';
        log_info("%s", text);
    }
    return NULL;
}

static void threads_do_not_interleave(void **state)
{
    (void)state;
    struct buffer said = {0};
    pthread_t threads[THREADS];
    char letters[] = "abcd";
    catch_begin();
    for (int t = 0; t < THREADS; t++)
        pthread_create(&threads[t], NULL, talk, &letters[t]);
    for (int t = 0; t < THREADS; t++)
        pthread_join(threads[t], NULL);
    catch_end(&said);

    assert_int_equal(said.size, THREADS * LINES * (WIDTH + 1));
    int lines[THREADS] = {0};
    for (size_t line = 0; line < said.size; line += WIDTH + 1) {
        const char *text = (const char *)said.data + line;
        for (int i = 1; i < WIDTH; i++)
            assert_int_equal(text[i], text[0]);
        assert_int_equal(text[WIDTH], '\n');
        lines[text[0] - 'a']++;
    }
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(lines[t], LINES);
    buffer_release(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels),
        cmocka_unit_test(other_ranks),
        cmocka_unit_test(long_lines_are_whole),
        cmocka_unit_test(threads_do_not_interleave),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
