/* What lies between hosts. */
#include <math.h>
#include <stdlib.h>

#include "checks.h"
#include "lambert/base/memory.h"
#include "lambert/base/sorting.h"
#include "lambert/dist/probe.h"
#include "median.h"

/* --- clocks -------------------------------------------------------------------------------------- */

void check_clocks(struct doctor *doctor, struct findings *found)
{
    static const double SECONDS = 0.5;
    static const double MOST = 1; /* seconds; a run measures time by clocks that nobody sets */
    const int ranks = dist_size(doctor->dist), rank = dist_rank(doctor->dist);
    struct probe_clock *clocks = memory_new((size_t)ranks, sizeof *clocks);
    probe_clocks(doctor->dist, doctor->nodes, SECONDS, clocks);
    const struct probe_clock *own = &clocks[rank];
    if (isfinite(own->within) && fabs(own->ahead) > MOST + own->within)
        find(
            found, FINDING_WARNING, OF_RANK,
            "have chronyd or ntpd set the clocks of all hosts (chronyc tracking says how far off one is)",
            "its clock is %.1f s %s rank 0's: times in logs, ages of files and locks, and the end of "
            "the job are not what they seem",
            fabs(own->ahead), own->ahead > 0 ? "ahead of" : "behind");
    if (doctor->first) {
        double largest = 0;
        int asked = 0;
        for (int r = 0; r < ranks; r++)
            if (isfinite(clocks[r].within)) {
                asked++;
                largest = fmax(largest, fabs(clocks[r].ahead));
            }
        find_well(found, "of %d rank(s), within %.2g ms of rank 0's%s", asked, 1e3 * largest,
                  asked < ranks ? " (others were not asked, for lack of time)" : "");
    }
    free(clocks);
}

/* --- links --------------------------------------------------------------------------------------- */

static const double LONGEST_LATENCY = 1e-3; /* seconds, between hosts */
static const double NOTABLE_LATENCY = 2e-4; /* seconds, of a link that stands out */
static const double LEAST_BANDWIDTH =
    0.05e9; /* bytes a second, between hosts: 1 Gbit/s has 0.117e9 */

struct links {
    double *latencies, *bandwidths; /* [count], sorted */
    int count;
};

/* The links of the ring that stay on one node, or those that do not. */
static struct links links_of(const struct doctor *doctor, const struct probe_link *all, bool inside)
{
    const int ranks = dist_size(doctor->dist);
    struct links links = {.latencies = memory_new((size_t)ranks, sizeof *links.latencies),
                          .bandwidths = memory_new((size_t)ranks, sizeof *links.bandwidths)};
    for (int rank = 0; rank < ranks; rank++) {
        const bool is_inside = doctor->nodes[rank] == doctor->nodes[(rank + 1) % ranks];
        if (is_inside != inside)
            continue;
        links.latencies[links.count] = all[rank].latency;
        links.bandwidths[links.count++] = all[rank].bandwidth;
    }
    sort_doubles(links.latencies, (size_t)links.count);
    sort_doubles(links.bandwidths, (size_t)links.count);
    return links;
}

static void links_release(struct links *links)
{
    free(links->latencies);
    free(links->bandwidths);
}

/* The link from this rank to the next, beside what is to be expected and what the others have. */
static void find_slow_link(const struct doctor *doctor, const struct probe_link *link,
                           const struct links *between, struct findings *found)
{
    static const char cure[] =
        "name the network (mpirun --mca btl_tcp_if_include SUBNET --mca oob_tcp_if_include SUBNET; "
        "docs/cluster.md), look at that host's link (ethtool), or leave it out; lambert bench net "
        "measures longer";
    const char *reason =
        doctor->starved ? " (where ranks do not get their cores, see speed, they answer late)" : "";
    const int rank = dist_rank(doctor->dist), next = (rank + 1) % dist_size(doctor->dist);
    const double latency = between->latencies[between->count / 2];
    const double bandwidth = between->bandwidths[between->count / 2];
    if (link->latency > LONGEST_LATENCY || link->latency > fmax(4 * latency, NOTABLE_LATENCY) ||
        link->bandwidth < LEAST_BANDWIDTH || link->bandwidth < bandwidth / 2)
        find(
            found, FINDING_WARNING, OF_JOB, cure,
            "between %s (rank %d) and %s (rank %d) a message takes %.2f ms, and %.3f GB/s pass, where the median of "
            "such pairs is %.2f ms and %.3f GB/s%s",
            doctor->hosts[rank], rank, doctor->hosts[next], next, 1e3 * link->latency,
            link->bandwidth / 1e9, 1e3 * latency, bandwidth / 1e9, reason);
}

static void print_links(const struct links *links, const char *where, struct buffer *text)
{
    if (links->count == 0)
        return;
    buffer_print(text, "%s%s %.1f us, %.2f GB/s", text->size > 0 ? "; " : "", where,
                 1e6 * links->latencies[links->count / 2],
                 links->bandwidths[links->count / 2] / 1e9);
    if (links->bandwidths[0] < links->bandwidths[links->count / 2])
        buffer_print(text, " (slowest %.2f GB/s)", links->bandwidths[0] / 1e9);
}

void check_network(struct doctor *doctor, struct findings *found)
{
    static const double SECONDS = 1;
    const int ranks = dist_size(doctor->dist), rank = dist_rank(doctor->dist);
    const bool leaves = doctor->nodes[rank] != doctor->nodes[(rank + 1) % ranks];
    if (ranks == 1) {
        find_well(found, "one rank has nobody to talk to");
        return;
    }
    struct probe_link *all = memory_new((size_t)ranks, sizeof *all);
    probe_neighbours(doctor->dist, SECONDS, all);
    struct links between = links_of(doctor, all, false), inside = links_of(doctor, all, true);
    /* With two ranks the one link has two names. */
    if (leaves && (ranks > 2 || rank == 0))
        find_slow_link(doctor, &all[rank], &between, found);
    if (doctor->first) {
        struct buffer text = {0};
        print_links(&between, "neighbours on two hosts:", &text);
        print_links(&inside, "on one host:", &text);
        if (doctor->planned && between.count > 0) /* gradients one way, and weights back */
            buffer_print(&text, "; the exchange of a step takes %.2g s there, beside computing",
                         2 * doctor->needs.weights / between.bandwidths[between.count / 2]);
        find_well(found, "%s", buffer_text(&text));
        buffer_release(&text);
    }
    links_release(&between);
    links_release(&inside);
    free(all);
}
