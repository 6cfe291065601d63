#include "core_type.h"

#include <stdbool.h>
#include <stddef.h>
#include <strings.h>

/* OpenBLAS's x86 core types without AVX2, and those with AVX2 but without AVX-512. What is on
 * neither list is a newer type, and fine. (cpuid_x86.c and dynamic.c of OpenBLAS 0.3.21 name them.)
 */
static const char *const sse_cores[] = {
    "Unknown",     "Generic",   "Katmai",       "Coppermine", "Northwood",  "Prescott",
    "Banias",      "Atom",      "Core2",        "Penryn",     "Dunnington", "Nehalem",
    "Athlon",      "Opteron",   "Opteron_SSE3", "Barcelona",  "Nano",       "Bobcat",
    "Sandybridge", "Bulldozer", "Piledriver",   "Steamroller"};
static const char *const avx2_cores[] = {"Haswell", "Zen", "Excavator"};

static bool listed(const char *core, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcasecmp(core, list[i]) == 0)
            return true;
    return false;
}

const char *core_type_wanted(const char *core, enum cpu_level level)
{
    bool sse = listed(core, sse_cores, sizeof sse_cores / sizeof *sse_cores);
    bool avx2 = listed(core, avx2_cores, sizeof avx2_cores / sizeof *avx2_cores);
    if ((sse || avx2) && level >= CPU_V4)
        return "SkylakeX";
    if (sse && level >= CPU_V3)
        return "Haswell";
    return NULL;
}
