/* The floating-point type of the model's arithmetic.
 *
 * The engine computes in float. The same sources of base, kernels, model and optim are compiled a
 * second time with LAMBERT_DOUBLE for the tests: in double, central differences prove a
 * hand-written backward pass to seven digits instead of two. Nothing but tests links that build. */
#ifndef LAMBERT_BASE_REAL_H
#define LAMBERT_BASE_REAL_H

#ifdef LAMBERT_DOUBLE
typedef double real;
#else
typedef float real;
#endif

#endif
