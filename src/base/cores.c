#define _GNU_SOURCE
#include "lambert/base/cores.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lambert/base/control_groups.h"
#include "lambert/base/hash.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"

/* --- CPUs and cores --------------------------------------------------------------------------- */

/* A file that lists CPUs, "0-3,8"; false, and an empty set, where it is not there or empty. */
static bool read_list(const char *path, bool set[CORES_MOST])
{
    char text[4096] = "";
    FILE *file = fopen(path, "r");
    bool any = false;
    memset(set, 0, CORES_MOST * sizeof *set);
    if (!file)
        return false;
    const char *at = fgets(text, sizeof text, file);
    fclose(file);
    while (at && *at >= '0' && *at <= '9') {
        char *end;
        const unsigned long first = strtoul(at, &end, 10);
        const unsigned long last = *end == '-' ? strtoul(end + 1, &end, 10) : first;
        for (unsigned long cpu = first; cpu <= last && cpu < CORES_MOST; cpu++)
            set[cpu] = any = true;
        at = *end == ',' ? end + 1 : NULL;
    }
    return any;
}

/* What is known of a machine's cores: the first CPU of the core of each CPU, -1 where it was not asked for yet. */
struct topology {
    const char *root;
    int core[CORES_MOST];
};

static void topology_init(struct topology *topology, const char *root)
{
    topology->root = root;
    for (int cpu = 0; cpu < CORES_MOST; cpu++)
        topology->core[cpu] = -1;
}

static int core_of(struct topology *topology, int cpu)
{
    bool siblings[CORES_MOST];
    if (topology->core[cpu] >= 0)
        return topology->core[cpu];
    char *path = memory_text("%s/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
                             topology->root, cpu);
    topology->core[cpu] = cpu;
    if (read_list(path, siblings) && siblings[cpu]) {
        int first = 0;
        while (!siblings[first])
            first++;
        for (int sibling = first; sibling < CORES_MOST; sibling++)
            if (siblings[sibling])
                topology->core[sibling] = first;
    }
    free(path);
    return topology->core[cpu];
}

/* The cores of these CPUs; how many there are. */
static int cores_of(struct topology *topology, const bool cpus[CORES_MOST], bool cores[CORES_MOST])
{
    int count = 0;
    memset(cores, 0, CORES_MOST * sizeof *cores);
    for (int cpu = 0; cpu < CORES_MOST; cpu++) {
        if (!cpus[cpu])
            continue;
        const int core = core_of(topology, cpu);
        count += !cores[core];
        cores[core] = true;
    }
    return count;
}

/* CPUs of the set as ranges, "0-3,8": as many as fit, then "...". How many there are. */
static int describe_binding(const bool set[CORES_MOST], char *text, size_t size)
{
    int bound = 0;
    size_t used = 0;
    text[0] = '\0';
    for (int first = 0; first < CORES_MOST; first++) {
        int last = first;
        if (!set[first])
            continue;
        while (last + 1 < CORES_MOST && set[last + 1])
            last++;
        bound += last - first + 1;
        if (used + 32 < size)
            used += (size_t)snprintf(text + used, size - used, first == last ? "%s%d" : "%s%d-%d",
                                     used ? "," : "", first, last);
        else if (used + 4 < size)
            used += (size_t)snprintf(text + used, size - used, "...");
        first = last;
    }
    return bound;
}

/* What the process was given; where that is not known, what it may run on now; and else all that is on. */
static void find_own(int online, bool cpus[CORES_MOST])
{
    struct core_set now = {0};
    const struct core_set *set = process_start_cores();
    if (!set && sched_getaffinity(0, sizeof now, (cpu_set_t *)now.words) == 0)
        set = &now;
    for (int cpu = 0; cpu < CORES_MOST; cpu++)
        cpus[cpu] = set ? core_set_has(set, cpu) : cpu < online;
}

/* --- control groups --------------------------------------------------------------------------- */

struct cpuset {
    bool found;
    bool cpus[CORES_MOST];
};

/* The innermost group that says it. */
static void find_cpuset(const char *folder, bool second_version, void *context)
{
    static const char *const names[] = {"cpuset.cpus.effective", "cpuset.effective_cpus",
                                        "cpuset.cpus"};
    struct cpuset *cpuset = context;
    for (int i = second_version ? 0 : 1; i < (second_version ? 1 : 3) && !cpuset->found; i++) {
        char *path = memory_text("%s/%s", folder, names[i]);
        cpuset->found = read_list(path, cpuset->cpus);
        free(path);
    }
}

/* Version 2: "QUOTA PERIOD" or "max PERIOD", in microseconds. */
static double second_quota(const char *path)
{
    double quota, period;
    FILE *file = fopen(path, "r");
    const bool limits =
        file && fscanf(file, "%lf %lf", &quota, &period) == 2 && quota > 0 && period > 0;
    if (file)
        fclose(file);
    return limits ? quota / period : INFINITY;
}

static double first_quota(const char *folder)
{
    const uint64_t quota = control_group_number(folder, "cpu.cfs_quota_us");
    const uint64_t period = control_group_number(folder, "cpu.cfs_period_us");
    return quota > 0 && quota < UINT64_MAX && period > 0 && period < UINT64_MAX
               ? (double)quota / (double)period
               : INFINITY;
}

/* A folder of the same device and number is the same group, whatever it is called in a container. */
static void find_quota(const char *folder, bool second_version, void *context)
{
    struct cores *cores = context;
    struct stat seen;
    char *path = memory_text("%s/%s", folder, second_version ? "cpu.max" : "cpu.cfs_quota_us");
    const double quota = second_version ? second_quota(path) : first_quota(folder);
    if (quota < cores->quota && stat(folder, &seen) == 0) {
        const uint64_t group[2] = {(uint64_t)seen.st_dev, (uint64_t)seen.st_ino};
        cores->quota = quota;
        cores->quota_group = hash_bytes(group, sizeof group);
        snprintf(cores->quota_file, sizeof cores->quota_file, "%s", path);
    }
    free(path);
}

/* ---------------------------------------------------------------------------------------------- */

void cores_describe(const char *root, struct cores *cores)
{
    bool own[CORES_MOST], everyone[CORES_MOST];
    struct topology topology;
    struct cpuset cpuset = {.found = false};
    *cores = (struct cores){.online = (int)sysconf(_SC_NPROCESSORS_ONLN), .quota = INFINITY};
    topology_init(&topology, root);
    find_own(cores->online, own);
    cores->bound = describe_binding(own, cores->binding, sizeof cores->binding);
    cores->count = cores_of(&topology, own, cores->mine);
    control_groups_each(root, "cpuset", find_cpuset, &cpuset);
    if (!cpuset.found) {
        char *path = memory_text("%s/sys/devices/system/cpu/online", root);
        cpuset.found = read_list(path, cpuset.cpus);
        free(path);
    }
    cores->allowed =
        max_int(cores->count, cpuset.found ? cores_of(&topology, cpuset.cpus, everyone) : 0);
    control_groups_each(root, "cpu", find_quota, cores);
}
