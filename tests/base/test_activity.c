#include "lib/scratch.h"

#include <pthread.h>
#include <time.h>

#include "lambert/base/activity.h"

static void is_at(const char *wanted)
{
    struct buffer text = {0};
    activity_print(&text);
    assert_string_equal(buffer_text(&text), wanted);
    buffer_release(&text);
}

/* The first test: the process has not said anything yet. */
static void nothing_said(void **state)
{
    (void)state;
    is_at("it has not said what it does");
    assert_int_equal(activity_heartbeats(), 0);
}

static void coarse_words_clear_fine_ones(void **state)
{
    (void)state;
    activity_task("step", 12);
    is_at("step 12");
    activity_at("backward, layer", 7);
    is_at("step 12, backward, layer 7");
    activity_wait_begin("MPI_Bcast from rank", 0);
    is_at("step 12, backward, layer 7, waiting in MPI_Bcast from rank 0");
    activity_wait_end();
    is_at("step 12, backward, layer 7");
    activity_wait_begin("MPI_Reduce_scatter of bucket", 3);
    activity_at("updating weights", -1);
    is_at("step 12, updating weights");
    activity_task("evaluation", -1);
    is_at("evaluation");
}

static void every_mark_is_a_move(void **state)
{
    (void)state;
    uint64_t before = activity_heartbeats();
    activity_task("step", 1);
    activity_at("there", -1);
    activity_wait_begin("MPI_Barrier", -1);
    activity_wait_end();
    activity_heartbeat();
    assert_int_equal(activity_heartbeats(), before + 5);
}

static void waiting_is_added_up(void **state)
{
    (void)state;
    const struct timespec moment = {0, 20000000};
    double before = activity_waited();
    nanosleep(&moment, NULL);
    assert_true(activity_waited() == before);
    for (int i = 0; i < 2; i++) {
        activity_wait_begin("MPI_Barrier", -1);
        nanosleep(&moment, NULL);
        activity_wait_end();
    }
    assert_true(activity_waited() - before >= 0.04);
}

static void *move_often(void *context)
{
    for (int i = 0; i < 100000; i++)
        activity_heartbeat();
    return context;
}

static void any_thread_may_move(void **state)
{
    (void)state;
    pthread_t threads[3];
    uint64_t before = activity_heartbeats();
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, move_often, NULL), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(activity_heartbeats(), before + 300000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_said),         cmocka_unit_test(coarse_words_clear_fine_ones),
        cmocka_unit_test(every_mark_is_a_move), cmocka_unit_test(waiting_is_added_up),
        cmocka_unit_test(any_thread_may_move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
