/* AMX, Intel's matrix extension, as far as tile_amx.c and peak_amx.c need it: eight tiles of 16
 * rows of 64 bytes. A thread that uses it calls amx_begin() first. */
#ifndef LAMBERT_KERNELS_AMX_H
#define LAMBERT_KERNELS_AMX_H

#include <stdbool.h>

enum { AMX_ROWS = 16, AMX_WORDS = 16 };

/* Shapes the tiles of the calling thread.
 *
 * That is done once for each thread and never taken back. It takes some 200 cycles, a tenth of a
 * tile's product, and nothing else in the process uses AMX, so the shapes stay. Threads are
 * OpenMP's: they live as long as the process and multiply again and again; while they do not, the
 * 8 KB of their tiles cost only a little longer a change of context, and at their end the kernel
 * drops them. */
void amx_configure(void);

extern _Thread_local bool amx_configured;

static inline void amx_begin(void)
{
    if (!amx_configured)
        amx_configure();
}

#endif
