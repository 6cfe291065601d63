/* How often each value of a long run of whole numbers occurs, in memory that does not grow with the
 * run: at most 13 MB, of which only what values fall into is touched. Values below 65,536 are
 * counted one by one, larger ones in steps of 1/32,768 of their size.
 *
 *     distribution_init -> distribution_add ... -> distribution_mean, _quantile -> _release */
#ifndef LAMBERT_SAMPLE_DISTRIBUTION_H
#define LAMBERT_SAMPLE_DISTRIBUTION_H

#include <stdint.h>

struct distribution {
    uint64_t *bins;
    uint64_t count; /* of values */
    uint64_t sum;   /* of values, modulo 2^64 */
    uint64_t largest;
};

void distribution_init(struct distribution *distribution);
void distribution_release(struct distribution *distribution);
void distribution_add(struct distribution *distribution, uint64_t value);

double distribution_mean(const struct distribution *distribution); /* 0 of nothing */

/* The value that comes after `part` (0 to 1) of all when they stand in order, as element
 * [part * count] of the sorted array; 0 of nothing. Above 65,535 the end of its step, so that it is
 * never too small. */
uint64_t distribution_quantile(const struct distribution *distribution, double part);

#endif
