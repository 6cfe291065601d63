#define _GNU_SOURCE
#include "lambert/kernels/cpu.h"

#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lambert/base/clock.h"
#include "lambert/base/progress.h"
#include "lambert/kernels/kernels.h"
#include "peak.h"

#ifdef __x86_64__
#include <cpuid.h>
#endif
#ifdef __aarch64__
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

void cpu_model(char model[CPU_MODEL])
{
    char line[512];
    FILE *stream = fopen("/proc/cpuinfo", "r");
    snprintf(model, CPU_MODEL, "unknown CPU");
    while (stream && fgets(line, sizeof line, stream)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon)
            continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(model, CPU_MODEL, "%.127s", colon + 1 + strspn(colon + 1, " "));
        break;
    }
    if (stream)
        fclose(stream);
}

enum cpu_level cpu_level(void)
{
#ifdef __x86_64__
    const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                    __builtin_cpu_supports("bmi2");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
    return v4 ? CPU_V4 : v3 ? CPU_V3 : CPU_BASE;
#else
    return CPU_BASE;
#endif
}

bool cpu_has_avx512_bf16(void)
{
#ifdef __x86_64__
    return __builtin_cpu_supports("avx512bf16");
#else
    return false;
#endif
}

bool cpu_has_neon_bf16(void)
{
#ifdef __aarch64__
    return (getauxval(AT_HWCAP2) & HWCAP2_BF16) != 0;
#else
    return false;
#endif
}

#ifdef __x86_64__

/* Whether the operating system keeps the registers of these XSAVE components (SDM 1, 13.3). */
static bool xsave_keeps(uint32_t components)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE))
        return false;
    __asm__("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    return (a & components) == components;
}

enum { XTILECFG = 17, XTILEDATA = 18 };

/* Leaf 7: AMX-BF16 is bit 22 of EDX, AMX-TILE 24. Leaf 1Dh, 1: palette 1, which is to be as large as
 * the one that all such CPUs have, eight tiles of 16 rows of 64 bytes (SDM 1, 18.2). */
bool cpu_has_amx_bf16(void)
{
    const unsigned wanted = 1u << 22 | 1u << 24;
    unsigned a, b, c, d;
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d) || (d & wanted) != wanted ||
        !xsave_keeps(1u << XTILECFG | 1u << XTILEDATA))
        return false;
    return __get_cpuid_count(0x1d, 1, &a, &b, &c, &d) && (a & 0xffff) >= 8192 &&
           (b & 0xffff) == 64 && b >> 16 >= 8 && (c & 0xffff) >= 16;
}

/* Documentation/arch/x86/xstate.rst of Linux. Asking again changes nothing. */
bool cpu_permit_amx(void)
{
    enum { ARCH_REQ_XCOMP_PERM = 0x1023 };
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XTILEDATA) == 0;
}

#else

bool cpu_has_amx_bf16(void)
{
    return false;
}

bool cpu_permit_amx(void)
{
    return false;
}

#endif

/* --- peak ----------------------------------------------------------------------------------- */

static peak_loop *loop_of(enum float_type type)
{
    return type == TYPE_BFLOAT16 && kernels->bfloat16_peak ? kernels->bfloat16_peak : kernels->peak;
}

/* Rounds that take a few milliseconds. Instructions that are emulated, as in tests, would take minutes. */
static long rounds_of(peak_loop *loop, int threads)
{
    const double started = clock_seconds();
    peak_once(loop, threads, 20000); /* wakes the threads, and the clock */
    return clock_seconds() - started < 0.1 ? 400000 : 1000;
}

double cpu_peak_flops(enum float_type type, int threads)
{
    peak_loop *loop = loop_of(type);
    return peak_best(loop, threads, rounds_of(loop, threads));
}

double cpu_mean_flops(enum float_type type, int threads, double seconds)
{
    peak_loop *loop = loop_of(type);
    const long rounds = rounds_of(loop, threads);
    const double started = clock_seconds();
    double inverse = 0; /* sum of 1 / rate: each run makes as many operations */
    int runs = 0;
    do {
        inverse += 1 / peak_once(loop, threads, rounds);
        runs++;
    } while (clock_seconds() - started < seconds);
    return runs / inverse;
}
