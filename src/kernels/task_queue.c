#include <omp.h>
#include <stdalign.h>
#include <stdatomic.h>

#include "lambert/base/memory.h"
#include "lambert/kernels/parallel.h"

/* A thread's run. Each on a line of its own, which others write only when they help. */
struct run {
    alignas(128) atomic_int next;
    int end;
};

/* Larger when there are more threads; never given back. */
static struct run *runs;
static int threads, memory;

static void (*pause_between)(void *who);
static void *pause_who;

static void reserve(int count)
{
    void *data;
    struct error err;
    if (memory >= count)
        return;
    memory_big_free(runs, (size_t)memory * sizeof *runs);
    if (memory_big(&data, (size_t)count * sizeof *runs, "tasks of threads", &err) < 0)
        bug("%s", err.text);
    runs = data;
    memory = count;
}

void task_queue_reset(int count)
{
    threads = omp_get_max_threads();
    reserve(threads);
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
