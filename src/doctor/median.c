#include "median.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void sort_values(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, ascending);
}

double median_of(const double *values, int count)
{
    double *sorted = memory_new((size_t)count, sizeof *sorted);
    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    sort_values(sorted, count);
    const double middle = sorted[count / 2];
    free(sorted);
    return middle;
}
