#include "lambert/dist/threads.h"

#include <limits.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "dist_internal.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"

/* --- the choice ------------------------------------------------------------------------------- */

static int at_least_one(double threads)
{
    const double slack = 1e-6; /* thirds do not add up to one */
    return threads >= INT_MAX ? INT_MAX : max_int((int)(threads + slack), 1);
}

int threads_choose(struct threads *threads, const struct threads_facts *facts, struct error *err)
{
    const int cores = at_least_one(facts->cores);
    threads->quota =
        isinf(facts->quota) ? INT_MAX : at_least_one(ceil(facts->quota) / facts->quota_sharers);
    if (facts->wanted > 0) {
        threads->source = THREADS_OF_CONFIG;
        threads->count = facts->wanted;
    } else if (facts->environment > 0) {
        threads->source = THREADS_OF_ENVIRONMENT;
        threads->count = facts->environment;
    } else {
        threads->source = threads->quota < cores ? THREADS_OF_QUOTA : THREADS_OF_CORES;
        threads->count = min_int(threads->quota, cores);
    }
    if (threads->count > facts->online * THREADS_MOST_A_CPU)
        return error_set(
            err,
            "%s=%d is more than %d threads for each of this machine's %d core(s), which would take turns "
            "for ever; at most %d, or 0 for a thread a core",
            facts->wanted > 0 ? "run.threads" : "OMP_NUM_THREADS", threads->count,
            THREADS_MOST_A_CPU, facts->online, facts->online * THREADS_MOST_A_CPU);
    threads->limited = threads->count > facts->limit;
    threads->count = min_int(threads->count, facts->limit);
    return 0;
}

/* --- what the machine's ranks know together (MPI_COMM_NULL: of a process that is no rank) ------- */

/* The cores that ranks hold, and this one's share of them. */
static void share_cores(struct threads *threads, struct threads_facts *facts, MPI_Comm machine)
{
    const struct cores *cores = &threads->cores;
    int *holders = memory_new(CORES_MOST, sizeof *holders);
    for (int core = 0; core < CORES_MOST; core++)
        holders[core] = cores->mine[core];
    threads->allowed = cores->allowed;
    if (machine != MPI_COMM_NULL) {
        MPI_Allreduce(MPI_IN_PLACE, holders, CORES_MOST, MPI_INT, MPI_SUM, machine);
        MPI_Allreduce(MPI_IN_PLACE, &threads->allowed, 1, MPI_INT, MPI_MAX, machine);
    }
    for (int core = 0; core < CORES_MOST; core++) {
        threads->held += holders[core] > 0;
        if (cores->mine[core])
            facts->cores += 1.0 / holders[core];
    }
    threads->allowed =
        max_int(threads->allowed, threads->held); /* ranks may be in cpusets of their own */
    free(holders);
}

/* Ranks whose quota is that of the same group. */
static void share_quota(const struct threads *threads, struct threads_facts *facts,
                        MPI_Comm machine)
{
    const uint64_t own = isinf(threads->cores.quota) ? 0 : threads->cores.quota_group;
    uint64_t *groups = memory_new((size_t)threads->ranks, sizeof *groups);
    groups[0] = own;
    if (machine != MPI_COMM_NULL)
        MPI_Allgather(&own, 1, MPI_UINT64_T, groups, 1, MPI_UINT64_T, machine);
    for (int rank = 0; rank < threads->ranks; rank++)
        facts->quota_sharers += groups[rank] == own;
    free(groups);
}

/* What OMP_NUM_THREADS says, before this module has set a number of its own. */
static int environment_threads(void)
{
    static int at_first = 0;
    if (at_first == 0)
        at_first = omp_get_max_threads();
    return getenv("OMP_NUM_THREADS") ? at_first : 0;
}

int threads_start(struct threads *threads, const struct dist *dist, int wanted, struct error *err)
{
    const MPI_Comm machine = dist ? dist->machine : MPI_COMM_NULL;
    *threads = (struct threads){.ranks = dist ? dist_machine_size(dist) : 1};
    cores_describe("", &threads->cores);
    struct threads_facts facts = {.wanted = wanted,
                                  .environment = environment_threads(),
                                  .limit = omp_get_thread_limit(),
                                  .online = threads->cores.online,
                                  .quota = threads->cores.quota};
    share_cores(threads, &facts, machine);
    share_quota(threads, &facts, machine);
    const int status = threads_choose(threads, &facts, err);
    if ((dist ? dist_agree(dist, status, err) : status) < 0)
        return -1;
    omp_set_dynamic(0);
    omp_set_max_active_levels(1);
    omp_set_num_threads(threads->count);
    threads->all = threads->count;
    if (dist)
        MPI_Allreduce(MPI_IN_PLACE, &threads->all, 1, MPI_INT, MPI_SUM, machine);
    return 0;
}

/* --- what is said ----------------------------------------------------------------------------- */

static void warn_of_turns(const struct threads *threads, bool first)
{
    const struct cores *cores = &threads->cores;
    const bool have_room = threads->count <= threads->allowed / threads->ranks; /* if bound wider */
    if (threads->count > cores->bound && have_room)
        log_warning(
            "%d threads on %d bound core(s) (%s): they will take turns. Bind wider (mpirun --map-by "
            "ppr:%d:node:PE=%d --bind-to core, or --bind-to none) or set run.threads=%d",
            threads->count, cores->bound, cores->binding, threads->ranks, threads->count,
            cores->bound);
    else if (threads->count > cores->bound)
        log_warning("%d threads on %d bound core(s) (%s): they will take turns. Set run.threads=%d",
                    threads->count, cores->bound, cores->binding, cores->bound);
    else if (first && threads->all > cores->online)
        log_warning(
            "%d ranks of %d threads on a machine of %d cores: they will take turns. Start fewer ranks or set "
            "run.threads",
            threads->ranks, threads->count, cores->online);
}

static void warn_of_quota(const struct threads *threads)
{
    const struct cores *cores = &threads->cores;
    if (threads->source == THREADS_OF_QUOTA)
        log_info("%s allows the time of %.4g CPUs: %d thread(s) a rank", cores->quota_file,
                 cores->quota, threads->count);
    else if (threads->count > threads->quota)
        log_warning(
            "%d thread(s) a rank, but %s allows the time of %.4g CPUs: they will be halted again and again. "
            "Set run.threads=%d, or raise the limit (docker --cpus, limits.cpu of Kubernetes)",
            threads->count, cores->quota_file, cores->quota, threads->quota);
}

/* As many as would give each rank one more: fewer are left over where cores cannot be divided. */
static void warn_of_idle_cores(const struct threads *threads)
{
    const int ranks = threads->ranks;
    if (threads->source == THREADS_OF_CORES && threads->held + ranks <= threads->allowed)
        log_warning(
            "the %d rank(s) of this machine hold %d of its %d cores, and the others idle. If nobody else wants "
            "them: mpirun --map-by ppr:%d:node:PE=%d --bind-to core, or --bind-to none; under Slurm "
            "--cpus-per-task=%d",
            ranks, threads->held, threads->allowed, ranks, threads->allowed / ranks,
            threads->allowed / ranks);
    if (threads->source == THREADS_OF_ENVIRONMENT && threads->all + ranks <= threads->held)
        log_warning(
            "OMP_NUM_THREADS lets %d of the %d cores idle that the %d rank(s) of this machine hold; unset it for "
            "a thread a core",
            threads->held - threads->all, threads->held, ranks);
}

void threads_warn(const struct threads *threads, const struct dist *dist)
{
    const bool first = dist_rank(dist) == 0;
    warn_of_turns(threads, first);
    if (!first)
        return;
    warn_of_quota(threads);
    warn_of_idle_cores(threads);
    if (threads->limited)
        log_warning(
            "OMP_THREAD_LIMIT allows no more than %d thread(s); unset it for a thread a core",
            threads->count);
    if (process_start_dropped()[0])
        log_info("not followed, as mpirun binds ranks and threads share their cores: %s",
                 process_start_dropped());
}
