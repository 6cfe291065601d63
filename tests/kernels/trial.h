/* Trials of row kernels: each kernel of each table at each length, on rows lying in memory that
 * tells when the kernel leaves them.
 *
 *     static void my_kernel(const struct kernels *k, int n)
 *     {
 *         real *x = row_normal(n, 0, 1), *y = row_new((size_t)n);
 *         row_freeze(x);
 *         k->my_kernel(x, y, n);
 *         for (int i = 0; i < n; i++)
 *             expect_near("y", i, y[i], my_reference(x[i]), tolerance);
 *     }
 *     ... trials(my_kernel); ...
 *
 * A new row is full of NaN and has NaN on both sides: an element that is not written, or a
 * neighbour that gets into a sum, shows in the results; a neighbour that is written is found when
 * the trial ends. In a third of the trials rows end at a page that cannot be touched, so that
 * reading behind the end crashes. Rows start on a cache line, one element behind one, or anywhere.
 */
#ifndef LAMBERT_TESTS_KERNELS_TRIAL_H
#define LAMBERT_TESTS_KERNELS_TRIAL_H

#include "lib/unit.h"

#include "lambert/base/rng.h"
#include "lambert/kernels/kernels.h"

enum { LONGEST_ROW = 32768 };

typedef void trial_body(const struct kernels *k, int n);

/* For every table and every place of rows: lengths 1 to 70 (all remainders of 8 and 16 lanes), and
 * those of real models. */
void trials(trial_body *body);

/* One length, in every table and place. */
void trials_of_length(trial_body *body, int n);

/* The random numbers of a trial: the same for every table and place. */
extern struct rng trial_rng;

/* Rows live until the trial ends. */
real *row_new(size_t n);                                /* NaN, to be written */
real *row_normal(int n, double mean, double deviation); /* normal numbers */
real *row_copy(const real *row, int n);
real *row_of_steps(real first, real last, int n); /* evenly from first to last, frozen */
uint16_t *row_of_bfloat16(size_t n);              /* NaN, to be written */
void row_freeze(const void *row);                 /* nothing may write this row any more */

/* Fail the test, and say in which trial, unless |got - want| <= tolerance; unless got is want, bit
 * for bit. */
void expect_near(const char *what, int i, double got, double want, double tolerance);
void expect_same_row(const char *what, const real *got, const real *want, int n);

#endif
