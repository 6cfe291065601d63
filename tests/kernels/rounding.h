/* Tolerances are counted in U, the relative error of one rounding to float. A sum in float of n
 * terms over 8 or more lanes is off by a random walk of up to n / 8 roundings of partial sums: for
 * n = 3072 that is 2 U times the sum of the terms' sizes; 8 U are allowed. exp(v) turns an error of
 * v into a relative error, so where v was rounded, |v| U is added. exp may give 0 instead of
 * numbers near and below the smallest normal float: TINY. */
#ifndef LAMBERT_TESTS_KERNELS_ROUNDING_H
#define LAMBERT_TESTS_KERNELS_ROUNDING_H

static const double U = 0x1p-24;
static const double TINY = 2e-38;

#endif
