/* A CPU with AVX-512 that has AVX512_BF16 and AMX-BF16 as well, in software (emulator.h) where it
 * lacks them. What is linked with this file, and with
 *
 *     -Wl,--wrap=cpu_has_avx512_bf16 -Wl,--wrap=cpu_has_amx_bf16 -Wl,--wrap=cpu_permit_amx
 *
 * takes it for the CPU that it runs on: all kernels' tests do, and build/tests/lambert-emulated, the
 * program. So compiled kernels run here that this CPU could not, and no way of making Lambert
 * believe in them is in the program itself.
 *
 * The handler of SIGILL is installed whenever a program asks what the CPU has, since cmocka installs
 * its own for each test. An instruction that is not emulated goes to the one that was there before.
 *
 * EMULATED_AMX=refused in the environment: the kernel does not permit AMX, as an old one would not. */
#ifndef LAMBERT_TESTS_KERNELS_EMULATED_CPU_H
#define LAMBERT_TESTS_KERNELS_EMULATED_CPU_H

#include <stdbool.h>

/* Whether this CPU is emulated in the named part: it can be, and has not got it itself. */
bool emulated_avx512_bf16(void);
bool emulated_amx(void);

/* Whether the bfloat16 instructions of this name are, as tile_kernels have it. */
bool emulated_instructions(const char *name);

#endif
