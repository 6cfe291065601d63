/* A call of each row kernel, on rows of n elements: what `lambert bench kernels` measures. */
#ifndef LAMBERT_BENCH_BENCH_ROWS_H
#define LAMBERT_BENCH_BENCH_ROWS_H

#include "lambert/kernels/kernels.h"

enum { BENCH_ROWS = 7 };

struct bench_rows {
    real *x[BENCH_ROWS]; /* [n] each */
    uint16_t *bfloat16;  /* [n], only read */
    int n;
};

/* Of random numbers; where they lie in memory is malloc()'s choice. */
void bench_rows_init(struct bench_rows *rows, int n);
void bench_rows_release(struct bench_rows *rows);

/* Kernels that work in place would run away from usual numbers: after a few calls rows are as they
 * were. */
void bench_rows_copy(struct bench_rows *rows, const struct bench_rows *from);

/* The bandwidth that is the measure of a kernel on long arrays (bench_bandwidth.h). */
enum bench_memory { BENCH_MEMORY_NOT, BENCH_MEMORY_READ, BENCH_MEMORY_MIXED };

struct bench_call {
    const char *name;
    void (*call)(const struct kernels *k, const struct bench_rows *rows);
    double moved;             /* rows that are read, and rows that are written; of bfloat16, half */
    enum bench_memory memory; /* of kernels that also work on arrays as long as a shard */
};
extern const struct bench_call bench_calls[]; /* the last has no name */

#endif
