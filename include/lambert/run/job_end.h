/* When a job ends, where its scheduler says so in the environment: Slurm (SLURM_JOB_END_TIME, since 22.05) the time,
 * Torque (PBS_WALLTIME) and OAR (OAR_JOB_WALLTIME_SECONDS) how long it may take, which is counted from the call of
 * run_training(). PBS Pro, LSF and SGE say nothing: lambert train --max-hours. */
#ifndef LAMBERT_RUN_JOB_END_H
#define LAMBERT_RUN_JOB_END_H

#include "lambert/base/error.h"

struct job_end {
    double seconds;   /* from now on; INFINITY: nothing says when */
    const char *name; /* of the variable that says it; NULL: none does */
};

/* `variable` is getenv(), or a test's; now is in seconds since 1970. -1 with a sentence where a variable makes no
 * sense or is of a job that is over; *end is then without an end. */
int job_end_find(struct job_end *end, char *(*variable)(const char *name), double now,
                 struct error *err);

/* It ends so many hours from now, as --max-hours says, if that is earlier; 0: no limit. */
void job_end_limit(struct job_end *end, double hours);

#endif
