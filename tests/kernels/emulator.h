/* Executes AMX's instructions and those of AVX512_BF16 in software, so that kernels which are
 * compiled for them run on CPUs without. To be called from a signal handler:
 *
 *     LDTILECFG STTILECFG TILERELEASE TILEZERO TILELOADD TILELOADDT1 TILESTORED TDPBF16PS
 *     VDPBF16PS VCVTNEPS2BF16 VCVTNE2PS2BF16
 *
 * It does what Intel's Software Developer's Manual, volume 2, says in pseudo code: denormals are
 * taken for zero and flushed to zero, sums are rounded to nearest; TDPBF16PS sums even and odd
 * elements in chains of their own, VDPBF16PS adds the upper product of a pair first. A NaN that
 * comes out need not be the one of the silicon. */
#ifndef LAMBERT_TESTS_KERNELS_EMULATOR_H
#define LAMBERT_TESTS_KERNELS_EMULATOR_H

#include <stdbool.h>

/* Executes the instruction at which a thread was interrupted, and steps over it. `context` is the
 * third argument of the signal's handler (a ucontext_t), in which registers are changed; the tiles
 * are the calling thread's. False, with nothing changed, where it is another instruction, or one
 * that the CPU would refuse. */
bool emulator_step(void *context);

#endif
