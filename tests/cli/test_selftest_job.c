/* What lambert selftest runs: all words reach it, however many; it is waited for, but not for ever; and what could not
 * be begun leaves nothing. */
#include "cli/selftest_job.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lib/scratch.h"

static void open_job(struct selftest_job *job)
{
    struct error err;
    assert_int_equal(selftest_job_open(job, scratch_folder(), &err), 0);
}

/* Commands are of that program, and not of this one. */
static void run_another(struct selftest_job *job, const char *program)
{
    free(job->program);
    job->program = memory_copy_text(program);
}

static void a_job_that_cannot_be_opened_leaves_nothing(void **state)
{
    (void)state;
    struct selftest_job job;
    struct error err;
    assert_int_equal(selftest_job_open(&job, "/no/such/folder", &err), -1);
    assert_non_null(strstr(err.text, "/no/such/folder"));
    assert_null(job.program);
    assert_null(job.folder);
}

static void all_words_of_a_launcher_are_passed_on(void **state)
{
    (void)state;
    struct selftest_job job;
    open_job(&job);
    char *output = selftest_path(&job, "said");
    for (int count = 1; count <= 300; count += count < 60 || count > 66 ? 40 : 1) {
        struct buffer launcher = {0}, said = {0}, wanted = {0};
        struct error err;
        buffer_print(&launcher, "echo");
        for (int i = 0; i < count; i++)
            buffer_print(&launcher, "  %d@", i);
        assert_int_equal(selftest_run(&job, buffer_text(&launcher), "x=@y z", &err), 0);
        for (int i = 0; i < count; i++)
            buffer_print(&wanted, "%d@ ", i);
        buffer_print(&wanted, "%s x=%s/y z\n", job.program, job.folder);
        assert_int_equal(file_read(output, &said, &err), 0);
        assert_string_equal(buffer_text(&said), buffer_text(&wanted));
        buffer_release(&launcher);
        buffer_release(&said);
        buffer_release(&wanted);
    }
    free(output);
    selftest_job_close(&job, false);
}

static void nothing_is_waited_for_for_ever(void **state)
{
    (void)state;
    struct selftest_job job;
    struct child child;
    struct error err;
    open_job(&job);
    run_another(&job, "sleep");
    job.patience = 0.1;
    assert_int_equal(selftest_run(&job, NULL, "60", &err), -1);
    assert_string_equal(err.text, "lambert 60 has not ended after 0.1 s");

    char *never = selftest_path(&job, "never"), *there = selftest_path(&job, "said");
    assert_int_equal(selftest_start(&job, &child, NULL, "60", &err), 0);
    assert_int_equal(selftest_await(&job, &child, "60", never, &err), -1);
    assert_non_null(strstr(err.text, "lambert 60 has not written /"));
    assert_int_equal(child.process, 0);

    /* It has written its file, and goes on. */
    assert_int_equal(selftest_start(&job, &child, NULL, "60", &err), 0);
    assert_int_equal(selftest_await(&job, &child, "60", there, &err), 0);
    assert_int_not_equal(child.process, 0);
    child_end(&child, SIGKILL);
    assert_int_equal(child.code, 128 + SIGKILL);

    /* It ends without. */
    job.patience = 60;
    assert_int_equal(selftest_start(&job, &child, NULL, "0", &err), 0);
    assert_int_equal(selftest_await(&job, &child, "0", never, &err), 0);
    assert_int_equal(child.process, 0);
    assert_int_equal(selftest_finish(&job, &child, "0", &err), 0);
    free(never);
    free(there);
    selftest_job_close(&job, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_that_cannot_be_opened_leaves_nothing),
        cmocka_unit_test(all_words_of_a_launcher_are_passed_on),
        cmocka_unit_test(nothing_is_waited_for_for_ever),
    };
    return cmocka_run_group_tests(tests, scratch_setup, scratch_teardown);
}
