/* What messages between ranks cost, measured: for `lambert bench net`. All functions are
 * collective; what they return is the same on every rank. */
#ifndef LAMBERT_DIST_PROBE_H
#define LAMBERT_DIST_PROBE_H

#include <stddef.h>

#include "lambert/dist/dist.h"

/* first [ranks] = the lowest rank on the node of each rank. */
void probe_nodes(const struct dist *dist, int *first);

/* Seconds that a message of `bytes` takes from rank a to rank b, or back: the mean of `repeat`
 * journeys there and back, while the other ranks wait. a and b differ; bytes is below 2 GB. */
double probe_pair(const struct dist *dist, int a, int b, size_t bytes, int repeat);

/* Messages on their way at a time between two ranks: with one alone, Open MPI sends over TCP in one
 * direction and then in the other. */
enum { PROBE_PARTS = 4 };

/* Seconds in which every rank sends `bytes` to every other rank, all at once, as the members of a
 * group of the exchange do (each in PROBE_PARTS messages): the mean of `repeat`, of the rank that
 * took longest. Takes memory for 2 * ranks * bytes; bytes is below 2 GB. */
double probe_all(const struct dist *dist, size_t bytes, int repeat);

/* Seconds of a rank's time that it takes to begin a message of a few bytes, sending or receiving,
 * and to see that it is done: every rank sends `messages` to the next one, all on their way
 * together; of the rank that took longest. Two ranks or more. */
double probe_calls(const struct dist *dist, int messages);

#endif
