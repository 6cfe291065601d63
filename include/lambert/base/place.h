/* Where this process is in its work, for whoever looks from another thread: the watchdog of train
 * says it of a job that stands still.
 *
 * Three words, from the coarse to the fine: a task ("step 12"), a place in it ("backward, layer
 * 7"), and what is waited for ("MPI_Bcast from rank 0"). Each is a string that lives for ever and a
 * number behind it (negative: none). Setting one clears the finer ones.
 *
 *     place_task("step", 12);
 *     place_at("backward, layer", 7);
 *     place_wait("MPI_Bcast from rank", 0);  ...  place_go();
 *
 * Every mark is a sign of life too; work that takes long between two marks gives some with
 * place_move(), from any thread. The marks themselves are set by the main thread alone. A mark is a
 * few stores, so that it may stand anywhere but in the loops of kernels.
 *
 * Process-wide, as the log level is: a mark is worth setting in every layer, and no layer below
 * train has anything to hand it through. */
#ifndef LAMBERT_BASE_PLACE_H
#define LAMBERT_BASE_PLACE_H

#include <stdint.h>

#include "lambert/base/buffer.h"

void place_task(const char *what, int64_t number);
void place_at(const char *what, int64_t number);

/* Around what blocks until other ranks have come to it; not nested. */
void place_wait(const char *what, int64_t number);
void place_go(void);

/* Seconds between place_wait() and place_go(), added up since the start; for the main thread. */
double place_waited(void);

/* A sign of life without a word. */
void place_move(void);

/* How many signs of life there were. Any thread. */
uint64_t place_moves(void);

/* "step 12, backward, layer 7, waiting in MPI_Bcast from rank 0". Any thread; of a process that
 * moves meanwhile it may mix two places. */
void place_print(struct buffer *text);

#endif
