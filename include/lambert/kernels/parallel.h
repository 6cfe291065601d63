/* Rows over threads, so that results do not depend on how many threads there are.
 *
 * Work on T rows is cut into blocks of ROW_BLOCK rows whatever the number of threads. A sum over
 * rows (the gradient of a bias or of LayerNorm's gamma) is first made per block, into a row of
 * `partial`, and then the blocks are added in order, each thread taking its own columns. */
#ifndef LAMBERT_KERNELS_PARALLEL_H
#define LAMBERT_KERNELS_PARALLEL_H

#include <stddef.h>

#include "lambert/base/real.h"

enum { ROW_BLOCK = 32 };

static inline int row_blocks(int rows)
{
    return (rows + ROW_BLOCK - 1) / ROW_BLOCK;
}

/* sum [n] += the rows of partial [blocks, n], in order. Opens a parallel region. */
void column_sums(const real *partial, int blocks, int n, real *sum);

/* x [n] = 0, each thread a run of it. */
void array_clear(real *x, size_t n);

/* --- tasks ------------------------------------------------------------------------------------
 *
 * Tasks [0, count) of about the same size, given out in runs of neighbours, one run a thread: so a
 * thread gets the same rows from one loop to the next and finds them in its own caches (cores may
 * have no cache in common). A thread that has finished its run takes what is left of the others'.
 *
 *     task_queue_reset(count);
 *     #pragma omp parallel
 *         for (int t = task_queue_next(); t >= 0; t = task_queue_next())
 *
 * task_queue_next() gives -1 when no task is left. There is one queue for the process:
 * task_queue_reset() is called outside of parallel regions, by one thread of the program, and the next region's threads
 * take the tasks. The queue keeps nothing but its memory from one loop to the next, so that
 * several models may work in turn. */
void task_queue_reset(int count);
int task_queue_next(void);

/* From now on the first thread calls pause(who) before each task that it takes: what has to be done
 * now and then, such as moving messages on, need not wait for the end of a big product. NULL: nothing.
 * Whoever sets it takes it back, as bert_train() does. */
void task_queue_set_pause(void (*pause)(void *who), void *who);

#endif
