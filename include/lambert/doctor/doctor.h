/* What a job will meet, found out in seconds, before it is started for days: `lambert doctor`.
 *
 * A check looks at one thing that a run depends on (ranks, cores, memory, folders, the network, ...), on all ranks at once,
 * and has findings: that all is well, or what is not, where, and what to do. Nothing is left behind in any folder, and
 * what a run that is at work there holds is not touched. A rank that stands still in a check, as in a folder whose server
 * does not answer, ends the job with a sentence that names the check. */
#ifndef LAMBERT_DOCTOR_DOCTOR_H
#define LAMBERT_DOCTOR_DOCTOR_H

#include <stdbool.h>

#include "lambert/base/error.h"
#include "lambert/dist/dist.h"

struct doctor_request {
    const char *config; /* path; NULL: what needs none is looked at */
    char *const *words; /* [word_count] that win over it, section.key=value */
    int word_count;
    bool resume;      /* the run is to go on, if there is one */
    double max_hours; /* that the run is given; 0: no limit */
    bool quick;       /* what takes a while to measure is left out: speed, clocks, network */
    bool json;        /* a JSON object a line, instead of text for people */
};

/* How many checks had nothing to say but that all is well; findings that are to be looked at; and of faults, which the
 * run would fail of, or be as useless as if it had. */
struct doctor_counts {
    int well, warnings, faults;
};

/* Collective. Makes all checks; rank 0 prints to standard output. The counts are the same on every rank. -1 on all where
 * it cannot even begin. */
int doctor_examine(struct dist *dist, const struct doctor_request *request,
                   struct doctor_counts *counts, struct error *err);

#endif
