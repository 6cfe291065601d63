#include "exponentials.h"

#include <math.h>

struct sum_of_exponentials sum_exponentials(double scale, const real *s, int n)
{
    double top = -INFINITY, sum = 0;
    for (int i = 0; i < n; i++)
        if (scale * (double)s[i] > top)
            top = scale * (double)s[i];
    for (int i = 0; i < n; i++)
        sum += exp(scale * (double)s[i] - top);
    return (struct sum_of_exponentials){top, top + log(sum)};
}
