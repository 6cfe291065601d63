#define _GNU_SOURCE
#include "emulated_cpu.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "emulator.h"
#include "lambert/base/error.h"
#include "lambert/kernels/cpu.h"

static struct sigaction before;

static void on_illegal_instruction(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    if (!emulator_step(context)) {
        sigaction(SIGILL, &before, NULL); /* and the instruction is tried again */
        return;
    }
    while (emulator_step(context)) {
        /* Those that follow, too: a signal takes longer than an instruction. */
    }
}

static void install(void)
{
    struct sigaction now;
    require(sigaction(SIGILL, NULL, &now) == 0);
    if (now.sa_flags & SA_SIGINFO && now.sa_sigaction == on_illegal_instruction)
        return;
    before = now;
    now = (struct sigaction){.sa_sigaction = on_illegal_instruction, .sa_flags = SA_SIGINFO};
    require(sigaction(SIGILL, &now, NULL) == 0);
}

/* What the linker calls instead of a function of Lambert's, and that function. */
bool __wrap_cpu_has_avx512_bf16(void);
bool __real_cpu_has_avx512_bf16(void);
bool __wrap_cpu_has_amx_bf16(void);
bool __real_cpu_has_amx_bf16(void);
bool __wrap_cpu_permit_amx(void);
bool __real_cpu_permit_amx(void);

bool emulated_avx512_bf16(void)
{
    return cpu_level() >= CPU_V4 && !__real_cpu_has_avx512_bf16();
}

bool emulated_amx(void)
{
    return cpu_level() >= CPU_V4 && !__real_cpu_has_amx_bf16();
}

bool emulated_instructions(const char *name)
{
    return (strcmp(name, "AVX512_BF16") == 0 && emulated_avx512_bf16()) ||
           (strcmp(name, "AMX-BF16") == 0 && emulated_amx());
}

bool __wrap_cpu_has_avx512_bf16(void)
{
    if (emulated_avx512_bf16())
        install();
    return cpu_level() >= CPU_V4;
}

bool __wrap_cpu_has_amx_bf16(void)
{
    if (emulated_amx())
        install();
    return cpu_level() >= CPU_V4;
}

/* The real kernel is asked, too: it refuses where the CPU has no tiles, or has never heard of them. */
bool __wrap_cpu_permit_amx(void)
{
    const char *emulated = getenv("EMULATED_AMX");
    const bool granted = __real_cpu_permit_amx();
    if (emulated && strcmp(emulated, "refused") == 0)
        return false;
    return granted || emulated_amx();
}
