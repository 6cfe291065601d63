#include "memory_plan.h"

#include <math.h>

#include "lambert/base/buffer.h"
#include "lambert/base/log.h"
#include "lambert/base/machine_memory.h"
#include "lambert/kernels/gemm.h"
#include "lambert/run/needs.h"
#include "work.h"

static double megabytes(double bytes)
{
    return bytes / 1e6;
}

/* What no other rank shares. */
static double own_bytes(const struct memory_plan *plan)
{
    const struct trainer_memory *trainer = &plan->trainer;
    size_t own = trainer->sync.gradients + trainer->sync.shard + trainer->sync.buffers +
                 trainer->moments + trainer->activations + plan->products + plan->corpus_cache +
                 plan->batches;
    return (double)own;
}

struct memory_plan memory_plan_of(const struct dist *dist, const struct work *work, int threads)
{
    const struct trainer_options *options = &work->options;
    return (struct memory_plan){
        .trainer = trainer_memory(dist, options),
        .compute_type = options->bert.compute_type,
        .recompute = options->bert.recompute,
        .products = gemm_memory(threads),
        .corpus_cache = work->cache,
        .batches = work->batches,
    };
}

/* Of the weights its share of the one copy, or its own copy. */
double memory_plan_sum(const struct memory_plan *plan, int sharers)
{
    const double weights = (double)plan->trainer.sync.weights;
    return own_bytes(plan) + (plan->trainer.sync.shared ? weights / sharers : weights);
}

double memory_plan_rank(const struct memory_plan *plan, const struct dist *dist)
{
    return memory_plan_sum(plan, dist_local_size(dist));
}

double memory_plan_machine(const struct memory_plan *plan, const struct dist *dist)
{
    double machine = memory_plan_rank(plan, dist);
    dist_machine_sum_double(dist, &machine, 1);
    return machine;
}

static void announce(const struct memory_plan *plan, const struct dist *dist, double machine)
{
    const struct trainer_memory *trainer = &plan->trainer;
    const struct param_sync_memory *sync = &trainer->sync;
    struct buffer kept = {0}; /* how activations are, where it is not the usual way */
    if (plan->compute_type == TYPE_BFLOAT16)
        buffer_print(&kept, " (operands in bfloat16)");
    if (plan->recompute > 0)
        buffer_print(&kept, " (of every %d layers one input)", plan->recompute);
    log_info(
        "memory a rank: gradients %.0f MB, summed shard %.0f MB, messages %.0f MB, moments "
        "%.0f MB, activations %.0f MB%s, matrix products %.0f MB, corpus cache %.0f MB, batches %.0f MB; weights %.0f "
        "MB%s: %.0f MB in all",
        megabytes((double)sync->gradients), megabytes((double)sync->shard),
        megabytes((double)sync->buffers), megabytes((double)trainer->moments),
        megabytes((double)trainer->activations), buffer_text(&kept),
        megabytes((double)plan->products), megabytes((double)plan->corpus_cache),
        megabytes((double)plan->batches), megabytes((double)sync->weights),
        sync->shared ? ", which the ranks of a node share" : "",
        megabytes(own_bytes(plan) + (double)sync->weights));
    buffer_release(&kept);
    log_info("memory of rank 0's machine: %.0f MB for %d rank(s)", megabytes(machine),
             dist_machine_size(dist));
}

int memory_plan_check(const struct memory_plan *plan, const struct dist *dist, double *left,
                      struct error *err)
{
    const double machine = memory_plan_machine(plan, dist);
    const uint64_t available = machine_memory_available("");
    announce(plan, dist, machine);
    int status = 0;
    *left = available == UINT64_MAX ? INFINITY : (double)available - machine;
    if (available != UINT64_MAX && machine > (double)available)
        status = error_set(
            err,
            "the %d rank(s) of this machine would hold %.0f MB, and it has %.0f MB available. " RUN_MEMORY_CURE,
            dist_machine_size(dist), megabytes(machine), megabytes((double)available));
    return dist_agree(dist, status, err);
}
