#include <stdio.h>

#include "lambert/base/log.h"
#include "lambert/kernels/blas.h"
#include "lambert/kernels/cpu.h"
#include "lambert/kernels/gemm.h"
#include "lambert/kernels/kernels.h"
#include "lambert/run/run.h"

int start_threads(struct threads *threads, const struct dist *dist, const struct config *config,
                  struct error *err)
{
    if (threads_start(threads, dist, config->run.threads, err) < 0)
        return -1;
    threads_warn(threads, dist);
    return 0;
}

void describe_kernels(enum float_type compute_type, char text[DIST_TEXT])
{
    snprintf(text, DIST_TEXT, "%s, products by %s", kernels->name, gemm_maker(compute_type));
}

/* CPUs of another kind may have been given other kernels, by what they have or by what was measured:
 * the results stay those of the ranks' rounding, but which samples get which depends on how many
 * ranks there are. */
static void announce_differences(const struct dist *dist, enum float_type compute_type)
{
    char own[DIST_TEXT];
    describe_kernels(compute_type, own);
    const struct dist_comparison found = dist_compare(dist, own);
    if (found.others > 0)
        log_warning("%d of %d ranks compute with other kernels than rank 0 (%s), the first of them "
                    "rank %d (%s): results differ in rounding from those of any other layout, with "
                    "train.reproducible too. LAMBERT_ISA, the same on all, makes them alike",
                    found.others, dist_size(dist), own, found.rank, found.text);
}

void announce_machine(const struct dist *dist, const struct threads *threads,
                      enum float_type compute_type)
{
    const struct cores *cores = &threads->cores;
    const bool shows_threads = cores->bound > cores->count; /* hardware threads, as CPUs */
    char model[CPU_MODEL];
    struct blas_info blas;
    struct buffer products = {0};
    cpu_model(model);
    blas_describe(&blas);
    if (compute_type == TYPE_BFLOAT16) {
        buffer_print(&products, ", in bfloat16 by ");
        kernels_describe_bfloat16(&products);
    } else if (!gemm_is_blas()) {
        buffer_print(&products, ", by %s", gemm_maker(compute_type));
    }
    log_info("%d rank(s) on %d node(s), %s; rank 0: %s, %d of %d %s (%s), %d thread(s)%s",
             dist_size(dist), dist_nodes(dist), dist_library(), model, cores->bound, cores->online,
             shows_threads ? "hardware threads" : "cores", cores->binding, threads->count,
             shows_threads && threads->source == THREADS_OF_CORES ? ", one a core" : "");
    log_info("matrix products: %s%s; row kernels: %s; BLAS: %s%s%s%s",
             gemm_is_blas() ? "the BLAS's" : "Lambert's own", buffer_text(&products), kernels->name,
             blas.library, blas.core[0] ? ", core type " : "", blas.core,
             blas.mended ? " (set by Lambert: the library does not know this CPU)" : "");
    buffer_release(&products);
    announce_differences(dist, compute_type);
}
