/* Which table multiplies bfloat16 (kernels_select()): by measurement, since an instruction set that a
 * CPU has may be slower there than its instructions for float (Sapphire Rapids multiplies with
 * AVX512_BF16 at half of float's speed, with AMX at many times that; Zen 4 at twice). */
#ifndef LAMBERT_KERNELS_CHOICE_H
#define LAMBERT_KERNELS_CHOICE_H

#include "lambert/kernels/kernels.h"
#include "peak.h"

/* Operations a second that a loop comes to. */
typedef double peak_measure(peak_loop *loop);

/* The one of `tables` (NULL-terminated) whose instructions for bfloat16 are the fastest; `without`,
 * which has none, where none is clearly faster than its float. */
const struct kernels *kernels_choose(const struct kernels *without,
                                     const struct kernels *const *tables, peak_measure *measure);

#endif
