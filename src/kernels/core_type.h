/* Whether OpenBLAS chose well: a decision apart from the means to act on it, so that it can be
 * tested for CPUs that are not here. */
#ifndef LAMBERT_KERNELS_CORE_TYPE_H
#define LAMBERT_KERNELS_CORE_TYPE_H

#include "lambert/kernels/cpu.h"

/* The OPENBLAS_CORETYPE to ask for, or NULL where the library's choice (`core`, as
 * openblas_get_corename() says) uses what the CPU has. */
const char *core_type_wanted(const char *core, enum cpu_level level);

#endif
