/* What is usual among ranks, or links: by the median, which one that is slow does not move. */
#ifndef LAMBERT_DOCTOR_MEDIAN_H
#define LAMBERT_DOCTOR_MEDIAN_H

/* The upper median: of two ranks, the larger one's. count is above 0. */
double median_of(const double *values, int count);

#endif
