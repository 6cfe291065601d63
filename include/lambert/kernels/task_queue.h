/* Tasks [0, count) of about the same size for the threads of a parallel region, given out in runs
 * of neighbours, one run a thread: so a thread gets the same rows from one loop to the next and
 * finds them in its own caches (cores may have no cache in common). A thread that has finished its
 * run takes what is left of the others'.
 *
 *     task_queue_reset(count);
 *     #pragma omp parallel
 *         for (int t = task_queue_next(); t >= 0; t = task_queue_next())
 *
 * There is one queue for the process: task_queue_reset() is called outside of parallel regions, by
 * one thread of the program, and the next region's threads take the tasks. The queue keeps nothing
 * but its memory from one loop to the next, so that several models may work in turn. */
#ifndef LAMBERT_KERNELS_TASK_QUEUE_H
#define LAMBERT_KERNELS_TASK_QUEUE_H

void task_queue_reset(int count);

/* The next task of the calling thread; -1 when none is left. */
int task_queue_next(void);

/* From now on the first thread calls pause(who) before each task that it takes: what has to be done
 * now and then, such as moving messages on, need not wait for the end of a big product. NULL:
 * nothing. Whoever sets it takes it back, as bert_train() does. */
void task_queue_set_pause(void (*pause)(void *who), void *who);

#endif
