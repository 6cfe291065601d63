#include "fixed_point.h"

#include <math.h>

#include "lambert/base/error.h"
#include "lambert/dist/exchange.h"

#define QUANTUM 0x1p-50

double fixed_point_limit(int64_t micro_batches)
{
    require(micro_batches > 0);
    return 0x1p62 * QUANTUM / (double)micro_batches;
}

static int64_t fixed(real value, double limit)
{
    double v = (double)value;
    return fabs(v) <= limit ? llrint(v * (1 / QUANTUM)) : EXCHANGE_NOT_FINITE; /* NaN: not <= */
}

void fixed_point_put(const real *values, size_t n, double limit, int64_t *sum)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++)
        sum[i] = fixed(values[i], limit);
}

void fixed_point_add(const real *values, size_t n, double limit, int64_t *sum)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++)
        sum[i] = exchange_fixed_sum(sum[i], fixed(values[i], limit));
}

void fixed_point_read(const int64_t *sum, size_t n, real *values)
{
#pragma omp parallel for schedule(static)
    for (size_t i = 0; i < n; i++)
        values[i] = sum[i] == EXCHANGE_NOT_FINITE ? (real)NAN : (real)((double)sum[i] * QUANTUM);
}
