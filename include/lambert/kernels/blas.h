/* Which BLAS is linked, whether it knows this CPU, and how fast this CPU could be. */
#ifndef LAMBERT_KERNELS_BLAS_H
#define LAMBERT_KERNELS_BLAS_H

#include <stdbool.h>

/* Whether matrix products will be the BLAS's, as kernels_select() will decide from the CPU,
 * LAMBERT_ISA and LAMBERT_GEMM: most CPUs never call it. */
bool blas_needed(void);

/* OpenBLAS chooses its kernels when it is loaded, by a list of CPUs it knows; an older library on a
 * younger CPU falls back to SSE kernels, a fifth of the speed. When that has happened this sets
 * OPENBLAS_CORETYPE to the best type the CPU can run and starts the program again, in place
 * (execv), once. For programs that need the BLAS; to be called first thing in main(), before MPI
 * and before any thread. Does nothing with another BLAS, or where the user has set
 * OPENBLAS_CORETYPE. */
void blas_mend(char **argv);

struct blas_info {
    char library[128]; /* e.g. "OpenBLAS 0.3.21"; another cblas: the file name of its library */
    char core[64];     /* e.g. "Zen"; empty when not known */
    bool mended;       /* blas_mend() restarted the program */
};
void blas_describe(struct blas_info *info);

#endif
