/* The cores that this process may compute with, on Linux: those that it was given when it began
 * (base/process_start.h), and of their time what the CPU quotas of its control groups leave (docker --cpus, limits of
 * Kubernetes; version 2 or 1, each group up to the root).
 *
 * A core is a physical one. Where the system shows several hardware threads of a core as CPUs, the first of them stands
 * for it: matrix products fill a core's arithmetic by themselves, and a second thread only takes its caches. */
#ifndef LAMBERT_BASE_CORES_H
#define LAMBERT_BASE_CORES_H

#include <stdbool.h>
#include <stdint.h>

#include "lambert/base/process_start.h"

struct cores {
    int online;            /* CPUs of the machine that are on */
    int bound;             /* of them, those that the process was given */
    char binding[256];     /* which, as ranges: "0-1,4" */
    bool mine[CORES_MOST]; /* the cores that these are of, each by the number of its first CPU */
    int count;             /* how many cores that are; at least 1 */
    int allowed;  /* cores that the machine, or the cpuset that the process is in, has for all */
    double quota; /* CPUs' time that a control group allows; INFINITY: as much as there is */
    uint64_t quota_group; /* of two processes of a machine, whether it is the same group */
    char quota_file[256]; /* that says so, "/sys/fs/cgroup/jobs/cpu.max" */
};

/* `root` stands for / : "" for the machine itself, a folder in tests; the process' own cores are the machine's. */
void cores_describe(const char *root, struct cores *cores);

#endif
