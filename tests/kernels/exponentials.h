/* Sums of exponentials in double, as the references of softmax want them. */
#ifndef LAMBERT_TESTS_KERNELS_EXPONENTIALS_H
#define LAMBERT_TESTS_KERNELS_EXPONENTIALS_H

#include "lambert/base/real.h"

/* Of scale s: the largest, and the logarithm of the sum of exponentials. */
struct sum_of_exponentials {
    double top, lse;
};
struct sum_of_exponentials sum_exponentials(double scale, const real *s /* [n] */, int n);

#endif
