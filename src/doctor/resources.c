/* What the system grants: memory, limits, time. */
#define _GNU_SOURCE /* names of limits */
#include <dirent.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "checks.h"
#include "lambert/base/array.h"
#include "lambert/base/clock.h"
#include "lambert/base/file.h"
#include "lambert/base/machine_memory.h"
#include "lambert/base/memory.h"
#include "lambert/base/strings.h"
#include "lambert/dist/node_arrays.h"
#include "lambert/run/job_end.h"

/* --- memory -------------------------------------------------------------------------------------- */

void check_memory(struct doctor *doctor, struct findings *found)
{
    const uint64_t bytes = machine_memory_available("");
    const double available = bytes == UINT64_MAX ? INFINITY : (double)bytes;
    const int ranks = dist_machine_size(doctor->dist);
    const struct run_needs *needs = &doctor->needs; /* {0} where there is no plan */
    if (needs->machine > available && doctor->speaks)
        find(found, FINDING_FAULT, OF_HOST, RUN_MEMORY_CURE,
             "its %d rank(s) would hold %.0f MB, and it has %.0f MB available", ranks,
             needs->machine / 1e6, available / 1e6);
    else if (doctor->first && doctor->planned && doctor->config.train.checkpoint_beside &&
             needs->machine + needs->checkpoint > available)
        find(found, FINDING_WARNING, OF_HOST,
             "start one rank less on this host, or accept it: train.checkpoint_beside=no",
             "no memory is left for a copy of weights and moments (%.0f MB): training will stand "
             "still while a checkpoint is written",
             needs->checkpoint / 1e6);
    if (doctor->first && doctor->planned)
        find_well(found, "the %d rank(s) of this host will hold %.0f MB of %.0f MB available",
                  ranks, needs->machine / 1e6, available / 1e6);
    else if (doctor->first)
        find_well(found, "%.0f MB are available on this host", available / 1e6);
}

/* --- shared memory ------------------------------------------------------------------------------- */

static const char shared_folder[] = "/dev/shm";
static const double SEGMENT =
    4 << 20; /* bytes that Open MPI takes there for a rank, btl_vader_segment_size */

struct inodes {
    uint64_t *at; /* [count] */
    size_t count, capacity;
};

/* The numbers of all files that a process maps. */
static void add_maps(const char *process, struct inodes *inodes)
{
    char *path = memory_text("/proc/%s/maps", process), line[1024];
    uint64_t inode;
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (strstr(line, shared_folder) && sscanf(line, "%*s %*s %*s %*s %" SCNu64, &inode) == 1) {
            ARRAY_RESERVE(inodes->at, inodes->count + 1, inodes->capacity);
            inodes->at[inodes->count++] = inode;
        }
    if (file)
        fclose(file);
    free(path);
}

static bool is_mapped(const struct inodes *inodes, uint64_t inode)
{
    for (size_t i = 0; i < inodes->count; i++)
        if (inodes->at[i] == inode)
            return true;
    return false;
}

/* Segments of this user that no process maps, and that are older than a minute: a job that is about to start has made
 * its own, and not mapped them yet. As scripts/clean-shared-memory finds them. */
static int left_segments(double *bytes)
{
    struct folder_list names;
    struct inodes inodes = {0};
    struct error err;
    int count = 0;
    *bytes = 0;
    if (folder_list_open(&names, "/proc", &err) < 0)
        return 0;
    for (int i = 0; i < names.count; i++)
        if (names.names[i][0] >= '0' && names.names[i][0] <= '9')
            add_maps(names.names[i], &inodes);
    folder_list_close(&names);
    if (folder_list_open(&names, shared_folder, &err) < 0)
        names = (struct folder_list){0};
    for (int i = 0; i < names.count; i++) {
        const char *name = names.names[i];
        char *path = path_join(shared_folder, name);
        struct stat info;
        if ((string_begins_with(name, "vader_segment.") ||
             string_begins_with(name, "sm_segment.")) &&
            stat(path, &info) == 0 && S_ISREG(info.st_mode) && info.st_uid == getuid() &&
            difftime(time(NULL), info.st_mtime) > 60 && !is_mapped(&inodes, info.st_ino)) {
            count++;
            *bytes += (double)info.st_size;
        }
        free(path);
    }
    folder_list_close(&names);
    free(inodes.at);
    return count;
}

void check_shared_memory(struct doctor *doctor, struct findings *found)
{
    const bool wanted = dist_any(doctor->dist, dist_local_size(doctor->dist) > 1);
    const bool possible = !wanted || node_arrays_possible(doctor->dist);
    const int ranks = dist_machine_size(doctor->dist);
    struct statvfs info;
    double bytes, room = INFINITY;
    if (!possible && doctor->first)
        find(
            found, FINDING_WARNING, OF_JOB,
            "start the ranks of a host in one user and process namespace (mpirun inside of the "
            "container), or accept it",
            "the ranks of a host share no memory: each will have weights of its own, and they send "
            "each other messages");
    if (!doctor->speaks)
        return;
    const int left = left_segments(&bytes);
    if (statvfs(shared_folder, &info) == 0)
        room = (double)info.f_bavail * (double)info.f_frsize;
    if (left > 0)
        find(found, FINDING_WARNING, OF_HOST,
             "scripts/clean-shared-memory on that host (under Slurm: srun --ntasks-per-node=1 "
             "scripts/clean-shared-memory)",
             "ranks that were killed have left %d segment(s) of Open MPI in %s, %.0f MB of memory",
             left, shared_folder, bytes / 1e6);
    if (ranks > 1 && room < ranks * SEGMENT)
        find(
            found, FINDING_WARNING, OF_HOST,
            "make room there, or enlarge it (mount -o remount,size=1g /dev/shm; docker --shm-size=1g)",
            "%s has %.1f MB free, and Open MPI takes %.0f MB for %d ranks", shared_folder,
            room / 1e6, ranks * SEGMENT / 1e6, ranks);
    if (doctor->first && isinf(room))
        find_well(found, "there is no %s", shared_folder);
    else if (doctor->first)
        find_well(found, "%s has %.0f MB free%s", shared_folder, room / 1e6,
                  wanted ? "; the ranks of a host share their weights" : "");
}

/* --- limits -------------------------------------------------------------------------------------- */

/* Infinity where there is none. */
static double limit_of(__rlimit_resource_t resource)
{
    struct rlimit limit;
    return getrlimit(resource, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY
               ? (double)limit.rlim_cur
               : INFINITY;
}

/* Open files: of the program, its libraries and MPI; and a connection for each rank of another host. */
static void find_few_files(const struct doctor *doctor, struct findings *found)
{
    enum { OWN_FILES = 128 };
    const double limit = limit_of(RLIMIT_NOFILE);
    const int others = dist_size(doctor->dist) - dist_machine_size(doctor->dist);
    if (limit < OWN_FILES + others)
        find(
            found, FINDING_FAULT, OF_HOST,
            "ulimit -n 65536 before mpirun, and on all hosts (/etc/security/limits.conf, or "
            "LimitNOFILE= of the scheduler's daemon)",
            "%.0f files may be open (ulimit -n), and a rank may want %d: %d connections, and %d others",
            limit, OWN_FILES + others, others, OWN_FILES);
}

/* What docs/cluster.md says of ulimit -v. */
static void find_few_addresses(const struct doctor *doctor, struct findings *found)
{
    const double limit = limit_of(RLIMIT_AS);
    const double wanted = doctor->needs.rank + 768e6 + 8e6 * doctor->threads.count;
    if (limit < wanted)
        find(found, FINDING_FAULT, OF_HOST, "ulimit -v unlimited, on all hosts",
             "%.0f MB of addresses are allowed (ulimit -v), and a rank wants %.0f MB", limit / 1e6,
             wanted / 1e6);
}

static bool has_infiniband(void)
{
    struct folder_list names;
    struct error err;
    if (folder_list_open(&names, "/sys/class/infiniband", &err) < 0)
        return false;
    const bool any = names.count > 0;
    folder_list_close(&names);
    return any;
}

void check_limits(struct doctor *doctor, struct findings *found)
{
    static const double few_locked = 64e6;
    const double seconds = limit_of(RLIMIT_CPU), file = limit_of(RLIMIT_FSIZE);
    if (doctor->speaks) {
        find_few_files(doctor, found);
        find_few_addresses(doctor, found);
        if (isfinite(seconds))
            find(
                found, FINDING_WARNING, OF_HOST, "ulimit -t unlimited, on all hosts",
                "a process ends after %.0f s of processors' time (ulimit -t), which all threads of a "
                "rank take together",
                seconds);
        if (has_infiniband() && limit_of(RLIMIT_MEMLOCK) < few_locked)
            find(
                found, FINDING_WARNING, OF_HOST,
                "ulimit -l unlimited, on all hosts (/etc/security/limits.conf, or LimitMEMLOCK= of "
                "the scheduler's daemon)",
                "%.1f MB of memory may be locked (ulimit -l), of which InfiniBand wants more",
                limit_of(RLIMIT_MEMLOCK) / 1e6);
    }
    if (!doctor->first)
        return;
    if (doctor->planned && file < doctor->needs.checkpoint)
        find(found, FINDING_FAULT, OF_HOST, "ulimit -f unlimited",
             "files may have %.1f MB (ulimit -f), and a checkpoint has %.1f MB", file / 1e6,
             doctor->needs.checkpoint / 1e6);
    find_well(found, "%.0f open files; what else is limited does for the run",
              limit_of(RLIMIT_NOFILE));
}

/* --- the job's time ------------------------------------------------------------------------------ */

void check_time(struct doctor *doctor, struct findings *found)
{
    static const double SHORT = 600; /* seconds in which hardly a run gets anywhere */
    struct job_end end;
    struct error err;
    char left[32];
    if (!doctor->first)
        return;
    if (job_end_find(&end, getenv, (double)time(NULL), &err) < 0)
        find(found, FINDING_WARNING, OF_JOB, "unset it, and give the run its time by --max-hours",
             "%s", err.text);
    job_end_limit(&end, doctor->request->max_hours);
    if (!end.name)
        find_well(found, "nothing says when the job ends (--max-hours does)");
    else if (end.seconds < SHORT)
        find(
            found, FINDING_WARNING, OF_JOB,
            "ask the scheduler for more time (--time of sbatch, walltime of qsub), and --max-hours for no less",
            "the job ends in %s (%s)", clock_text(end.seconds, left), end.name);
    else
        find_well(found, "the job ends in %s (%s)", clock_text(end.seconds, left), end.name);
}
