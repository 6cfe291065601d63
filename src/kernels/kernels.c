#include "lambert/kernels/kernels.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "choice.h"
#include "lambert/base/clock.h"
#include "lambert/kernels/cpu.h"
#include "lambert/kernels/gemm.h"
#include "plain.h"
#include "tile.h"

#if (defined __x86_64__ || defined __aarch64__) && !defined LAMBERT_DOUBLE
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
    static const struct kernels *tables[6];
    int count = 0;
    tables[count++] = &kernels_plain;
#if HAVE_VECTOR && defined __aarch64__
    tables[count++] = &kernels_neon; /* which all CPUs of this kind have */
    if (cpu_has_neon_bf16())
        tables[count++] = &kernels_neon_bf16;
#elif HAVE_VECTOR
    if (cpu_level() >= CPU_V3)
        tables[count++] = &kernels_v3;
    if (cpu_level() >= CPU_V4)
        tables[count++] = &kernels_v4;
    if (cpu_level() >= CPU_V4 && cpu_has_avx512_bf16())
        tables[count++] = &kernels_v4_bf16;
    if (cpu_level() >= CPU_V4 && cpu_has_avx512_bf16() && cpu_has_amx_bf16() && cpu_permit_amx())
        tables[count++] = &kernels_v4_amx;
#endif
    tables[count] = NULL;
    return tables;
}

static const struct kernels *named(const char *name)
{
    const struct kernels *const *tables = kernels_available();
    for (int i = 0; tables[i]; i++)
        if (strcmp(tables[i]->name, name) == 0)
            return tables[i];
    return NULL;
}

static const char *isa_wanted(void)
{
    const char *wanted = getenv("LAMBERT_ISA");
    return wanted && *wanted ? wanted : NULL;
}

const struct kernels *kernels_wanted(void)
{
    const struct kernels *const *tables = kernels_available();
    const struct kernels *last = NULL;
    if (isa_wanted())
        return named(isa_wanted());
    for (int i = 0; tables[i]; i++)
        last = tables[i]->bfloat16_tile ? last : tables[i];
    return last;
}

/* --- bfloat16 --------------------------------------------------------------------------------- */

/* Instructions for bfloat16 that are not clearly faster than those for float are left alone: a
 * measurement that is a little off does not change the choice, and with it the bits of results. */
static const double CLEARLY = 1.25;

const struct kernels *kernels_choose(const struct kernels *without,
                                     const struct kernels *const *tables, peak_measure *measure)
{
    const struct kernels *best = without;
    double best_peak = without->peak ? CLEARLY * measure(without->peak) : 0;
    for (int i = 0; tables[i]; i++) {
        if (!tables[i]->bfloat16_tile)
            continue;
        const double peak = measure(tables[i]->bfloat16_peak);
        if (peak > best_peak) {
            best = tables[i];
            best_peak = peak;
        }
    }
    return best;
}

/* On this thread, for a millisecond: a host that takes the processor away for less than that
 * would else make one rank choose otherwise than the others. By the clock, and not by a number of
 * rounds, since instructions that are emulated, as in tests, are a thousand times as slow. */
static double measure_briefly(peak_loop *loop)
{
    enum { FEWEST = 8 };
    const double until = clock_seconds() + 0.001;
    double best = 0;
    for (int i = 0; i < FEWEST || clock_seconds() < until; i++)
        best = fmax(best, peak_once(loop, 1, 1000));
    return best;
}

void kernels_describe_bfloat16(struct buffer *text)
{
    const struct kernels *const *tables = kernels_available();
    const struct tile_kernels *own = gemm_is_blas() ? NULL : kernels->bfloat16_tile;
    const double real_peak = kernels->peak ? measure_briefly(kernels->peak) / 1e9 : 0;
    if (own)
        buffer_print(text, "%s (%.0f GFLOP/s a core, float32 %.0f", own->name,
                     measure_briefly(kernels->bfloat16_peak) / 1e9, real_peak);
    else
        buffer_print(text, "%s on rounded operands (float32 %.0f GFLOP/s a core",
                     gemm_maker(TYPE_BFLOAT16), real_peak);
    for (int i = 0; tables[i]; i++)
        if (tables[i]->bfloat16_tile && tables[i]->bfloat16_tile != own)
            buffer_print(text, ", %s %.0f", tables[i]->bfloat16_tile->name,
                         measure_briefly(tables[i]->bfloat16_peak) / 1e9);
    if (own && own->note)
        buffer_print(text, "; %s", own->note);
    buffer_print(text, "%s)", isa_wanted() ? "; chosen by LAMBERT_ISA" : "");
}

/* --- the choice ------------------------------------------------------------------------------- */

static void list_names(struct buffer *names)
{
    const struct kernels *const *tables = kernels_available();
    for (int i = 0; tables[i]; i++)
        buffer_print(names, "%s%s", i > 0 ? ", " : "", tables[i]->name);
}

int kernels_select(struct error *err)
{
    const struct kernels *chosen = kernels_wanted();
    if (!chosen) {
        struct buffer names = {0};
        list_names(&names);
        error_set(err,
                  "LAMBERT_ISA=%s: this CPU or this build has no such kernels; one of %s, or unset "
                  "it for the fastest",
                  isa_wanted(), buffer_text(&names));
        buffer_release(&names);
        return -1;
    }
    kernels = isa_wanted() ? chosen : kernels_choose(chosen, kernels_available(), measure_briefly);
    return gemm_select(err);
}
