#include "median.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/sorting.h"

double median_of(const double *values, int count)
{
    double *sorted = memory_new((size_t)count, sizeof *sorted);
    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    sort_doubles(sorted, (size_t)count);
    const double middle = sorted[count / 2];
    free(sorted);
    return middle;
}
