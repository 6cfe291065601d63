#include "lambert/kernels/parallel.h"

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

void array_clear(real *x, size_t n)
{
    enum { RUN = 1 << 16 };
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i += RUN)
        memset(x + i, 0, (n - i < RUN ? n - i : RUN) * sizeof *x);
}
