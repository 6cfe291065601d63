/* What `lambert plan` prints: tables, or one JSON object (docs/formats.md). */
#ifndef LAMBERT_CLI_PLAN_REPORT_H
#define LAMBERT_CLI_PLAN_REPORT_H

#include <stdbool.h>

#include "lambert/plan/plan.h"
#include "lambert/run/corpora.h"

/* Where the numbers come from, and what no plan computes. */
struct plan_sources {
    const char *config, *cpu;
    const char *bench;                                  /* NULL: steps were timed here */
    const char *net;                                    /* NULL: the network is stated */
    bool stated_bandwidth, stated_latency, stated_disk; /* else assumed, the disk measured */
    double measured_seconds;                            /* that timing took */
    int measured_ranks;                                 /* at once */
    const struct corpora *corpora; /* NULL: sequences of full length are taken */
    double corpus_bytes;
    double staged_bytes; /* on each host's own disk */
    double weights;      /* parameters of the model */
};

void plan_print(const struct plan_sources *sources, const struct plan_job *job,
                const struct plan *plans, int count);
void plan_print_json(const struct plan_sources *sources, const struct plan_job *job,
                     const struct plan *plans, int count);

/* Of the sources, a sentence a line: what is measured, stated and assumed; release it. */
void plan_describe(const struct plan_sources *sources, const struct plan_job *job,
                   struct buffer *text);

#endif
