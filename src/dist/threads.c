#include "lambert/dist/threads.h"

#include <limits.h>
#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dist_internal.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/dist/launcher.h"

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

struct remarks {
    struct threads_remark *at; /* [THREADS_MOST_REMARKS] */
    int count;
};

static struct threads_remark *add(struct remarks *remarks, bool warns)
{
    require(remarks->count < THREADS_MOST_REMARKS);
    struct threads_remark *remark = &remarks->at[remarks->count++];
    *remark = (struct threads_remark){.warns = warns};
    return remark;
}

#define SAY(text, ...) snprintf(text, sizeof(text), __VA_ARGS__)

static void find_turns(const struct threads *threads, bool for_machine, struct remarks *remarks)
{
    const struct cores *cores = &threads->cores;
    const bool have_room = threads->count <= threads->allowed / threads->ranks; /* if bound wider */
    if (threads->count > cores->bound) {
        struct threads_remark *remark = add(remarks, true);
        SAY(remark->what, "%d threads on %d bound core(s) (%s): they will take turns",
            threads->count, cores->bound, cores->binding);
        if (have_room)
            SAY(remark->cure, "Bind wider (%s) or set run.threads=%d",
                launcher_with_cores(threads->ranks, threads->count).text, cores->bound);
        else
            SAY(remark->cure, "Set run.threads=%d", cores->bound);
    } else if (for_machine && threads->all > cores->online) {
        struct threads_remark *remark = add(remarks, true);
        SAY(remark->what, "%d ranks of %d threads on a machine of %d cores: they will take turns",
            threads->ranks, threads->count, cores->online);
        SAY(remark->cure, "Start fewer ranks or set run.threads");
    }
}

static void find_quota(const struct threads *threads, struct remarks *remarks)
{
    const struct cores *cores = &threads->cores;
    if (threads->source == THREADS_OF_QUOTA) {
        SAY(add(remarks, false)->what, "%s allows the time of %.4g CPUs: %d thread(s) a rank",
            cores->quota_file, cores->quota, threads->count);
    } else if (threads->count > threads->quota) {
        struct threads_remark *remark = add(remarks, true);
        SAY(remark->what,
            "%d thread(s) a rank, but %s allows the time of %.4g CPUs: they will be halted again and again",
            threads->count, cores->quota_file, cores->quota);
        SAY(remark->cure,
            "Set run.threads=%d, or raise the limit (docker --cpus, limits.cpu of Kubernetes)",
            threads->quota);
    }
}

/* As many as would give each rank one more: fewer are left over where cores cannot be divided. */
static void find_idle_cores(const struct threads *threads, struct remarks *remarks)
{
    const int ranks = threads->ranks;
    if (threads->source == THREADS_OF_CORES && threads->held + ranks <= threads->allowed) {
        struct threads_remark *remark = add(remarks, true);
        SAY(remark->what,
            "the %d rank(s) of this machine hold %d of its %d cores, and the others idle", ranks,
            threads->held, threads->allowed);
        SAY(remark->cure, "If nobody else wants them: %s",
            launcher_with_cores(ranks, threads->allowed / ranks).text);
    }
    if (threads->source == THREADS_OF_ENVIRONMENT && threads->all + ranks <= threads->held) {
        struct threads_remark *remark = add(remarks, true);
        SAY(remark->what,
            "OMP_NUM_THREADS lets %d of the %d cores idle that the %d rank(s) of this machine hold",
            threads->held - threads->all, threads->held, ranks);
        SAY(remark->cure, "Unset it for a thread a core");
    }
}

int threads_remarks(const struct threads *threads, bool for_machine,
                    struct threads_remark at[THREADS_MOST_REMARKS])
{
    struct remarks remarks = {.at = at};
    find_turns(threads, for_machine, &remarks);
    if (!for_machine)
        return remarks.count;
    find_quota(threads, &remarks);
    find_idle_cores(threads, &remarks);
    if (threads->limited) {
        struct threads_remark *remark = add(&remarks, true);
        SAY(remark->what, "OMP_THREAD_LIMIT allows no more than %d thread(s)", threads->count);
        SAY(remark->cure, "Unset it for a thread a core");
    }
    if (process_start_dropped()[0])
        SAY(add(&remarks, false)->what,
            "not followed, as the launcher binds ranks and threads share their cores: %.400s",
            process_start_dropped());
    return remarks.count;
}

void threads_warn(const struct threads *threads, const struct dist *dist)
{
    struct threads_remark remarks[THREADS_MOST_REMARKS];
    const int count = threads_remarks(threads, dist_rank(dist) == 0, remarks);
    for (int i = 0; i < count; i++) {
        const char *gap = remarks[i].cure[0] ? ". " : "";
        if (remarks[i].warns)
            log_warning("%s%s%s", remarks[i].what, gap, remarks[i].cure);
        else
            log_info("%s%s%s", remarks[i].what, gap, remarks[i].cure);
    }
}
