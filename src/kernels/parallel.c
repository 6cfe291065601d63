#include "lambert/kernels/parallel.h"

#include <omp.h>
#include <string.h>

#include "lambert/kernels/kernels.h"

enum { COLUMNS = 256 };

void column_sums(const real *partial, int blocks, int n, real *sum)
{
#pragma omp parallel for schedule(static)
    for (int column = 0; column < n; column += COLUMNS) {
        size_t width = (size_t)(n - column < COLUMNS ? n - column : COLUMNS);
        for (int b = 0; b < blocks; b++)
            kernels->accumulate(partial + (size_t)b * (size_t)n + column, sum + column, width);
    }
}

/* One long run a thread: then memset() writes past the cache, and memory is not read first. */
void array_clear(real *x, size_t n)
{
#pragma omp parallel
    {
        size_t threads = (size_t)omp_get_num_threads(), thread = (size_t)omp_get_thread_num();
        size_t begin = n / threads * thread, end = thread + 1 == threads ? n : begin + n / threads;
        memset(x + begin, 0, (end - begin) * sizeof *x);
    }
}
