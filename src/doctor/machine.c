/* Who computes, with what, and how fast. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checks.h"
#include "lambert/base/build.h"
#include "lambert/base/clock.h"
#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/memory.h"
#include "lambert/base/version.h"
#include "lambert/kernels/cpu.h"
#include "lambert/kernels/kernels.h"
#include "lambert/run/run.h"
#include "median.h"

/* --- ranks and hosts ----------------------------------------------------------------------------- */

enum { MOST_HOSTS = 8 /* that are named */ };

/* "n1 (2), n2 (2), ... and 14 more" */
static void print_hosts(const struct doctor *doctor, struct buffer *text)
{
    const int ranks = dist_size(doctor->dist);
    int named = 0;
    for (int first = 0; first < ranks; first++) {
        int count = 0;
        if (doctor->nodes[first] != first)
            continue;
        for (int rank = first; rank < ranks; rank++)
            count += doctor->nodes[rank] == first;
        if (named < MOST_HOSTS)
            buffer_print(text, "%s%s (%d)", named > 0 ? ", " : "", doctor->hosts[first], count);
        named++;
    }
    if (named > MOST_HOSTS)
        buffer_print(text, " and %d more", named - MOST_HOSTS);
}

void check_ranks(struct doctor *doctor, struct findings *found)
{
    struct dist *dist = doctor->dist;
    const int ranks = dist_size(dist), hosts = dist_nodes(dist);
    double extremes[2] = {dist_local_size(dist), -dist_local_size(dist)};
    dist_max_double(dist, extremes, 2);
    const struct dist_comparison other = dist_compare(dist, dist_library());
    if (!doctor->first)
        return;
    if (other.others > 0)
        find(found, FINDING_FAULT, OF_JOB, "load the same MPI on all hosts",
             "rank 0 has %s, and rank %d on %s has %s", dist_library(), other.rank,
             doctor->hosts[other.rank], other.text);
    if (extremes[0] != -extremes[1])
        find(
            found, FINDING_WARNING, OF_JOB,
            "start as many ranks on each host: mpirun --map-by ppr:N:node, slots=N in the host file, "
            "--ntasks-per-node of Slurm",
            "hosts have between %.0f and %.0f ranks: those of a host share no memory then, and the "
            "fullest host sets the pace",
            -extremes[1], extremes[0]);
    struct buffer names = {0};
    print_hosts(doctor, &names);
    find_well(found, "%d rank(s) on %d host(s): %s; %s", ranks, hosts, buffer_text(&names),
              dist_library());
    buffer_release(&names);
}

/* --- the program --------------------------------------------------------------------------------- */

void check_program(struct doctor *doctor, struct findings *found)
{
    struct file_map map;
    struct error err;
    char text[DIST_TEXT], hash[HASH_TEXT];
    if (file_map_open(&map, "/proc/self/exe", &err) < 0) {
        find(found, FINDING_WARNING, OF_RANK, "mount /proc on that host",
             "its own file cannot be compared: %s", err.text);
        snprintf(text, sizeof text, LAMBERT_PROGRAM);
    } else {
        const struct build *build = build_get();
        snprintf(text, sizeof text, LAMBERT_PROGRAM "%s%.60s, file %s", build ? ", commit " : "",
                 build ? build->commit : "", hash_print(hash_bytes(map.data, map.size), hash));
        file_map_close(&map);
    }
    const struct dist_comparison other = dist_compare(doctor->dist, text);
    if (other.others > 0)
        find(
            found, FINDING_FAULT, OF_JOB,
            "install one build of Lambert for all hosts, under a path that all see",
            "%d rank(s) run another program than rank 0 (%s), the first of them rank %d on %s (%s)",
            other.others, text, other.rank, doctor->hosts[other.rank], other.text);
    if (doctor->first)
        find_well(found, "%s, the same on all ranks", text);
}

/* --- kernels ------------------------------------------------------------------------------------- */

static enum float_type compute_type(const struct doctor *doctor)
{
    return doctor->configured ? doctor->config.train.compute_type : TYPE_FLOAT32;
}

void check_kernels(struct doctor *doctor, struct findings *found)
{
    struct error err;
    char text[DIST_TEXT], model[CPU_MODEL];
    const int status = kernels_select(&err);
    if (status < 0)
        find(found, FINDING_FAULT, OF_RANK, "unset LAMBERT_ISA and LAMBERT_GEMM", "%s", err.text);
    doctor->has_kernels = !dist_any(doctor->dist, status < 0);
    if (!doctor->has_kernels)
        return;
    describe_kernels(compute_type(doctor), text);
    cpu_model(model);
    const struct dist_comparison kernels_differ = dist_compare(doctor->dist, text);
    const struct dist_comparison models_differ = dist_compare(doctor->dist, model);
    if (kernels_differ.others > 0)
        find(
            found, FINDING_WARNING, OF_JOB,
            "give LAMBERT_ISA the same name on all ranks (mpirun -x LAMBERT_ISA=...)",
            "%d rank(s) compute with other kernels than rank 0 (%s), the first of them rank %d on %s "
            "(%s): results differ in rounding from those of any other layout",
            kernels_differ.others, text, kernels_differ.rank, doctor->hosts[kernels_differ.rank],
            kernels_differ.text);
    if (!doctor->first)
        return;
    if (models_differ.others > 0)
        find_well(found, "%s, on %s; %d rank(s) have another CPU (rank %d: %s)", text, model,
                  models_differ.others, models_differ.rank, models_differ.text);
    else
        find_well(found, "%s, on %s", text, model);
}

/* --- threads ------------------------------------------------------------------------------------- */

void check_threads(struct doctor *doctor, struct findings *found)
{
    struct threads_remark remarks[THREADS_MOST_REMARKS];
    struct threads *threads = &doctor->threads;
    struct error err;
    const int wanted = doctor->configured ? doctor->config.run.threads : 0;
    if (threads_start(threads, doctor->dist, wanted, &err) < 0) {
        if (doctor->first)
            find(found, FINDING_FAULT, OF_JOB, "run.threads=0", "%s", err.text);
        const int status = threads_start(threads, doctor->dist, 0, &err);
        require(status == 0); /* the command began with it */
    }
    const int count = threads_remarks(threads, doctor->speaks, remarks);
    for (int r = 0; r < count; r++)
        if (remarks[r].warns)
            find(found, FINDING_WARNING, doctor->speaks ? OF_HOST : OF_RANK, remarks[r].cure, "%s",
                 remarks[r].what);
    const struct cores *cores = &threads->cores;
    if (doctor->first)
        find_well(found, "rank 0 has %d of %d CPUs (%s), %d thread(s)%s", cores->bound,
                  cores->online, cores->binding, threads->count,
                  threads->source == THREADS_OF_QUOTA ? ", as a CPU quota allows" : "");
}

/* --- speed --------------------------------------------------------------------------------------- */

static const double SPEED_SECONDS = 0.3;
static const double LEAST_SHARE = 0.9; /* of the time of its cores that a rank is to get */
static const double LEAST_RATE = 0.8;  /* of the median of all ranks */

/* Seconds of processors' time that this process has had. */
static double processor_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
}

/* Threads that are more than the CPUs take turns with each other, which check_threads() tells. */
static bool is_oversubscribed(const struct threads *threads)
{
    return threads->all > threads->cores.online || threads->count > threads->cores.bound ||
           threads->count > threads->quota;
}

/* All ranks at once, as in training: what one would have alone is not what it gets. */
void check_speed(struct doctor *doctor, struct findings *found)
{
    const int ranks = dist_size(doctor->dist), rank = dist_rank(doctor->dist);
    const struct threads *threads = &doctor->threads;
    if (!doctor->has_kernels)
        return;
    double *rates = memory_new((size_t)ranks, sizeof *rates); /* operations a second and core */
    dist_barrier(doctor->dist);
    const double began = clock_seconds(), used = processor_seconds();
    rates[rank] =
        cpu_mean_flops(compute_type(doctor), threads->count, SPEED_SECONDS) / threads->count;
    const double share =
        (processor_seconds() - used) / ((clock_seconds() - began) * threads->count);
    const bool starved = share < LEAST_SHARE && !is_oversubscribed(threads);
    doctor->starved = dist_any(doctor->dist, starved);
    dist_sum_double(doctor->dist, rates, ranks);
    const double middle = median_of(rates, ranks);
    if (starved)
        find(
            found, FINDING_WARNING, OF_RANK,
            "see what else runs there (top), end it, or give the job hosts or cores of its own "
            "(--exclusive of Slurm, mpirun --bind-to core)",
            "it gets %.0f%% of the time of its %d core(s) (%s), and others the rest: %.1f GFLOP/s a core",
            100 * share, threads->count, threads->cores.binding, rates[rank] / 1e9);
    else if (rates[rank] < LEAST_RATE * middle)
        find(
            found, FINDING_WARNING, OF_RANK,
            "leave that host out, or find out why its cores are slower: another CPU, heat, a limit of "
            "power, a governor (cpupower frequency-info)",
            "its cores make %.1f GFLOP/s each, where the median of the ranks is %.1f: all wait for it",
            rates[rank] / 1e9, middle / 1e9);
    if (doctor->first) {
        int slowest = 0;
        for (int r = 1; r < ranks; r++)
            if (rates[r] < rates[slowest])
                slowest = r;
        find_well(found,
                  "%.1f GFLOP/s a core (%s, all ranks at once), the slowest %.1f (rank %d on %s)",
                  middle / 1e9, compute_type(doctor) == TYPE_BFLOAT16 ? "bfloat16" : "float32",
                  rates[slowest] / 1e9, slowest, doctor->hosts[slowest]);
    }
    free(rates);
}
