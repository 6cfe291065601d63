/* What every tile is held to (tile.h), whatever its instructions, its shape and its layout of
 * panels and groups: operands are packed, copied or grouped by the tile itself, multiplied, and the
 * result is held against the definition, computed in double from the operands as they are to be
 * seen, rounded to bfloat16 or not. Operands end at pages that cannot be touched and have NaN
 * between their rows; C lies among foreign numbers.
 *
 * The bound. An element of C is a sum of k terms, each exact, and of beta C. In whatever order it
 * is made, a term goes through at most k + 3 roundings; each is off by at most U = 2^-24 of a
 * partial sum, or where a pair is first added and sums are rounded to odd, by 2 U, of which there
 * are half as many. So
 *
 *     |C - definition| <= (k + 3) U (Σ |a b| + |beta C|) + (k + 3) tiny + lost
 *
 * `tiny` is what may be missing below the normal numbers: half of the smallest denormal where
 * floats are multiplied; all of what is below 2^-126 where bfloat16 are, as their instructions give
 * 0 for it. And these take a denormal operand as 0: `lost` is Σ |a b| over terms that have one.
 *
 * All functions fail the test. */
#ifndef LAMBERT_TESTS_KERNELS_TILE_PRODUCTS_H
#define LAMBERT_TESTS_KERNELS_TILE_PRODUCTS_H

#include "kernels/tile.h"

/* Every number of rows and columns; depths that end anywhere within a word, a vector, k_unit. */
void tile_products_check(const struct tile_kernels *tile);

/* The same around 2^-126, where operands and sums are denormal or nearly so. */
void tile_denormals_check(const struct tile_kernels *tile);

/* Each special number times each: denormals, infinities, NaN, -0, what rounds up to the next power
 * of two, to infinity, or from a denormal to the smallest normal number. */
void tile_specials_check(const struct tile_kernels *tile);

/* How the pairs of a tile for bfloat16 are summed, by bits: in words, or NULL if it is none of the
 * ways that are known. */
const char *tile_sums_describe(const struct tile_kernels *tile);

#endif
