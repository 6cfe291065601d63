/* Numbers in ascending order: for medians and percentiles. */
#ifndef LAMBERT_BASE_SORTING_H
#define LAMBERT_BASE_SORTING_H

#include <stddef.h>

void sort_doubles(double *values, size_t count); /* none of them a NaN */

#endif
