/* What a check found, on this rank; the findings of all ranks are put together and printed by report.h. */
#ifndef LAMBERT_DOCTOR_FINDINGS_H
#define LAMBERT_DOCTOR_FINDINGS_H

#include <stddef.h>

#include "lambert/base/error.h"
#include "lambert/base/host_name.h"

enum finding_level { FINDING_WELL, FINDING_WARNING, FINDING_FAULT };

/* What it is true of: the whole job, this rank's host, or this rank. Found alike on several hosts or ranks it becomes one
 * finding, which names them. */
enum finding_place { OF_JOB, OF_HOST, OF_RANK };

/* As it travels to rank 0. */
struct finding {
    enum finding_level level;
    enum finding_place place;
    int rank;
    char host[HOST_NAME_ROOM];
    struct error what,
        cure; /* texts that are fit to print, as errors are; cure "": nothing is to be done */
};

struct findings {
    int rank;
    const char *host;
    struct finding *list; /* [count] */
    size_t count, capacity;
};

/* That all is well, and what there is. Rank 0's is printed, where no rank has found anything else. */
void find_well(struct findings *findings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* A warning or a fault, and its cure: the command, the key or the option. */
void find(struct findings *findings, enum finding_level level, enum finding_place place,
          const char *cure, const char *format, ...) __attribute__((format(printf, 5, 6)));

#endif
