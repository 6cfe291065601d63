#include "lib/scratch.h"

#include <string.h>
#include <time.h>

#include "base/terminal.h"
#include "lambert/base/clock.h"
#include "lambert/base/log.h"
#include "lambert/base/progress.h"

static void clock_texts(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(clock_text(0, text), "0:00");
    assert_string_equal(clock_text(59.6, text), "1:00");
    assert_string_equal(clock_text(245, text), "4:05");
    assert_string_equal(clock_text(3599, text), "59:59");
    assert_string_equal(clock_text(3723, text), "1:02:03");
    assert_string_equal(clock_text(360000, text), "100:00:00");
    assert_string_equal(clock_text(0.0 / 0.0, text), "?");
    assert_string_equal(clock_text(-5, text), "?");
    assert_string_equal(clock_text(1e300, text), "?");
}

static void clock_in_words(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(clock_words(0, text), "0 s");
    assert_string_equal(clock_words(-0.1, text), "0 s");
    assert_string_equal(clock_words(99.4, text), "99 s");
    assert_string_equal(clock_words(99.6, text), "2 min");
    assert_string_equal(clock_words(5960, text), "99 min");
    assert_string_equal(clock_words(5975, text), "1 h 40 min");
    assert_string_equal(clock_words(11520, text), "3 h 12 min");
    assert_string_equal(clock_words(7199, text), "2 h 0 min");
    assert_string_equal(clock_words(171000, text), "2 d 0 h");
    assert_string_equal(clock_words(446400, text), "5 d 4 h");
    assert_string_equal(clock_words(0.0 / 0.0, text), "?");
}

static void clock_goes_forward(void **state)
{
    (void)state;
    double before = clock_seconds();
    nanosleep(&(struct timespec){0, 5000000}, NULL);
    assert_true(clock_seconds() - before >= 0.005);
}

/* As if it had begun so many seconds ago. */
static void begin(struct progress *progress, double total, bool terminal, double ago)
{
    progress_init(progress, "preparing", total, "MB", 10);
    progress->terminal = terminal;
    progress->started -= ago;
    progress->last_drawn -= ago;
}

static void in_a_log_file(void **state)
{
    (void)state;
    struct progress progress;
    struct buffer said = {0};
    catch_begin();
    progress_init(&progress, "preparing", 400, "MB", 10);
    bool terminal = progress.terminal;
    begin(&progress, 400, false, 60);
    progress_update(&progress, 100, "%d documents", 5);
    progress_update(&progress, 200, "too soon");
    progress_release(&progress);
    catch_end(&said);
    assert_false(terminal);
    assert_string_equal(buffer_text(&said),
                        "preparing  100 of 400 MB  25%  3:00 left  5 documents\n");
    buffer_release(&said);
}

static void resumed_work_is_not_counted(void **state)
{
    (void)state;
    struct progress progress;
    struct buffer said = {0};
    catch_begin();
    begin(&progress, 400, false, 60);
    progress.initial = 100;
    progress_update(&progress, 200, "%s", "");
    catch_end(&said);
    assert_string_equal(buffer_text(&said), "preparing  200 of 400 MB  50%  2:00 left\n");
    buffer_release(&said);
}

static void unknown_total(void **state)
{
    (void)state;
    struct progress progress;
    struct buffer said = {0};
    catch_begin();
    begin(&progress, 0, false, 75);
    progress_update(&progress, 3.25, "note");
    catch_end(&said);
    assert_string_equal(buffer_text(&said), "preparing  3.2 MB  1:15  note\n");
    buffer_release(&said);
}

static void on_a_terminal(void **state)
{
    (void)state;
    struct progress progress;
    struct buffer said = {0};
    catch_begin();
    begin(&progress, 7.5, true, 10);
    progress_update(&progress, 3.75, "a note that is so long that it does not fit in 80 columns");
    progress_update(&progress, 4, "too soon");
    log_info("message");
    log_info("again");
    progress_release(&progress);
    catch_end(&said);
    assert_string_equal(buffer_text(&said),
                        "\r\033[Kpreparing  3.8 of 7.5 MB  50%  [============            ]  "
                        "0:10 left  a note th\r\033[Kmessage\nagain\n");
    buffer_release(&said);
}

static void release_wipes(void **state)
{
    (void)state;
    struct progress progress;
    struct buffer said = {0};
    catch_begin();
    begin(&progress, 10, true, 10);
    progress_update(&progress, 20, "over"); /* more done than there was to do */
    progress_release(&progress);
    terminal_wipe(); /* nothing stands any more */
    catch_end(&said);
    assert_string_equal(buffer_text(&said),
                        "\r\033[Kpreparing  20 of 10 MB  100%  [========================]  over"
                        "\r\033[K");
    buffer_release(&said);
}

static void others_are_silent(void **state)
{
    (void)state;
    struct progress progress;
    struct buffer said = {0};
    catch_begin();
    begin(&progress, 10, false, 60);
    log_set_rank(1);
    progress_update(&progress, 5, "other rank");
    log_set_rank(0);
    log_set_level(LOG_WARNING);
    progress_update(&progress, 5, "quiet");
    log_set_level(LOG_INFO);
    catch_end(&said);
    assert_string_equal(buffer_text(&said), "");
    buffer_release(&said);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(clock_texts),
        cmocka_unit_test(clock_in_words),
        cmocka_unit_test(clock_goes_forward),
        cmocka_unit_test(in_a_log_file),
        cmocka_unit_test(resumed_work_is_not_counted),
        cmocka_unit_test(unknown_total),
        cmocka_unit_test(on_a_terminal),
        cmocka_unit_test(release_wipes),
        cmocka_unit_test(others_are_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
