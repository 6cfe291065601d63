#include "lib/scratch.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

static void names_from_outside_are_written_out(void **state)
{
    (void)state;
    struct buffer said = {0};
    char text[100000];
    memset(text, '\x1B', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    catch_begin();
    log_warning("%s", "a\x1B[2J\nerror: b");
    log_info("%s; it is told", text);
    catch_end(&said);
    const char *second = strchr(buffer_text(&said), '\n') + 1;
    assert_memory_equal(said.data, "warning: a\\x1B[2J\\x0Aerror: b\n", 30);
    assert_int_equal(strlen(strchr(second, '\n')), 1); /* one line */
    assert_non_null(strstr(second, " bytes]... \\x1B"));
    assert_non_null(strstr(second, "; it is told"));
    assert_true(said.size < 70000);
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

/* --- written by a thread ---------------------------------------------------------------------- */

enum { MANY = 30000, LINE = 100 }; /* 3 MB: more than a pipe and what is kept for it */

/* In a child, whose standard error is a pipe of which this process has the other end; its exit code. */
static int in_child(void (*body)(void), struct buffer *said, bool reads)
{
    int ends[2], status;
    assert_int_equal(pipe(ends), 0);
    const pid_t child = fork();
    if (child == 0) {
        alarm(60); /* who waits for a reader waits for ever */
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        body();
        exit(0);
    }
    close(ends[1]);
    if (!reads)
        assert_int_equal(waitpid(child, &status, 0), child);
    for (ssize_t got = 1; got > 0;) {
        uint8_t *place = buffer_grow(said, 65536);
        got = read(ends[0], place, 65536);
        said->size -= (size_t)(65536 - (got > 0 ? got : 0));
    }
    if (reads)
        assert_int_equal(waitpid(child, &status, 0), child);
    close(ends[0]);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void say_many(void)
{
    for (int i = 0; i < MANY; i++)
        log_info("%-*d", LINE - 1, i);
}

/* It is lost what nobody reads, and known how much; speaking goes on all the same. */
static void say_many_to_nobody(void)
{
    log_write_behind();
    log_write_behind();
    say_many();
    /* until the pipe is full */
    for (struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT}; poll(&room, 1, 0) == 1;)
        log_flush(0.001);
    const struct log_losses losses = log_losses();
    _exit(losses.error != 0 || losses.lines < MANY / 2 || losses.lines > MANY - 65536 / LINE);
}

static void who_reads_nothing_stops_nobody(void **state)
{
    struct buffer said = {0};
    (void)state;
    assert_int_equal(in_child(say_many_to_nobody, &said, false), 0);
    assert_true(said.size >= 65536 / 2);                 /* pages of a pipe need not be full */
    for (size_t i = 0; (i + 1) * LINE <= said.size; i++) /* the first lines, whole, and no others */
        assert_int_equal(atoi((const char *)said.data + i * LINE), i);
    buffer_release(&said);
}

/* The reader comes back before the end: it is told what it missed, and gets what is said from then on. */
static void say_many_in_parts(void)
{
    int ends[2];
    char bytes[65536];
    size_t size = 0, last = 0;
    const int out = dup(STDERR_FILENO);
    if (pipe(ends) != 0 || dup2(ends[1], STDERR_FILENO) < 0)
        _exit(4);
    log_write_behind();
    say_many();
    const uint64_t lost = log_losses().lines;
    /* all that was kept, up to the last byte */
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    while (last < 1000) {
        const ssize_t got = read(ends[0], bytes, sizeof bytes);
        if (got > 0)
            size += (size_t)got, last = 0;
        else
            last++, log_flush(0.001);
    }
    if (size != (MANY - lost) * LINE)
        _exit(5);
    fcntl(ends[0], F_SETFL, 0);
    log_info("and on");
    log_flush(10);
    const ssize_t got = read(ends[0], bytes, sizeof bytes - 1);
    bytes[got > 0 ? got : 0] = '\0';
    dprintf(out, "%llu\n%s", (unsigned long long)lost, bytes);
}

static void what_is_lost_is_told(void **state)
{
    struct buffer said = {0}, wanted = {0};
    (void)state;
    assert_int_equal(in_child(say_many_in_parts, &said, true), 0);
    const unsigned long long lost = strtoull(buffer_text(&said), NULL, 10);
    buffer_print(
        &wanted,
        "%llu\nwarning: %llu lines of the log are lost here: they came faster than they were "
        "read\nand on\n",
        lost, lost);
    assert_string_equal(buffer_text(&said), buffer_text(&wanted));
    buffer_release(&said);
    buffer_release(&wanted);
}

static void say_few(void)
{
    log_write_behind();
    for (int i = 0; i < 1000; i++)
        log_info("%-*d", LINE - 1, i);
}

static void the_end_waits_for_who_reads(void **state)
{
    struct buffer said = {0};
    (void)state;
    assert_int_equal(in_child(say_few, &said, true), 0);
    assert_int_equal(said.size, 1000 * LINE);
    buffer_release(&said);
}

static void say_to_a_closed_pipe(void)
{
    int ends[2];
    signal(SIGPIPE, SIG_IGN);
    if (pipe(ends) != 0 || dup2(ends[1], STDERR_FILENO) < 0)
        _exit(4);
    close(ends[0]);
    log_write_behind();
    log_info("one\n  and two");
    log_flush(10);
    const struct log_losses losses = log_losses();
    if (losses.error != EPIPE || losses.lines != 2)
        _exit(3);
}

static void who_has_gone_is_known(void **state)
{
    struct buffer said = {0};
    (void)state;
    assert_int_equal(in_child(say_to_a_closed_pipe, &said, true), 0);
    buffer_release(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(levels),
        cmocka_unit_test(other_ranks),
        cmocka_unit_test(long_lines_are_whole),
        cmocka_unit_test(names_from_outside_are_written_out),
        cmocka_unit_test(threads_do_not_interleave),
        cmocka_unit_test(who_reads_nothing_stops_nobody),
        cmocka_unit_test(what_is_lost_is_told),
        cmocka_unit_test(the_end_waits_for_who_reads),
        cmocka_unit_test(who_has_gone_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
