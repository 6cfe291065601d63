#include "memory_plan.h"

#include "lambert/base/log.h"
#include "lambert/base/machine_memory.h"

static double megabytes(double bytes)
{
    return bytes / 1e6;
}

/* What no other rank shares. */
static double own_bytes(const struct memory_plan *plan)
{
    const struct param_sync_memory *param_sync = &plan->param_sync;
    size_t own = param_sync->gradients + param_sync->shard + param_sync->buffers + plan->moments +
                 plan->activations + plan->products + plan->corpus_cache;
    return (double)own;
}

/* Of this rank's weights: its share of the one copy, or its own copy. */
static double counted_weights(const struct memory_plan *plan, const struct dist *dist)
{
    double weights = (double)plan->param_sync.weights;
    return plan->param_sync.shares ? weights / dist_local_size(dist) : weights;
}

static void announce(const struct memory_plan *plan, const struct dist *dist, double machine)
{
    const struct param_sync_memory *param_sync = &plan->param_sync;
    log_info(
        "memory a rank: gradients %.0f MB, summed shard %.0f MB, messages %.0f MB, moments "
        "%.0f MB, activations %.0f MB, matrix products %.0f MB, corpus cache %.0f MB; weights %.0f "
        "MB%s: %.0f MB in all",
        megabytes((double)param_sync->gradients), megabytes((double)param_sync->shard),
        megabytes((double)param_sync->buffers), megabytes((double)plan->moments),
        megabytes((double)plan->activations), megabytes((double)plan->products),
        megabytes((double)plan->corpus_cache), megabytes((double)param_sync->weights),
        param_sync->shares ? ", which the ranks of a node share" : "",
        megabytes(own_bytes(plan) + (double)param_sync->weights));
    log_info("memory of rank 0's machine: %.0f MB for %d rank(s)", megabytes(machine),
             dist_machine_size(dist));
}

int memory_plan_check(const struct memory_plan *plan, const struct dist *dist, struct error *err)
{
    double machine = own_bytes(plan) + counted_weights(plan, dist);
    uint64_t available = machine_memory_available("");
    dist_machine_sum_double(dist, &machine, 1);
    announce(plan, dist, machine);
    int status = 0;
    if (available != UINT64_MAX && machine > (double)available)
        status = error_set(
            err,
            "the %d rank(s) of this machine would hold %.0f MB, and it has %.0f MB available. "
            "Start "
            "fewer ranks a machine, or more machines; lower train.micro_batch_tokens (activations) "
            "or data.cache_megabytes",
            dist_machine_size(dist), megabytes(machine), megabytes((double)available));
    return dist_agree(dist, status, err);
}
