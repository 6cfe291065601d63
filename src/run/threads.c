#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lambert/base/log.h"
#include "lambert/kernels/blas.h"
#include "lambert/kernels/cpu.h"
#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"
#include "lambert/run/run.h"

int start_threads(const struct dist *dist, const struct config *config)
{
    struct cpu_info cpu;
    cpu_describe(&cpu);
    int threads = cpu_set_threads(config->run.threads, dist_local_size(dist));
    if (threads > cpu.bound)
        log_warning("%d threads on %d bound core(s) (%s): they will take turns. Bind wider "
                    "(mpirun --map-by numa:PE=%d, or --bind-to none) or set run.threads=%d",
                    threads, cpu.bound, cpu.binding, threads, cpu.bound);
    else if (dist_rank(dist) == 0 && threads * dist_local_size(dist) > cpu.online)
        log_warning("%d ranks of %d threads on a machine of %d cores: they will take turns. Start "
                    "fewer ranks or set run.threads",
                    dist_local_size(dist), threads, cpu.online);
    return threads;
}

void announce_machine(const struct dist *dist, int threads)
{
    struct cpu_info cpu;
    struct blas_info blas;
    cpu_describe(&cpu);
    blas_describe(&blas);
    log_info("%d rank(s) on %d node(s), %s; rank 0: %s, %d of %d cores (%s), %d thread(s)",
             dist_size(dist), dist_nodes(dist), dist_library(dist), cpu.model, cpu.bound,
             cpu.online, cpu.binding, threads);
    log_info("matrix products: %s; row kernels: %s; BLAS: %s%s%s%s",
             gemm_is_blas() ? "the BLAS's" : "Lambert's own", kernels->name, blas.library,
             blas.core[0] ? ", core type " : "", blas.core,
             blas.mended ? " (set by Lambert: the library does not know this CPU)" : "");
}
