#include "lambert/kernels/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/kernels/cpu.h"
#include "lambert/kernels/gemm.h"
#include "plain.h"

#if defined __x86_64__ && !defined LAMBERT_DOUBLE
#define HAVE_VECTOR 1
#include "vector.h"
#else
#define HAVE_VECTOR 0
#endif

const struct kernels *kernels = &kernels_plain;

uint32_t dropout_threshold(double probability)
{
    return (uint32_t)lrint(probability * 65536);
}

const struct kernels *const *kernels_available(void)
{
    static const struct kernels *tables[5];
    int count = 0;
    tables[count++] = &kernels_plain;
#if HAVE_VECTOR
    if (cpu_level() >= CPU_V3)
        tables[count++] = &kernels_v3;
    if (cpu_level() >= CPU_V4)
        tables[count++] = &kernels_v4;
    if (cpu_level() >= CPU_V4 && cpu_has_avx512_bf16())
        tables[count++] = &kernels_v4_bf16;
#endif
    tables[count] = NULL;
    return tables;
}

const struct kernels *kernels_wanted(void)
{
    const struct kernels *const *tables = kernels_available();
    const char *wanted = getenv("LAMBERT_ISA");
    const struct kernels *last = NULL;
    for (int i = 0; tables[i]; i++)
        if (!wanted || !*wanted || strcmp(tables[i]->name, wanted) == 0)
            last = tables[i];
    return last;
}

int kernels_select(struct error *err)
{
    const struct kernels *chosen = kernels_wanted();
    if (!chosen)
        return error_set(err,
                         "LAMBERT_ISA=%s: this CPU or this build has no such kernels; one of "
                         "plain, v3, v4, v4-bf16, or unset it for the fastest",
                         getenv("LAMBERT_ISA"));
    kernels = chosen;
    return gemm_select(err);
}
