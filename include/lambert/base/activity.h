/* Where this process is in its work, for whoever looks from another thread: the watchdog of train
 * says it of a job that stands still.
 *
 * Three words, from the coarse to the fine: a task ("step 12"), a place in it ("backward, layer
 * 7"), and what is waited for ("MPI_Bcast from rank 0"). Each is a string that lives for ever and a
 * number behind it (negative: none). Setting one clears the finer ones.
 *
 *     activity_task("step", 12);
 *     activity_at("backward, layer", 7);
 *     activity_wait_begin("MPI_Bcast from rank", 0);  ...  activity_wait_end();
 *
 * Every mark is a sign of life too; work that takes long between two marks gives some with
 * activity_heartbeat(), from any thread. The marks themselves are set by the main thread alone. A
 * mark is a few stores, so that it may stand anywhere but in the loops of kernels.
 *
 * Process-wide, as the log level is: a mark is worth setting in every layer, and no layer below
 * train has anything to hand it through. */
#ifndef LAMBERT_BASE_ACTIVITY_H
#define LAMBERT_BASE_ACTIVITY_H

#include <stdint.h>

#include "lambert/base/buffer.h"

void activity_task(const char *what, int64_t number);
void activity_at(const char *what, int64_t number); /* NULL: in no place any more */

/* Around what blocks until other ranks have come to it; not nested. */
void activity_wait_begin(const char *what, int64_t number);
void activity_wait_end(void);

/* Seconds between activity_wait_begin() and activity_wait_end(), added up since the start; for the
 * main thread. */
double activity_waited(void);

/* A sign of life without a word. */
void activity_heartbeat(void);

/* How many signs of life there were. Any thread. */
uint64_t activity_heartbeats(void);

/* "step 12, backward, layer 7, waiting in MPI_Bcast from rank 0", as much as there is room for; "" where nothing was said. Any thread; of a process
 * that moves meanwhile it may mix two places. */
void activity_describe(char *text, size_t size);

/* The same, or a sentence that nothing was said. */
void activity_print(struct buffer *text);

#endif
