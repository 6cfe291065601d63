#include <omp.h>
#include <stdio.h>
#include <stdlib.h>

#include "bench_tools.h"
#include "lambert/base/memory.h"
#include "lambert/dist/probe.h"
#include "lambert/kernels/cpu.h"

enum { MESSAGES = 100 /* for the latency */, SMALL = 8 /* bytes */, CALLS = 1000 };

struct net_arguments {
    double megabytes;
    int repeat;
    bool json;
};

static const struct command_option net_options[] = {
    {.name = "megabytes",
     .kind = OPTION_REAL,
     OPTION_PLACE(struct net_arguments, megabytes),
     .real_min = 0.001,
     .real_max = 1000,
     .metavar = "X",
     .help = "in a message of the bandwidth, and in all that a rank sends at once"},
    BENCH_REPEAT(struct net_arguments),
    BENCH_JSON(struct net_arguments),
    {0}};

struct net_bench {
    struct dist *dist;
    const struct net_arguments *arguments;
    struct bench_report report; /* of rank 0 */
};

static void add(struct net_bench *bench, const char *name, double value, const char *unit,
                const char *note)
{
    if (dist_rank(bench->dist) == 0)
        bench_report_add(&bench->report, name, value, unit, note);
}

/* Rank 0 and each other rank, one pair at a time: those of its own node, or those of others. */
static void report_links(struct net_bench *bench, const int *first, bool same_node)
{
    const int ranks = dist_size(bench->dist), repeat = bench->arguments->repeat;
    const size_t bytes = (size_t)(1e6 * bench->arguments->megabytes);
    const double gigabytes = bench->arguments->megabytes / 1e3;
    double *latencies = memory_new((size_t)ranks, sizeof *latencies);
    double *transfers = memory_new((size_t)ranks, sizeof *transfers);
    double longest = 0;
    int count = 0, slowest = 0;
    for (int rank = 1; rank < ranks; rank++) {
        double latency[BENCH_MOST_REPEATS], transfer[BENCH_MOST_REPEATS];
        if ((first[rank] == first[0]) != same_node)
            continue;
        for (int i = 0; i < repeat; i++) {
            latency[i] = probe_pair(bench->dist, 0, rank, SMALL, MESSAGES);
            transfer[i] = probe_pair(bench->dist, 0, rank, bytes, 1);
        }
        latencies[count] = bench_median(latency, repeat);
        transfers[count] = bench_median(transfer, repeat);
        if (transfers[count] > longest) {
            longest = transfers[count];
            slowest = rank;
        }
        count++;
    }
    if (count > 0) {
        add(bench, same_node ? "latency-node" : "latency", 1e6 * bench_median(latencies, count),
            "us", "8 bytes, one way");
        add(bench, same_node ? "bandwidth-node" : "bandwidth",
            gigabytes / bench_median(transfers, count), "GB/s", "one way at a time");
        if (!same_node) {
            char note[64];
            snprintf(note, sizeof note, "between rank 0 and rank %d", slowest);
            add(bench, "slowest-bandwidth", gigabytes / longest, "GB/s", note);
        }
    }
    free(latencies);
    free(transfers);
}

static int measure(struct dist *dist, const void *context, struct error *err)
{
    struct net_bench bench = {.dist = dist, .arguments = context};
    const int ranks = dist_size(dist), repeat = bench.arguments->repeat;
    double seconds[BENCH_MOST_REPEATS];
    if (ranks < 2)
        return error_set(err, "one rank has nobody to talk to; start it as mpirun -n N lambert "
                              "bench net, with N of 2 or more");
    if (dist_rank(dist) == 0)
        bench_report_begin(&bench.report, "net", omp_get_max_threads(), bench.arguments->json);
    int *first = memory_new((size_t)ranks, sizeof *first);
    probe_nodes(dist, first);
    add(&bench, "ranks", ranks, "", NULL);
    add(&bench, "nodes", dist_nodes(dist), "", NULL);
    report_links(&bench, first, false);
    report_links(&bench, first, true);
    free(first);
    const double others = ranks - 1;
    const size_t each = (size_t)(1e6 * bench.arguments->megabytes / others) + 1;
    for (int i = 0; i < repeat; i++)
        seconds[i] = probe_all(dist, each, 1);
    add(&bench, "all-at-once", (double)each * others / bench_median(seconds, repeat) / 1e9, "GB/s",
        "a rank, each way");
    for (int i = 0; i < repeat; i++)
        seconds[i] = probe_calls(dist, CALLS);
    add(&bench, "message", 1e6 * bench_median(seconds, repeat), "us",
        "8 bytes to the next rank, sending or receiving");
    if (dist_rank(dist) == 0)
        bench_report_end(&bench.report);
    return 0;
}

const struct command command_bench_net = {
    .name = "net",
    .summary = "messages between the ranks of a job",
    .description =
        "What messages between the ranks of a job cost: from rank 0 to each other rank and back, "
        "one pair at a time, and from every rank to all others at once, which is how gradients and "
        "weights are exchanged. Start it as you start training: the same hosts, ranks and options of "
        "mpirun.\n"
        "\n"
        "  latency, bandwidth             with ranks of other nodes: the median\n"
        "  slowest-bandwidth              with the rank of another node that is slowest to reach\n"
        "  latency-node, bandwidth-node   with ranks of the same node: the median\n"
        "  all-at-once                    what a rank sends in a second, and what it receives\n"
        "  message                        what beginning and ending one costs a rank's processor\n",
    .examples = "mpirun -n 4 --map-by node lambert bench net\n",
    .options = net_options,
    COMMAND_ARGUMENTS(struct net_arguments, .megabytes = 16, .repeat = 5),
    .run_on_ranks = measure};
