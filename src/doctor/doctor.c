#include "lambert/doctor/doctor.h"

#include <stdlib.h>
#include <string.h>

#include "checks.h"
#include "lambert/base/activity.h"
#include "lambert/base/clock.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/watchdog.h"
#include "lambert/dist/probe.h"
#include "report.h"
#include "scratch.h"

static const double LONGEST_CHECK = 30; /* seconds without a sign of life */

static const struct {
    const char *name;
    check_function *run;
    enum { ALWAYS, WITH_CONFIG, UNLESS_QUICK /* what takes a while to measure */ } when;
} checks[] = {
    {"configuration", check_configuration, ALWAYS},
    {"ranks", check_ranks, ALWAYS},
    {"program", check_program, ALWAYS},
    {"kernels", check_kernels, ALWAYS},
    {"threads", check_threads, ALWAYS},
    {"speed", check_speed, UNLESS_QUICK},
    {"training-data", check_work, WITH_CONFIG},
    {"memory", check_memory, ALWAYS},
    {"shared-memory", check_shared_memory, ALWAYS},
    {"limits", check_limits, ALWAYS},
    {"job-time", check_time, ALWAYS},
    {"run-folder", check_run_folder, WITH_CONFIG},
    {"disk", check_disk, WITH_CONFIG},
    {"stage", check_stage, WITH_CONFIG},
    {"clocks", check_clocks, UNLESS_QUICK},
    {"network", check_network, UNLESS_QUICK},
};

static void begin(struct doctor *doctor, struct dist *dist, const struct doctor_request *request)
{
    const size_t ranks = (size_t)dist_size(dist);
    struct buffer all = {0};
    char host[HOST_NAME_ROOM] = "";
    *doctor = (struct doctor){.dist = dist,
                              .request = request,
                              .first = dist_rank(dist) == 0,
                              .resumes = dist_any(dist, request->resume),
                              .speaks = dist_local_rank(dist) == 0,
                              .nodes = memory_new(ranks, sizeof *doctor->nodes),
                              .hosts = memory_new(ranks, sizeof *doctor->hosts)};
    probe_nodes(dist, doctor->nodes);
    host_name(host);
    dist_gather(dist, host, sizeof host, &all);
    if (doctor->first)
        memcpy(doctor->hosts, all.data, all.size);
    dist_broadcast(dist, 0, doctor->hosts, ranks * sizeof *doctor->hosts);
    buffer_release(&all);
}

int doctor_examine(struct dist *dist, const struct doctor_request *request,
                   struct doctor_counts *counts, struct error *err)
{
    const double started = clock_seconds();
    struct watchdog *watchdog;
    struct doctor doctor;
    const int status = watchdog_start(
        &watchdog, LONGEST_CHECK, "of a check",
        "What that check looks at does not answer: a folder's server, a host, the network between two",
        err);
    *counts = (struct doctor_counts){0};
    if (dist_agree(dist, status, err) < 0) {
        watchdog_stop(watchdog);
        return -1;
    }
    watchdog_set_last_act(watchdog, scratch_drop);
    log_set_level(LOG_ERROR); /* what modules would warn of is what checks find */
    begin(&doctor, dist, request);
    const bool quick = dist_any(dist, request->quick); /* checks are collective */
    struct findings found = {.rank = dist_rank(dist), .host = doctor.hosts[dist_rank(dist)]};
    for (size_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        if ((checks[i].when == WITH_CONFIG && !doctor.configured) ||
            (checks[i].when == UNLESS_QUICK && quick))
            continue;
        activity_task(checks[i].name, -1);
        checks[i].run(&doctor, &found);
        report_check(dist, request->json, checks[i].name, &found, counts);
    }
    dist_broadcast(dist, 0, counts, sizeof *counts);
    if (doctor.first)
        report_end(request->json, counts, clock_seconds() - started);
    free(found.list);
    free(doctor.hosts);
    free(doctor.nodes);
    watchdog_stop(watchdog);
    return 0;
}
