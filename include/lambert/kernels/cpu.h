/* What the CPU is called, the instructions that this process may use, and the FMA peak it is measured against. */
#ifndef LAMBERT_KERNELS_CPU_H
#define LAMBERT_KERNELS_CPU_H

#include <stdbool.h>

#include "lambert/base/float16.h"

/* "AMD EPYC ...", as the kernel names the first processor that it lists; "unknown CPU" where it names none. */
enum { CPU_MODEL = 128 };
void cpu_model(char model[CPU_MODEL]);

/* The levels of x86-64's psABI as far as kernels are made for them: v3 has AVX2 and FMA, v4 the
 * AVX-512 of Skylake's servers. Other machines are at the base; on aarch64 all have NEON. */
enum cpu_level { CPU_BASE, CPU_V3, CPU_V4 };
enum cpu_level cpu_level(void);

/* Whether it multiplies bfloat16 with AVX512_BF16, which some CPUs do more slowly than float. */
bool cpu_has_avx512_bf16(void);

/* Whether it multiplies bfloat16 with BFMMLA, as Neoverse N2 and V1 and their successors do. */
bool cpu_has_neon_bf16(void);

/* Whether it multiplies tiles of bfloat16 with AMX-BF16, which the operating system knows of; and
 * whether the kernel grants them to this process, which it has to be asked once, before the first
 * use, and is asked by the second function. A kernel that is too old (before Linux 5.16) does not. */
bool cpu_has_amx_bf16(void);
bool cpu_permit_amx(void);

/* Measured peak of multiplying and adding operands of this type with the chosen kernels'
 * instructions, all threads busy, operations a second (an FMA is two). Where there are none for
 * bfloat16, that is float's. Takes about 50 ms. */
double cpu_peak_flops(enum float_type type, int threads);

/* The same loop for so long, and what came of it on average: less than the peak where others take their turns on the
 * cores, or their clock falls as they get warm. */
double cpu_mean_flops(enum float_type type, int threads, double seconds);

#endif
