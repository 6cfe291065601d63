/* How long the row kernels take: nanoseconds for a row in the first-level cache, the best of many
 * measurements, for each kernel (a line) and each table that this CPU has (a column). */
#ifndef LAMBERT_TESTS_KERNELS_BENCH_ROWS_H
#define LAMBERT_TESTS_KERNELS_BENCH_ROWS_H

enum { LONGEST_BENCH_ROW = 1 << 20 };

/* Prints them for rows of n elements. Returns an exit code: 2 when n is out of range. */
int bench_rows(int n);

#endif
