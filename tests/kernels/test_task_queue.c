/* Every task is taken once, a thread's own run first, and nobody's run is left behind. */
#include "lib/unit.h"

#include <omp.h>
#include <string.h>

#include "lambert/kernels/task_queue.h"

enum { MOST = 1000, MOST_THREADS = 8 };

static int taken[MOST];
static int first_of[MOST_THREADS]; /* the task that a thread took first, or -1 */

static void take_all(void)
{
    const int me = omp_get_thread_num();
    first_of[me] = task_queue_next();
    for (int t = first_of[me]; t >= 0; t = task_queue_next())
#pragma omp atomic
        taken[t]++;
}

static void expect_once(int count)
{
    for (int t = 0; t < MOST; t++)
        assert_int_equal(taken[t], t < count ? 1 : 0);
    memset(taken, 0, sizeof taken);
}

static void every_task_once(void **state)
{
    static const int counts[] = {0, 1, 2, 3, 7, 8, 64, MOST};
    const int before = omp_get_max_threads();
    (void)state;
    for (int threads = 1; threads <= MOST_THREADS; threads++)
        for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
            omp_set_num_threads(threads);
            task_queue_reset(counts[i]);
#pragma omp parallel
            take_all();
            expect_once(counts[i]);
        }
    omp_set_num_threads(before);
}

/* Where all begin before anybody is through. */
static void own_run_first(void **state)
{
    enum { THREADS = 4 };
    const int before = omp_get_max_threads();
    (void)state;
    omp_set_num_threads(THREADS);
    task_queue_reset(MOST);
#pragma omp parallel
    {
        first_of[omp_get_thread_num()] = task_queue_next();
    }
    for (int t = 0; t < THREADS; t++)
        assert_int_equal(first_of[t], MOST * t / THREADS);
    omp_set_num_threads(before);
}

static void others_runs_are_taken(void **state)
{
    enum { THREADS = 3 };
    const int before = omp_get_max_threads();
    (void)state;
    omp_set_num_threads(THREADS);
    for (int busy = 0; busy < THREADS; busy++) { /* the only thread that takes anything */
        task_queue_reset(MOST);
#pragma omp parallel
        if (omp_get_thread_num() == busy)
            take_all();
        assert_int_equal(first_of[busy], MOST * busy / THREADS);
        expect_once(MOST);
    }
    omp_set_num_threads(before);
}

static void count_pause(void *who)
{
    assert_int_equal(omp_get_thread_num(), 0);
    ++*(int *)who;
}

/* The thread that deals, here the only one that takes anything, pauses before each task and before
 * it finds none left. */
static void the_first_thread_pauses(void **state)
{
    enum { THREADS = 3 };
    const int before = omp_get_max_threads();
    int pauses = 0;
    (void)state;
    omp_set_num_threads(THREADS);
    task_queue_set_pause(count_pause, &pauses);
    task_queue_reset(MOST);
#pragma omp parallel
    if (omp_get_thread_num() == 0)
        take_all();
    assert_int_equal(pauses, MOST + 1);
    task_queue_reset(MOST);
#pragma omp parallel
    if (omp_get_thread_num() > 0)
        take_all();
    assert_int_equal(pauses, MOST + 1);
    task_queue_set_pause(NULL, NULL);
    task_queue_reset(MOST);
#pragma omp parallel
    take_all();
    assert_int_equal(pauses, MOST + 1);
    omp_set_num_threads(before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_task_once),
        cmocka_unit_test(own_run_first),
        cmocka_unit_test(others_runs_are_taken),
        cmocka_unit_test(the_first_thread_pauses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
