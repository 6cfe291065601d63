/* What memory gives to all threads of this process, in bytes a second; each call measures once. */
#ifndef LAMBERT_BENCH_BENCH_BANDWIDTH_H
#define LAMBERT_BENCH_BENCH_BANDWIDTH_H

/* Of an array: 128 MB, more than any cache holds. */
enum { BENCH_BANDWIDTH_ARRAYS = 4, BENCH_BANDWIDTH_ELEMENTS = 1 << 25 };

struct bench_bandwidth {
    float *arrays[BENCH_BANDWIDTH_ARRAYS];
    double read, mixed; /* medians, of bench_bandwidth_measure() */
};

void bench_bandwidth_open(struct bench_bandwidth *bandwidth);
void bench_bandwidth_close(struct bench_bandwidth *bandwidth);

/* One array, read. */
double bench_bandwidth_read(struct bench_bandwidth *bandwidth);

/* Four arrays read and three of them written, as LAMB's first pass does. */
double bench_bandwidth_mixed(struct bench_bandwidth *bandwidth);

/* Both, `repeat` times; opens and closes. */
void bench_bandwidth_measure(struct bench_bandwidth *bandwidth, int repeat);

#endif
