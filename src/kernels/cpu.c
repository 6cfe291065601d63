#define _GNU_SOURCE
#include "lambert/kernels/cpu.h"

#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
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

/* "model name" of the first processor the kernel lists; "unknown CPU" where it lists none. */
static void find_model(char model[128])
{
    char line[512];
    FILE *stream = fopen("/proc/cpuinfo", "r");
    snprintf(model, 128, "unknown CPU");
    while (stream && fgets(line, sizeof line, stream)) {
        char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon)
            continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(model, 128, "%.127s", colon + 1 + strspn(colon + 1, " "));
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

/* Cores of the set as ranges, "0-3,8": as many as fit, then "...". */
static int describe_binding(const cpu_set_t *set, char *text, size_t size)
{
    int bound = 0;
    size_t used = 0;
    text[0] = '\0';
    for (int first = 0; first < CPU_SETSIZE; first++) {
        int last = first;
        if (!CPU_ISSET(first, set))
            continue;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, set))
            last++;
        bound += last - first + 1;
        if (used + 32 < size)
            used += (size_t)snprintf(text + used, size - used, first == last ? "%s%d" : "%s%d-%d",
                                     used ? "," : "", first, last);
        else if (used + 4 < size)
            used += (size_t)snprintf(text + used, size - used, "...");
        first = last;
    }
    return bound;
}

void cpu_describe(struct cpu_info *info)
{
    cpu_set_t set;
    *info = (struct cpu_info){.online = (int)sysconf(_SC_NPROCESSORS_ONLN)};
    find_model(info->model);
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        info->bound = describe_binding(&set, info->binding, sizeof info->binding);
    else
        info->bound = info->online; /* more cores than a cpu_set_t holds: nothing to tell */
}

/* Ranks that are bound apart have cores of their own; ranks that all may run everywhere share them.
 */
static int default_threads(int ranks_sharing)
{
    struct cpu_info info;
    cpu_describe(&info);
    int cores = info.bound < info.online ? info.bound : info.online / ranks_sharing;
    return cores > 0 ? cores : 1;
}

int cpu_set_threads(int wanted, int ranks_sharing)
{
    if (wanted <= 0 && getenv("OMP_NUM_THREADS"))
        wanted = omp_get_max_threads();
    if (wanted <= 0)
        wanted = default_threads(ranks_sharing);
    omp_set_dynamic(0);
    omp_set_num_threads(wanted);
    return wanted;
}

/* --- peak ----------------------------------------------------------------------------------- */

double cpu_peak_flops(enum float_type type, int threads)
{
    peak_loop *loop =
        type == TYPE_BFLOAT16 && kernels->bfloat16_peak ? kernels->bfloat16_peak : kernels->peak;
    const double started = clock_seconds();
    peak_once(loop, threads, 20000); /* wakes the threads, and the clock */
    /* Instructions that are emulated, as in tests, would take minutes. */
    return peak_best(loop, threads, clock_seconds() - started < 0.1 ? 400000 : 1000);
}
