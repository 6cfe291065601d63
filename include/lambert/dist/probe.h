/* What messages between ranks cost, measured: for `lambert bench net` and `lambert doctor`. All functions are
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

/* What a link between two ranks is like: seconds that a few bytes take one way, and bytes a second, one way at a
 * time. */
struct probe_link {
    double latency, bandwidth;
};

/* links [ranks]: of each rank with the next one, of the last with the first (with two ranks, the same link twice; with
 * one, nothing). Every second link is measured at once, so that it takes the same time for any number of ranks: not
 * much more than `seconds` in all, unless a link is so slow that 64 KB take longer. */
void probe_neighbours(const struct dist *dist, double seconds, struct probe_link *links);

/* How a rank's clock (of the time of day) stands to rank 0's: seconds that it is ahead, and how far off that may be,
 * half of the shortest question and answer. within is INFINITY where the rank was not asked, for lack of time. */
struct probe_clock {
    double ahead, within;
};

/* clocks [ranks], after `seconds` or when all were asked. By rank 0, one after another: those that are the first of their
 * node (first [ranks], probe_nodes()) before all others. */
void probe_clocks(const struct dist *dist, const int *first, double seconds,
                  struct probe_clock *clocks);

#endif
