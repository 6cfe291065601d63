#include "lambert/kernels/task_queue.h"

#include <omp.h>
#include <stdalign.h>
#include <stdatomic.h>

#include "lambert/base/memory.h"

/* The tasks of one thread, [next, end). Each run has a line of the cache to itself, which other
 * threads write only when they have finished their own run and help. */
struct run {
    alignas(128) atomic_int next;
    int end;
};

/* The queue of the process. Its memory grows with the number of threads and is never given back. */
static struct run *runs; /* [reserved] */
static int threads, reserved;

static void (*pause_between)(void *who);
static void *pause_who;

static void reserve_runs(int count)
{
    void *data;
    struct error err;
    if (reserved >= count)
        return;
    memory_big_free(runs, (size_t)reserved * sizeof *runs);
    if (memory_big(&data, (size_t)count * sizeof *runs, "tasks of threads", &err) < 0)
        end_process("%s", err.text);
    runs = data;
    reserved = count;
}

void task_queue_reset(int count)
{
    threads = omp_get_max_threads();
    reserve_runs(threads);
    for (int t = 0; t < threads; t++) {
        atomic_init(&runs[t].next, (int)((long long)count * t / threads));
        runs[t].end = (int)((long long)count * (t + 1) / threads);
    }
}

int task_queue_next(void)
{
    const int mine = omp_get_thread_num();
    if (mine == 0 && pause_between)
        pause_between(pause_who);
    for (int i = 0; i < threads; i++) {
        struct run *run = &runs[(mine + i) % threads];
        /* Looking first spares the owner an atomic addition that takes the line away from it. */
        if (atomic_load_explicit(&run->next, memory_order_relaxed) >= run->end)
            continue;
        int task = atomic_fetch_add_explicit(&run->next, 1, memory_order_relaxed);
        if (task < run->end)
            return task;
    }
    return -1;
}

void task_queue_set_pause(void (*pause)(void *who), void *who)
{
    pause_between = pause;
    pause_who = who;
}
